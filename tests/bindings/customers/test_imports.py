"""Customers from a file: checked row by row, shown with what would change, confirmed, applied in parts."""

import io
import signal
from datetime import date, timedelta

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation

from bindings.customers import changes, imports, problems, services
from bindings.models import Customer, CustomerContact, CustomerImport, CustomerImportRow
from hireops.database import clock
from hireops.desk.audit import entries_about
from hireops.desk.errors import Refused
from hireops.imports import tasks as imports_tasks
from hireops.imports.models import ImportState, RowState
from hireops.jobs import tasks
from hireops.jobs.models import Job
from hireops.spreadsheets.writing import write_csv, write_xlsx
from tests.bindings.conftest import english, says
from tests.jobs.mortal import killed_at
from tests.long_work import work, work_after_a_rest
from tests.searching import reveal
from tests.selection import also_on_sqlite
from tests.spreadsheets.rows import read_rows

pytestmark = also_on_sqlite

ADD = "/admin/bindings/customerimport/add/"
HEADER = ["客户编码", "客户名称", "等级", "负责人", "联系人", "职位", "手机号", "邮箱", "备注"]


def csv_of(*rows):
    return b"".join(write_csv(rows))


@pytest.fixture
def upload(vera):
    def upload(*rows, update=False, check=True, name="customers.csv"):
        content = rows[0] if isinstance(rows[0], bytes) else csv_of(*rows)
        batch = imports.upload(io.BytesIO(content), name, by=vera, update_existing=update)
        if check:
            work()
        batch.refresh_from_db()
        return batch

    return upload


@pytest.fixture
def bring(upload, vera):
    """Upload, confirm, and have it applied."""

    def bring(*rows, update=True):
        batch = upload(*rows, update=update)
        imports.confirm(batch, by=vera)
        work_after_a_rest()
        batch.refresh_from_db()
        return batch

    return bring


def page_of(batch):
    return reverse("admin:bindings_customerimport_change", args=[batch.pk])


def rows_of(batch):
    return list(CustomerImportRow.objects.filter(batch=batch).order_by("line"))


def problems_of(batch):
    return {row.line: row.problems for row in rows_of(batch) if row.problem}


def problems_file(client, batch, kind):
    answer = client.post(reverse("admin:bindings_customerimport_problems", args=[batch.pk, kind]))
    return list(read_rows(io.BytesIO(answer.getvalue()), f"x.{kind}"))


def act(client, action, batch):
    url = reverse("admin:bindings_customerimport_staff_action", args=[action])
    posted = {"_selected_action": batch.pk, "confirmed": "yes", "reason": "", "back": page_of(batch)}
    return client.post(url, posted, follow=True)


def kept(code):
    """[name, tier, responsible, notes, contacts] of a customer."""
    one = Customer.objects.get(code=code)
    contacts = [(each.name, each.title, each.mobile, each.email) for each in one.contacts.order_by("pk")]
    return [one.name, one.tier, one.responsible and one.responsible.username, one.notes, contacts]


# --- The whole way, through the pages


def test_a_file_becomes_customers_and_says_so_at_each_step(vendor, vera):
    file = csv_of(
        HEADER,
        ["A001", "红杉科技", "VIP", "vera", "王小明", "HRBP", "138 0013 8000", "Wang@Open.com", "老客户"],
        ["A002", "", "", "", "", "", "", "", ""],
    )

    page = vendor.post(ADD, {"file": SimpleUploadedFile("客户.csv", file)}, follow=True)
    batch = CustomerImport.objects.get()
    assert (batch.state, batch.rows) == (ImportState.CHECKING, 0)
    assert b"<progress" in page.content
    work()
    page = vendor.get(page_of(batch))
    assert says(page, "1 customers are new, 0 would change. Nothing has been changed yet.")
    assert says(page, "The customer name is missing. A new customer needs one.")
    assert says(vendor.get("/admin/"), "Imports of customers waiting for confirmation")
    assert not Customer.objects.exists()

    act(vendor, "confirm", batch)
    work_after_a_rest()

    batch.refresh_from_db()
    assert (batch.state, batch.confirmed_by) == (ImportState.DONE, vera)
    contact = ("王小明", "HRBP", "+8613800138000", "wang@open.com")
    assert kept("A001") == ["红杉科技", "VIP", "vera", "老客户", [contact]]
    entry = entries_about(Customer.objects.get())[0]
    assert (entry.action, entry.actor, entry.details["file"]) == ("customer added", vera, batch.pk)
    assert not says(vendor.get("/admin/"), "Imports of customers waiting for confirmation")
    header, *back = problems_file(vendor, batch, "xlsx")
    assert header[:3] == ["Line", "Customer code", "Customer name"]
    assert [row[:2] + row[-1:] for row in back] == [
        ["3", "A002", "The customer name is missing. A new customer needs one."]
    ]


