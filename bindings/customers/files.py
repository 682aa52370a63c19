"""The columns of a file of customers, as it is read and as it is written."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from bindings.models import Customer, CustomerContact
from hireops.desk.staff import name_and_login
from hireops.spreadsheets.header import ColumnNames

LONGEST_NOTES = 10_000
COLUMNS = ColumnNames(
    ids=frozenset({"code", "country", "mobile", "email"}),
    longest={"code": 64, "name": 200, "tier": 50, "contact": 100, "title": 100, "notes": LONGEST_NOTES},
    code="客户编码,customer code|客户编号,客户代码,编码,编号,代码,code,customer no,"
    "customer number,customer id",
    name="客户名称,customer name|客户,客户全称,名称,公司名称,公司,企业名称,企业,"
    "customer,name,company,company name",
    tier="等级,tier|客户等级,级别,客户级别,层级,customer tier,level,grade",
    responsible="负责人,responsible|客户负责人,责任人,跟进人,客户经理,销售,responsible person,owner,"
    "account manager",
    contact="联系人,contact name|联系人姓名,姓名,contact,contact person",
    title="职位,job title|职务,岗位,联系人职位,title,position",
    country="国家/地区代码,country code|国家区号,国家/地区码,国家码,国家代码,国际区号,区号,"
    "calling code,dial code,area code",
    mobile="手机号,mobile number|手机,手机号码,联系人手机,联系人手机号,移动电话,联系电话,电话,电话号码,"
    "mobile,mobile phone,phone,phone number,cell,cellphone,tel,telephone",
    email="邮箱,email|电子邮箱,邮箱地址,邮件,电子邮件,联系人邮箱,企业邮箱,工作邮箱,"
    "email address,mail,work email",
    notes="备注,notes|备注信息,说明,note,remark,remarks,comment,comments",
)
NEEDED = frozenset({"code"})
WRITTEN_AT_ONCE = 500


def header() -> list[str]:
    """Of a file to be filled in, in the reader's language."""
    return [
        _("Customer code"),
        _("Customer name"),
        _("Tier"),
        _("Responsible"),
        *_contact_header(),
        _("Notes"),
    ]


def _contact_header() -> list[str]:
    return [_("Contact name"), _("Job title"), _("Mobile number"), _("Email")]


def table(customers: QuerySet[Customer], *, with_contacts: bool) -> Iterator[list[str]]:
    """The customers for a file, which can be uploaded again. Contacts, and notes, which may
    name people, only for who may see them: the first contact in columns of its own, all others in one."""
    contacts = [*_contact_header(), _("Other contacts")] if with_contacts else []
    written = [_("Customer code"), _("Customer name"), _("Tier"), _("Responsible"), *contacts]
    wanted = customers.select_related("responsible")
    if with_contacts:
        wanted = wanted.prefetch_related("contacts")
    notes = [_("Notes")] if with_contacts else []
    cells = partial(_cells, with_contacts=with_contacts, archived=_("archived"))
    return chain([[*written, *notes, _("State")]], map(cells, wanted.iterator(chunk_size=WRITTEN_AT_ONCE)))


def _cells(customer: Customer, *, with_contacts: bool, archived: str) -> list[str]:
    return [
        customer.code,
        customer.name,
        customer.tier,
        name_and_login(customer.responsible) if customer.responsible else "",
        *([*_contact_cells(list(customer.contacts.all())), customer.notes] if with_contacts else []),
        archived if customer.archived else "",
    ]


def _contact_cells(contacts: Sequence[CustomerContact]) -> list[str]:
    first = contacts[0] if contacts else CustomerContact()
    others = "; ".join(
        " ".join(filter(None, (each.name, each.title, each.mobile, each.email))) for each in contacts[1:]
    )
    return [first.name, first.title, first.mobile, first.email, others]
