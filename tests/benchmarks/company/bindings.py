"""Customers, what is offered to their accounts, and their orders."""

from datetime import timedelta
from typing import Any

from tests.benchmarks.company.rows import EACH, Company, ago, among, only_if, spread


def fill(company: Company) -> None:
    for each in (_customers, _catalogue, _checks, _exams, _messages, _reports):
        each(company)


def _customers(company: Company) -> None:
    from bindings.models import (  # noqa: PLC0415
        AccountBinding,
        BindingChange,
        BindingCode,
        Customer,
        CustomerContact,
        CustomFieldValue,
        EcoAccount,
    )

    rows, accounts = company.customers, company.partner_accounts
    customer = Customer.objects.create(code="C0", name="客户 0")
    company.copy(
        "customer",
        customer,
        rows,
        code="'C' || n",
        normalised_code="'c' || n",
        name="'客户 ' || n",
        tier="'等级 ' || n % 5",
        responsible_id=only_if("n % 3 > 0", company.person(5)),
        archived=f"n > {rows - EACH}",
    )
    contact = CustomerContact.objects.create(customer=customer, name="联系人")
    company.copy(
        "contact",
        contact,
        rows,
        customer_id=company.customer(),
        mobile="'+86139' || (10000000 + n)",
        email="'contact-' || n || '@example.com'",
    )
    account = EcoAccount.objects.create(
        tenant_id=company.tenants, account_id="eco-0", scope=1, event_id=company.base["event"] + 1
    )
    unknown, aside = f"n > {accounts - 2 * EACH}", f"n > {accounts - EACH}"
    company.copy(
        "partner account",
        account,
        accounts,
        tenant_id=company.tenant(),
        account_id="'eco-' || n",
        scope="1 + n % 2",
        name="'账号 ' || n",
        customer_id=only_if(f"NOT ({unknown})", company.customer()),
        set_aside=aside,
        in_question_id=only_if(f"n <= {EACH}", f"{company.base['customer']}"),
        event_id=company.event(),
        created_at=ago(accounts),
        updated_at=ago(accounts),
    )
    of_one = {"account_id": f"{company.base['partner account']} + n"}
    binding = AccountBinding.objects.create(account=account, event_id=company.base["event"] + accounts + 1)
    company.copy("binding", binding, accounts, **of_one, event_id=company.event(accounts + 1))
    value = CustomFieldValue.objects.create(account=account, key="customer_code", value="C0", position=1)
    company.copy("value", value, accounts, **of_one, value="'C' || n")
    change = BindingChange.objects.create(
        account=account, customer=customer, how=BindingChange.How.BY_HAND, by=company.people[0]
    )
    company.copy("binding change", change, accounts, **of_one, customer_id=company.customer())
    codes = max(company.rows // 100, 5 * EACH)
    code = BindingCode.objects.create(
        customer=customer,
        digest="0",
        hint="AB…",
        issued_by=company.people[0],
        expires_at=company.now + timedelta(days=7),
    )
    company.copy(
        "code",
        code,
        codes,
        digest="'digest-' || n",
        customer_id=company.customer(),
        issued_by_id=company.person(),
        issued_at=ago(codes),
        expires_at=f"{ago(codes)} + interval '7 days'",
        used_at=only_if("n % 3 = 0", ago(codes)),
        used_by_id=only_if("n % 3 = 0", f"{company.base['partner account']} + n"),
        revoked_at=only_if("n % 3 = 1", ago(codes)),
        revoked_by_id=only_if("n % 3 = 1", company.person()),
    )


def _catalogue(company: Company) -> None:
    """Packages and papers, as many in every company, and what each account has of them."""
    from bindings.models import (  # noqa: PLC0415
        AccountOffer,
        AccountOrderForm,
        CheckPackage,
        ExamPaper,
        Offer,
        OfferedItem,
        OrderForm,
    )

    few, accounts = 2 * EACH, company.partner_accounts
    account = company.base["partner account"]
    package = CheckPackage.objects.create(code="P0", name="套餐 0")
    company.copy("package", package, few, code="'P' || n", name="'套餐 ' || n")
    paper = ExamPaper.objects.create(code="E0", name="试卷 0")
    company.copy("paper", paper, few, code="'E' || n", name="'试卷 ' || n", end_time=ago(few, 10))
    wish = Offer.objects.create(package=package, account_id=account)
    company.copy(
        "wish",
        wish,
        accounts,
        package_id=f"{company.base['package']} + 1 + n % {few}",
        account_id=f"{account} + n",
    )
    form = OrderForm.objects.create(name="表单 0")
    company.copy("form", form, few, name="'表单 ' || n")
    has = AccountOrderForm.objects.create(account_id=account, form=form)
    company.copy(
        "has form",
        has,
        accounts,
        account_id=f"{account} + n",
        form_id=f"{company.base['form']} + 1 + n % {few}",
        standing=spread(accounts, "settled", AccountOrderForm.Standing.values),
        digest=spread(accounts, "", ["", "another"]),
    )
    offer = AccountOffer.objects.create(account_id=account, state="up_to_date", target={})
    company.copy(
        "offer",
        offer,
        accounts,
        account_id=f"{account} + n",
        state=spread(accounts, "up_to_date", AccountOffer.State.values),
        confirmed_at=ago(accounts),
        asked_by_id=company.person(),
    )
    item = OfferedItem.objects.create(
        offer=offer, kind="package", feishu_id="P0", standing="confirmed", content={}
    )
    company.copy("offered", item, accounts, offer_id=f"{company.base['offer']} + n", feishu_id="'P' || n")


def _checks(company: Company) -> None:
    from bindings.models import BackgroundCheck  # noqa: PLC0415

    _orders(
        company,
        BackgroundCheck,
        "check",
        BackgroundCheck.State.COMPLETED,
        named={
            "background_check_id": "'check-' || n",
            "package_id": "'P' || n % 100",
            "package_name": "'套餐'",
        },
    )


def _exams(company: Company) -> None:
    from bindings.models import Exam  # noqa: PLC0415

    _orders(
        company,
        Exam,
        "exam",
        Exam.State.RESULT_SENT,
        named={"exam_id": "'exam-' || n", "paper_id": "'E' || n % 100", "paper_name": "'试卷'"},
    )


def _orders(company: Company, model: Any, name: str, usual: str, named: dict[str, str]) -> None:
    """Of those that have ended one in fifty was late; of those that are open every other one is."""
    rows, received = company.orders, ago(company.orders)
    example = model.objects.create(
        tenant_id=company.tenants,
        account_named="eco-0",
        account_id=company.base["partner account"],
        customer_id=company.base["customer"],
        event_id=company.base["event"] + (1 if name == "check" else 2 + rows),
        received_at=company.now,
        turn_since=company.now,
        state=usual,
        ended_at=company.now,
        turn="nobody",
    )
    state = spread(rows, usual, model.State.values)
    ended = among(state, model.ENDED)
    account = f"n % {company.partner_accounts - 2 * EACH}"
    promised = f"({received} + interval '5 days')::date"
    company.copy(
        name,
        example,
        rows,
        **named,
        tenant_id=company.tenant(),
        account_named=f"'eco-' || ({account} + 1)",
        account_id=f"{company.base['partner account']} + 1 + {account}",
        customer_id=company.customer(),
        event_id=company.event(1 if name == "check" else 2 + rows),
        candidate_name="'候选人 ' || n",
        candidate_mobile="'+86137' || (10000000 + n)",
        candidate_email="'candidate-' || n || '@example.com'",
        received_at=received,
        state=state,
        turn=f"CASE WHEN {ended} THEN 'nobody' ELSE"
        " (CASE n % 3 WHEN 0 THEN 'vendor' WHEN 1 THEN 'candidate' ELSE 'customer' END) END",
        turn_since=received,
        ended_at=only_if(
            ended, f"{received} + CASE WHEN n % 50 = 0 THEN interval '9 days' ELSE interval '2 days' END"
        ),
        ended_late=only_if(ended, "n % 50 = 0"),
        first_promised_on=promised,
        promised_on=f"CASE WHEN {ended} THEN {promised} ELSE current_date + (n % 2 * 20 - 10)::int END",
        promised_days="5",
        to_look_at=f"CASE WHEN n > {rows - EACH} THEN 'refused' ELSE '' END",
        responsible_id=only_if("n % 3 > 0", company.person(5)),
    )


def _messages(company: Company) -> None:
    from bindings.models import CheckUpdate, ExamUpdate, PromiseChange  # noqa: PLC0415

    rows, check, exam = company.orders, company.base["check"], company.base["exam"]
    told = CheckUpdate.objects.create(
        background_check_id=check, number=1, kind="stage", stage_id="1", stage_name="开始", state="delivered"
    )
    company.copy("check told", told, rows, background_check_id=f"{check} + n", delivered_at=ago(rows))
    score = ExamUpdate.objects.create(
        exam_id=exam, number=1, kind="score", score="90", state="delivered", delivered_at=company.now
    )
    company.copy("exam told", score, rows, exam_id=f"{exam} + n")
    promise = PromiseChange.objects.create(
        background_check_id=check, cause="received", after=company.now.date()
    )
    company.copy("promise", promise, rows, background_check_id=f"{check} + n", at=ago(rows))


def _reports(company: Company) -> None:
    from bindings.models import ReportFile, ReportLink  # noqa: PLC0415

    rows = company.orders
    file = ReportFile.objects.create(
        name="report.pdf", sha256="0", size=1, pages=1, uploaded_by=company.people[0], looked_at=company.now
    )
    company.copy(
        "report",
        file,
        rows,
        name="'report-' || n || '.pdf'",
        sha256="md5(n::text)",
        uploaded_by_id=company.person(),
        uploaded_at=ago(rows),
        intact=f"n <= {rows - EACH}",
    )
    link = ReportLink.objects.create(file=file, token="0", token_digest="0", expires_at=company.now)
    company.copy(
        "link",
        link,
        rows,
        file_id=f"{company.base['report']} + n",
        token_digest="md5(n::text)",
        created_at=ago(rows),
        expires_at=f"{ago(rows)} + interval '30 days'",
    )