# --- Checking


@pytest.mark.parametrize(
    "header",
    [
        HEADER,
        [
            "Customer code",
            "Customer name",
            "Tier",
            "Responsible",
            "Contact name",
            "Job title",
            "Mobile number",
            "Email",
            "Notes",
        ],
        ["编号 *", "企业名称", "级别", "客户经理", "联系人姓名", "职务", "电话（必填）", "电子邮箱", "说明"],
    ],
)
def test_the_header_is_recognised_in_chinese_and_english_and_in_any_order(bring, vera, header):
    cells = ["A001", "红杉", "VIP", "Vera", "王", "总监", "13800138000", "a@b.com", "注"]
    bring(header[::-1], cells[::-1], update=False)

    contact = ("王", "总监", "+8613800138000", "a@b.com")
    assert kept("A001") == ["红杉", "VIP", "vera", "注", [contact]]


@pytest.mark.parametrize(("kind", "language"), [("csv", "en"), ("xlsx", "zh-hans")])
def test_the_template_has_the_columns_that_are_read(client_of, vera, upload, kind, language):
    browser = client_of(vera)
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    answer = browser.get(reverse("admin:bindings_customerimport_template", args=[kind]))

    header = next(read_rows(io.BytesIO(answer.getvalue()), f"a.{kind}"))
    (row,) = rows_of(
        upload(header, ["A001", "红杉", "VIP", "vera", "王", "总监", "13800138000", "a@b.com", "注"])
    )
    assert (row.state, row.code, row.name, row.tier, row.responsible) == (
        "ready",
        "A001",
        "红杉",
        "VIP",
        vera,
    )
    assert (row.contact_name, row.contact_title, row.mobile) == ("王", "总监", "+8613800138000")
    assert (row.email, row.notes) == ("a@b.com", "注")


def test_every_problem_is_named_with_its_line(upload, customer, vera, hira):
    customer("A001", "红杉科技", tier="VIP")
    services.archive(customer("Z", "旧客户"), by=vera)
    batch = upload(
        HEADER,
        ["N1", "新一", "", "", "", "", "", "", ""],
        ["ｎ1", "同一个", "", "", "", "", "", "", ""],
        ["", "没有编码", "", "", "", "", "", "", ""],
        ["--", "没有编码", "", "", "", "", "", "", ""],
        ["N2", "", "", "", "", "", "", "", ""],
        ["a001", "红杉科技", "普通", "", "王", "", "", "", ""],
        ["z", "旧客户", "", "", "", "", "", "", ""],
        ["N3", "x", "", "nobody", "", "", "1.38E+10", "no address", ""],
        ["N4", "x", "", "hira", "", "", "", "", ""],
        ["N" * 65, "x" * 201, "t" * 51, "", "c" * 101, "", "", "", ""],
        ["N3", "x", "", "", "", "", "", "", ""],
    )

    assert problems_of(batch) == {
        3: ["duplicate_line"],
        4: ["no_code"],
        5: ["no_code"],
        6: ["no_name"],
        7: ["there_already"],
        8: ["archived"],
        9: ["cut_mobile", "bad_email", "no_such_person"],
        10: ["no_such_person"],
        11: ["long_cell"],
    }
    with translation.override("en"):
        told = [problems.problem_in_words(row) for row in rows_of(batch)]
    assert "Line 2 has the same customer code." in told[1]
    assert "红杉科技 (A001) has this code already and stays as it is" in told[5]
    assert "This would change: tier: VIP → 普通; contact person" in told[5]
    assert "The archived customer 旧客户 (Z) has this code" in told[6]
    assert "“客户编码 (≤ 64)”, “客户名称 (≤ 200)”, “等级 (≤ 50)”, “联系人 (≤ 100)”" in told[9]


def test_one_code_is_one_customer_however_excel_kept_it_a_text(upload):
    batch = upload(
        ["编号", "客户编码", "客户名称"],
        *([str(number), code, "红杉"] for number, code in enumerate(['="00123"', "'00123", "00\u200b123"])),
    )
    assert [row.code for row in rows_of(batch)] == ["00123"] * 3
    assert problems_of(batch) == {3: ["duplicate_line"], 4: ["duplicate_line"]}


def test_a_code_that_excel_made_a_date_says_how_it_is_mended(upload):
    with write_xlsx({"Sheet": [["客户编码", "客户名称"], [date(2026, 3, 1), "红杉"]]}) as file:
        batch = upload(file.read(), name="customers.xlsx")
    (row,) = rows_of(batch)
    assert row.state == RowState.INVALID
    with translation.override("en"):
        assert "Format the column as text" in problems.problem_in_words(row)


def test_the_same_code_is_found_across_the_whole_file(upload):
    batch = upload(HEADER[:2], *([f"C{number}", "x"] for number in range(600)), ["c0", "y"], ["c550", "y"])

    assert problems_of(batch) == {602: ["duplicate_line"], 603: ["duplicate_line"]}
    assert [row.problem_details["line"] for row in rows_of(batch)[-2:]] == [2, 552]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (csv_of(["A001", "红杉"]), "of the first rows of the file names its columns"),
        (csv_of(["客户名称", "等级"], ["红杉", "VIP"]), "of the first rows of the file names its columns"),
        (csv_of(HEADER), "no rows besides its header"),
        (b"PK\x03\x04 broken", "damaged"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(upload, vendor, content, told):
    batch = upload(content)

    assert (batch.state, batch.content, batch.rows) == (ImportState.UNREADABLE, None, 0)
    assert says(vendor.get(page_of(batch)), told)


def test_people_are_named_as_files_name_them(bring, vera):
    vera.first_name, vera.last_name = "小薇", "陈"
    vera.save()

    bring(
        HEADER[:4], *([f"C{n}", "x", "", name] for n, name in enumerate(["陈小薇", "VERA", "陈小薇 (vera)"]))
    )

    assert set(Customer.objects.values_list("responsible__username", flat=True)) == {"vera"}


# --- Customers that are there


@pytest.fixture
def known(customer, contact, vera):
    made = customer("A001", "红杉科技", tier="VIP", responsible=vera, notes="注")
    contact(made, name="王小明", mobile="+8613800138000")
    contact(made, name="韩梅梅", email="han@open.com")
    return made


def test_what_would_change_is_shown_before_it_does_and_then_done(upload, vendor, vera, known):
    batch = upload(
        HEADER,
        [" a001 ", "红杉资本", "", "", "王小明", "总监", "13800138000", "w@open.com", ""],
        update=True,
    )
    page = vendor.get(page_of(batch))
    assert says(page, "0 customers are new, 1 would change.")
    assert says(page, "name: 红杉科技 → 红杉资本; contact person")

    act(vendor, "confirm", batch)
    work_after_a_rest()

    contacts = [("王小明", "总监", "+8613800138000", "w@open.com"), ("韩梅梅", "", "", "han@open.com")]
    assert kept("A001") == ["红杉资本", "VIP", "vera", "注", contacts]
    entry = entries_about(known)[0]
    assert entry.details["changes"] == {"name": ["红杉科技", "红杉资本"], "contact": ["", ""]}
    assert entry.actor == vera


def test_without_the_choice_to_update_nothing_changes(upload, vera, known):
    batch = upload(HEADER[:2], ["A001", "别的名字"])

    assert problems_of(batch) == {2: ["there_already"]}
    with translation.override("en"), pytest.raises(Refused, match="No row adds or changes a customer"):
        imports.confirm(batch, by=vera)


def test_an_exported_file_comes_back_without_a_change(upload, vendor, known):
    body = vendor.post(reverse("admin:bindings_customer_export", args=["csv"])).getvalue()

    assert problems_of(upload(body, update=True)) == {2: ["nothing_changes"]}


def test_tiers_of_files_are_spelled_as_they_are_known_and_others_hear_of_a_new_one(bring, known, monkeypatch):
    heard: list[Customer] = []
    monkeypatch.setattr(changes, "_listeners", [heard.extend])
    bring(HEADER[:3], ["A001", "", " gold  一级"], ["A002", "蓝海", "GOLD 一级"])

    assert set(Customer.objects.values_list("tier", flat=True)) == {"gold 一级"}
    assert heard == [known]


def test_who_came_or_was_archived_since_the_check_is_not_overwritten(upload, vera, customer):
    there = customer("A001")
    batch = upload(HEADER[:2], ["A001", "一"], ["A002", "二"], ["A003", "三"], update=True)
    batch.update_existing = False
    batch.save()
    services.archive(there, by=vera)
    customer("A002", "别人先加的")
    imports.confirm(batch, by=vera)

    work_after_a_rest()

    assert problems_of(batch) == {2: ["archived"], 3: ["there_already"]}
    assert Customer.objects.get(code="A002").name == "别人先加的"
    assert Customer.objects.get(code="A003").name == "三"


# --- Parts, kills and the end


@pytest.mark.slow
def test_a_worker_that_is_killed_while_it_applies_adds_nobody_twice_and_forgets_nobody(
    transactional_db, upload, vera
):
    rows = [[f"C{number}", f"客户{number}", f"1390000{number:04}"] for number in range(500)]
    batch = upload(["编码", "名称", "手机"], *rows)
    imports.confirm(batch, by=vera)

    assert killed_at("jobs.between_parts:2") == -signal.SIGKILL

    assert Customer.objects.count() == 400
    Job.objects.running().update(not_before=clock.now())
    tasks.work()
    batch.refresh_from_db()
    assert (batch.state, Customer.objects.count(), CustomerContact.objects.count()) == ("done", 500, 500)
    assert set(CustomerImportRow.objects.values_list("state", flat=True)) == {RowState.APPLIED}


def test_discarding_imports_nobody(upload, vendor):
    batch = upload(HEADER[:2], ["A001", "一"], [])

    act(vendor, "discard", batch)
    work_after_a_rest()

    batch.refresh_from_db()
    assert (batch.state, Customer.objects.count()) == (ImportState.DISCARDED, 0)
    assert rows_of(batch)[0].state == RowState.DISCARDED
    with translation.override("en"), pytest.raises(Refused, match="This import has ended"):
        imports.discard(batch, by=batch.uploaded_by)


def test_the_rows_of_an_import_that_ended_long_ago_are_emptied_and_one_nobody_confirmed_is_left(
    bring, upload, settings
):
    contact = [*HEADER[:2], "联系人", "手机号", "备注"]
    done = bring(contact, ["A001", "一", "王", "13800138000", "注"])
    left = upload(contact, ["A002", "二", "李", "13900139000", "注"])
    imports_tasks.empty_rows()
    assert rows_of(done)[0].mobile
    long_ago = clock.now() - timedelta(days=settings.IMPORTS_KEEP_DAYS + 1)
    CustomerImport.objects.update(uploaded_at=long_ago)
    CustomerImport.objects.filter(pk=done.pk).update(finished_at=long_ago)

    imports_tasks.empty_rows()

    (row,) = rows_of(done)
    assert [getattr(row, name) for name in CustomerImportRow.PERSONAL] == [""] * len(row.PERSONAL)
    assert row.emptied_at
    assert kept("A001")[-1] == [("王", "", "+8613800138000", "")]
    left.refresh_from_db()
    assert left.state == ImportState.DISCARDED


# --- Boundaries


def test_contacts_are_masked_on_the_page_until_somebody_asks(upload, vendor, auditor):
    batch = upload(HEADER, ["", "x", "", "", "", "", "13800138000", "wang@open.com", ""])

    for browser in (vendor, auditor):
        assert b"13800138000" not in browser.get(page_of(batch)).content
    assert b"13800138000" in reveal(vendor, page_of(batch)).content
    assert (
        auditor.post(reverse("admin:bindings_customerimport_problems", args=[batch.pk, "csv"])).status_code
        == 403
    )
    assert act(auditor, "confirm", batch).status_code == 403
    assert auditor.get(ADD).status_code == 403


@pytest.mark.parametrize("who", ["hira", "ada"])
def test_hr_neither_imports_customers_nor_sees_that_somebody_has(request, client_of, upload, who):
    batch = upload(HEADER[:2], ["A001", "一"])
    browser = english(client_of(request.getfixturevalue(who)))

    assert browser.get(ADD).status_code == 403
    assert browser.get(page_of(batch)).status_code == 403
    assert b"customers" not in browser.get("/admin/").content
    assert b"file of customers" not in browser.get("/admin/jobs/job/").content


def test_an_excel_file_is_read_with_its_numbers(bring):
    with write_xlsx({"S": [["客户编码", "客户名称", "手机号"], [1001, "红杉", 13800138000]]}) as file:
        bring(file.read())

    assert kept("1001")[-1] == [("", "", "+8613800138000", "")]
