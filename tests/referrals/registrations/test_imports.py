"""Registering thousands from a file: checked row by row, shown, confirmed, sent in parts, and given back."""

import io
import signal
import tracemalloc

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hireops.database import clock
from hireops.desk.audit import entries_about
from hireops.desk.errors import Refused
from hireops.feishu.models import Tenant
from hireops.jobs import tasks
from hireops.jobs.leases import LeaseLostError
from hireops.jobs.models import Job
from hireops.outbox.models import Call
from hireops.spreadsheets.writing import write_csv, write_xlsx
from referrals.models import ReferralAccount, Registration, RegistrationImport
from referrals.registrations import import_checking, imports, problems
from referrals.registrations import services as registrations
from tests.jobs.mortal import killed_at
from tests.long_work import claimed, work, work_after_a_rest
from tests.pages import waits
from tests.selection import also_on_sqlite, on_sqlite
from tests.spreadsheets.rows import read_rows

pytestmark = also_on_sqlite

State, RowState = RegistrationImport.State, Registration.State
LIST = "/admin/referrals/registration/"
ADD = "/admin/referrals/registrationimport/add/"


def csv_of(*rows):
    return b"".join(write_csv(rows))


@pytest.fixture
def upload(hira):
    def upload(content, name="referrers.csv", *, check=True):
        batch = imports.upload(io.BytesIO(content), name, by=hira)
        if check:
            work()
        batch.refresh_from_db()
        return batch

    return upload


def rows_of(batch):
    """[line, mobile, email, name, state, problem] of each row."""
    rows = Registration.objects.filter(batch=batch).order_by("line")
    return [[row.line, row.mobile, row.email, row.name, row.state, row.problem] for row in rows]


def states_of(batch):
    return [row[4] for row in rows_of(batch)]


def problems_of(batch):
    return {row[0]: row[5] for row in rows_of(batch)}


def page_of(batch):
    return reverse("admin:referrals_registrationimport_change", args=[batch.pk])


def problems_file(client, batch, kind):
    answer = client.post(reverse("admin:referrals_registrationimport_problems", args=[batch.pk, kind]))
    return list(read_rows(io.BytesIO(answer.getvalue()), f"x.{kind}"))


def act(client, action, batch):
    url = reverse("admin:referrals_registrationimport_staff_action", args=[action])
    posted = {"_selected_action": batch.pk, "confirmed": "yes", "reason": "", "back": page_of(batch)}
    return client.post(url, posted, follow=True)


# --- Uploading


def test_the_upload_answers_at_once_and_a_worker_checks_the_file(db, pages, hira, monkeypatch):
    def nobody_reads(*args):
        raise AssertionError("the request parsed the file")

    content = csv_of(["手机号", "姓名"], ["138 0013 8000", "张三"])
    with monkeypatch.context() as patch:
        patch.setattr(import_checking, "open_table", nobody_reads)
        answer = pages(hira).post(ADD, {"file": SimpleUploadedFile("内推.csv", content)}, follow=True)

    batch = RegistrationImport.objects.get()
    assert (batch.state, bytes(batch.content or b""), batch.file_name) == (
        State.CHECKING,
        content,
        "内推.csv",
    )
    assert b"<progress" in answer.content
    assert waits(answer.content.decode())

    work_after_a_rest()

    batch.refresh_from_db()
    assert (batch.state, batch.content, batch.rows) == (State.CHECKED, None, 1)


def test_a_file_that_is_too_large_is_refused(db, pages, hira, monkeypatch):
    monkeypatch.setattr("referrals.registrations.admin.forms.MOST_BYTES", 100)
    monkeypatch.setattr(imports, "MOST_BYTES", 100)

    answer = pages(hira).post(ADD, {"file": SimpleUploadedFile("a.csv", b"1" * 101)})

    assert b"MB. Split it" in answer.content
    with pytest.raises(Refused):
        imports.upload(io.BytesIO(b"1" * 101), "a.csv", by=hira)
    assert not RegistrationImport.objects.exists()


@pytest.mark.parametrize(("kind", "language"), [("csv", "en"), ("xlsx", "zh-hans")])
def test_the_template_has_the_columns_that_are_read(upload, client_of, hira, kind, language):
    browser = client_of(hira)
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    answer = browser.get(reverse("admin:referrals_registrationimport_template", args=[kind]))

    header = next(read_rows(io.BytesIO(answer.getvalue()), f"a.{kind}"))
    batch = upload(csv_of(header, ["852", "9123 4567", "a@b.com", "张三"]))
    assert rows_of(batch) == [[2, "+85291234567", "a@b.com", "张三", "ready", ""]]


@pytest.mark.parametrize("who", ["vera", "ada", "audrey", "otto"])
def test_only_hr_officers_import(db, request, pages, who):
    assert pages(request.getfixturevalue(who)).get(ADD).status_code == 403


# --- Checking


@pytest.mark.parametrize(
    "header",
    [
        ["姓名", "国家区号", "手机号", "邮箱"],
        ["Name", "Country code", "Mobile number", "E-mail"],
        ["员工姓名 *", "区号", "手机（必填）", "电子邮箱"],
        ["employee", "code", "PHONE", "email address"],
    ],
)
def test_the_header_is_recognised_in_chinese_and_english(tenant, upload, header):
    batch = upload(csv_of(header, ["张三", "86", "13800138000", "Zhang@Open.com"]))

    assert rows_of(batch) == [[2, "+8613800138000", "zhang@open.com", "张三", "ready", ""]]


def test_of_two_columns_of_phones_that_of_the_empty_file_is_read(tenant, upload):
    batch = upload("电话,手机号,姓名\n,13800138000,Sum\n".encode())
    assert rows_of(batch) == [[2, "+8613800138000", "", "Sum", "ready", ""]]
    batch = upload("姓名,电话,手机\n王,13800138000,13800138001\n".encode())
    assert batch.state == State.UNREADABLE
    assert "“电话”" in imports.problem_in_words(batch)


def test_a_person_called_sum_is_one(tenant, upload):
    batch = upload('姓名,手机号\nSum,13800138000\n"王"先生,13800138001\n合计,2\n'.encode())
    assert [row[3] for row in rows_of(batch)] == ["Sum", "王先生"]


def test_without_a_header_the_columns_are_mobile_email_name(tenant, upload):
    batch = upload(csv_of(["13800138000", "zhang@open.com", "张三"]))

    assert rows_of(batch) == [[1, "+8613800138000", "zhang@open.com", "张三", "ready", ""]]


def test_columns_with_other_names_are_left_out(tenant, upload):
    batch = upload(csv_of(["部门", "邮箱"], ["技术", "zhang@open.com"]))

    assert rows_of(batch) == [[2, "", "zhang@open.com", "", "ready", ""]]


def test_every_problem_is_named_with_its_line(account, upload):
    account(mobile="+8613500135000", name="registered")
    other = account(email="other@open.com", name="registered")
    batch = upload(
        csv_of(
            ["mobile", "email", "name"],
            ["138 0013 8000", "zhang@open.com", "张三"],
            [],
            ["+86 138 0013 8000", "", "张 三"],
            ["", "ZHANG@open.com", ""],
            ["1380013800", "", "too short"],
            ["1.38E+10", "", "Excel"],
            ["", "zhang", "no address"],
            ["12", "zhang", "both"],
            ["", "", "nobody"],
            ["13500135000", "", "registered"],
            ["", "other@open.com", "registered"],
            ["13500135000", "other@open.com", "registered"],
            ["13600136000", "", "fine"],
            ["13600136000", "", "李四"],
        )
    )

    assert (batch.state, batch.rows) == (State.CHECKED, 13)
    assert problems_of(batch) == {
        2: "",
        4: "duplicate_line",
        5: "duplicate_line",
        6: "bad_mobile",
        7: "cut_mobile",
        8: "bad_email",
        9: "bad_mobile",
        10: "no_contact",
        11: "already_registered",
        12: "already_registered",
        13: "duplicate_line",
        14: "",
        15: "line_of_another",
    }
    row = Registration.objects.get(line=12)
    assert (row.state, row.account) == (RowState.DUPLICATE, other)
    assert "line 2" in problems.problem_in_words(Registration.objects.get(line=5))
    both = problems.problem_in_words(Registration.objects.get(line=9))
    assert "no mobile number" in both
    assert "no email address" in both


def test_the_phone_of_an_account_with_another_name_is_to_be_corrected(account, upload):
    account(mobile="+8613500135000", name="王五", feishu_name="王 五")
    batch = upload(
        csv_of(["手机号", "姓名"], ["13500135000", "张三"], ["13500135000", ""], ["13500135000", "王五"])
    )
    assert [row[4:] for row in rows_of(batch)] == [
        ["invalid", "account_of_another"],
        ["duplicate", "already_registered"],
        ["duplicate", "duplicate_line"],
    ]


def test_contacts_of_two_accounts_are_told(account, upload):
    account(mobile="+8613500135000")
    account(email="other@open.com")

    assert problems_of(upload(csv_of(["13500135000", "other@open.com"]))) == {1: "two_accounts"}


def test_a_line_that_cannot_be_sent_makes_no_other_one_a_duplicate(tenant, upload):
    batch = upload(csv_of(["13800138000", "no address"], ["13800138000", "zhang@open.com"]))

    assert states_of(batch) == [RowState.INVALID, RowState.READY]


def test_duplicates_are_found_across_the_whole_file(tenant, upload):
    numbers = [[f"138{number:08}"] for number in range(1200)]
    batch = upload(csv_of(*numbers, ["13800000000"], ["13800000700"]))

    found = Registration.objects.filter(batch=batch, problem="duplicate_line").order_by("line")
    assert [(row.line, row.problem_details) for row in found] == [(1201, {"line": 1}), (1202, {"line": 701})]


def test_an_excel_file_is_checked_with_its_numbers(tenant, upload):
    with write_xlsx({"S": [["手机", "姓名"], [13800138000, "张三"], [], [8613900139000, "李四"]]}) as file:
        batch = upload(file.read(), "a.xlsx")

    assert [row[:2] for row in rows_of(batch)] == [[2, "+8613800138000"], [4, "+8613900139000"]]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"PK\x03\x04 broken", "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"\0\1\2\3" * 100, "neither a CSV nor an XLSX"),
        ("José, n°1\n".encode("latin-1"), "characters"),
        (b'mobile\n"13800138000', "quotation mark"),
        (b"mobile,email\n\n,\n", "no rows"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tenant, upload, pages, content, told):
    batch = upload(content)

    assert (batch.state, batch.content, batch.rows) == (State.UNREADABLE, None, 0)
    assert told in pages(batch.uploaded_by).get(page_of(batch)).content.decode()
    assert not Registration.objects.exists()


def test_too_many_rows_are_refused_whole(tenant, upload, monkeypatch):
    monkeypatch.setattr(import_checking, "MOST_ROWS", 600)

    batch = upload(csv_of(*([f"138{number:08}"] for number in range(601))))

    assert (batch.state, batch.problem) == (State.UNREADABLE, "too_many_rows")
    assert not Registration.objects.exists()


def test_while_one_file_is_checked_no_other_one_is_so_that_workers_are_left_for_everything_else(
    tenant, upload
):
    first, second = [upload(csv_of(["13800138000"]), check=False) for _ in range(2)]
    lease = claimed()
    assert lease.job.subject == first

    work()
    second.refresh_from_db()
    assert (second.state, second.rows) == (State.CHECKING, 0)
    lease.release()
    work()
    assert set(RegistrationImport.objects.values_list("state", flat=True)) == {State.CHECKED}


def test_a_worker_that_was_too_slow_keeps_nothing(tenant, upload):
    batch = upload(csv_of(["13800138000"]), check=False)
    slow = claimed()
    part = next(import_checking.parts(slow.job))
    Job.objects.update(not_before=clock.now())
    tasks.work()

    with pytest.raises(LeaseLostError):
        slow.keep(part)

    batch.refresh_from_db()
    assert (batch.state, batch.rows, len(rows_of(batch))) == (State.CHECKED, 1, 1)


def test_discarding_stops_the_check(tenant, upload, hira):
    batch = upload(csv_of(["13800138000"]), check=False)
    checks = claimed()
    part = next(import_checking.parts(checks.job))
    imports.discard(batch, by=hira)

    with pytest.raises(LeaseLostError):
        checks.keep(part)

    batch.refresh_from_db()
    assert (batch.state, batch.content) == (State.DISCARDED, None)
    assert not Registration.objects.exists()
    assert Job.objects.get().state == Job.State.CANCELED


@pytest.mark.slow
def test_a_worker_that_is_killed_half_way_leaves_no_double_rows_and_no_row_is_read_twice(
    transactional_db, tenant, upload
):
    batch = upload(csv_of(*([f"138{number:08}"] for number in range(1200))), check=False)

    assert killed_at("jobs.between_parts:2") == -signal.SIGKILL

    batch.refresh_from_db()
    assert (batch.state, batch.rows, len(rows_of(batch))) == (State.CHECKING, 1000, 1000)
    kept = set(Registration.objects.values_list("pk", flat=True))
    work()
    assert len(rows_of(batch)) == 1000  # as long as the dead worker's lease lasts
    Job.objects.update(not_before=clock.now())
    tasks.work()
    batch.refresh_from_db()
    assert (batch.state, batch.rows, len(rows_of(batch))) == (State.CHECKED, 1200, 1200)
    assert kept < set(Registration.objects.values_list("pk", flat=True))


# --- Ten thousand rows


def numbers_file(kind, rows):
    lines = [["手机号", "邮箱", "姓名"], *([f"139{n:08}", f"p{n}@open.com", f"员工{n}"] for n in range(rows))]
    if kind == "csv":
        return csv_of(*lines)
    with write_xlsx({"S": lines}) as file:
        return file.read()


def work_to_the_end():
    """A worker lets others come after a while, and a slow machine needs more than one turn."""
    while Job.objects.running().exists():
        work()


def peak_of(action):
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "most"), [("csv", 10_000), ("xlsx", 3000)])
@on_sqlite  # the memory of Python is in question
@pytest.mark.timeout(600)
def test_ten_thousand_rows_are_checked_in_flat_memory(tenant, upload, kind, most):
    peaks = []
    for rows in (500, 1000, most):  # the first warms up what is loaded once
        upload(numbers_file(kind, rows), f"a.{kind}", check=False)
        peaks.append(peak_of(work_to_the_end))

    batch = RegistrationImport.objects.latest("pk")
    assert (batch.state, batch.rows) == (State.CHECKED, most)
    # The file itself is held, and of an XLSX file all texts that are in it; but not the rows.
    assert peaks[2] < peaks[1] + 4 * 1024 * 1024


@pytest.mark.slow
@on_sqlite  # the memory of Python is in question
@pytest.mark.timeout(600)
def test_ten_thousand_problems_come_back_complete_in_flat_memory(db, tenant, hira, pages):
    batch = RegistrationImport.objects.create(file_name="a.csv", uploaded_by=hira, state=State.CHECKED)
    bad = {"state": RowState.INVALID, "problem": "bad_mobile", "created_by": hira}
    Registration.objects.bulk_create(
        [
            Registration(batch=batch, line=line, mobile_given=f"1{line}", name="张三", **bad)
            for line in range(2, 10_002)
        ],
        batch_size=500,
    )
    browser, url = pages(hira), reverse("admin:referrals_registrationimport_problems", args=[batch.pk, "csv"])
    found = []

    def download():
        for piece in browser.post(url).streaming_content:
            found.append(piece[:20])  # noqa: PERF401  as they come

    assert peak_of(download) < 8 * 1024 * 1024
    assert len(found) == 10_000 + 2  # the mark and the header


# --- What the person sees before confirming


@pytest.fixture
def mixed(account, upload):
    account(mobile="+8613500135000", name="王五")
    return upload(
        csv_of(
            ["mobile", "email", "name"],
            ["13800138000", "", "张三"],
            ["123", "", "=HYPERLINK(1)"],
            ["13500135000", "", "王五"],
            ["13900139000", "", "李四"],
        )
    )


def test_counts_and_problem_rows_are_shown_and_nothing_is_sent(mixed, pages, hira):
    page = pages(hira).get(page_of(mixed)).content.decode()

    for text in ["2 rows are ready", "about 1 min", "This is no mobile number.", ">3</a>", "123"]:
        assert text in page
    assert "Register these 2 referrers" in page
    assert "Discard what was not sent" in page
    rows = pages(hira).get(LIST, {"batch": mixed.pk, "state__exact": "ready"}).context["cl"].result_list
    assert [row.line for row in rows] == [5, 2]
    assert not waits(page)
    assert not Call.objects.exists()


def test_who_has_an_account_already_is_no_problem_and_is_shown_apart(mixed, pages, hira):
    page = pages(hira).get(page_of(mixed)).content.decode()
    problems, known = page.split("1 row changes nothing")
    assert "Rows with a problem" in problems
    assert "has a referral account already" not in problems
    assert "has a referral account already" in known


def test_what_was_noticed_in_a_file_is_said_and_counted_nowhere(tenant, upload, pages, hira):
    lines = ["内推名单", "", "手机号,姓名,部门", "13800138000,张三,一部", "合计,1,", "制表人：李四"]
    batch = upload("\r\n".join(lines).encode("gb18030"))
    page = pages(hira).get(page_of(batch)).content.decode()
    assert rows_of(batch)[0][:2] == [4, "+8613800138000"]
    for text in ("found in row 3", "GB18030", "部门", "Totals, left out: row 5", "left out: row 6"):
        assert text in page
    assert "Rows with a problem" not in page


def test_where_two_sheets_fit_the_page_asks_which(tenant, pages, hira):
    with write_xlsx({"一月": [["手机号"], ["13800138000"]], "二月": [["手机号"], ["13900139000"]]}) as file:
        content = file.read()
    browser = pages(hira)
    for sheet, told in (("", "“一月”, “二月”"), ("二月", "Not read: “一月”")):
        sent = {"file": SimpleUploadedFile("r.xlsx", content), "sheet": sheet}
        address = browser.post(ADD, sent).url
        work()
        assert told in browser.get(address).content.decode()
    assert [row.mobile for row in Registration.objects.all()] == ["+8613900139000"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_file_with_errors_has_every_row_with_a_problem_as_given_and_its_reason(mixed, pages, hira, kind):
    rows = problems_file(pages(hira), mixed, kind)

    assert rows[0] == ["Line", "Mobile number", "Email", "Name", "Row to correct", "Reason"]
    assert [row[:4] for row in rows[1:]] == [["3", "123", "", "=HYPERLINK(1)"]]
    assert rows[1][5].startswith("This is no mobile number.")
    assert entries_about(mixed)[0].action == "problem rows downloaded"


def test_the_corrected_file_can_be_uploaded_again(mixed, pages, hira, upload):
    rows = problems_file(pages(hira), mixed, "csv")
    rows[1][1] = "13600136000"
    again = upload(csv_of(*rows))
    assert problems_of(again) == {2: ""}
    row = Registration.objects.get(batch=mixed, line=3)
    assert row.state == RowState.INVALID  # nothing has been sent for it yet
    imports.confirm(again, by=hira)
    work()
    row.refresh_from_db()
    assert row.state == RowState.DISCARDED
    assert f"line 2 of import {again.pk}" in problems.problem_in_words(row)
    assert not imports.problem_rows(mixed).exists()


def test_a_row_that_is_there_already_once_it_was_corrected_is_no_longer_to_be_corrected(
    mixed, pages, hira, upload
):
    rows = problems_file(pages(hira), mixed, "csv")
    rows[1][1:4] = ["13500135000", "", ""]
    assert states_of(upload(csv_of(*rows))) == [RowState.DUPLICATE]
    assert Registration.objects.get(batch=mixed, line=3).state == RowState.DISCARDED


def test_who_may_not_see_personal_data_gets_no_file_and_masked_rows(mixed, pages, audrey):
    browser = pages(audrey)

    assert b"13500135000" not in browser.get(page_of(mixed)).content
    url = reverse("admin:referrals_registrationimport_problems", args=[mixed.pk, "csv"])
    assert browser.post(url).status_code == 403


def test_a_row_corrected_before_confirming_is_sent_with_the_others(mixed, hira):
    row = Registration.objects.get(line=3)

    with pytest.raises(Refused, match="line 2"):
        registrations.correct(row, mobile="13800138000", email="", name="", by=hira)
    registrations.correct(row, mobile="13700137000", email="", name="", by=hira)

    assert (Registration.objects.get(line=3).state, Call.objects.count()) == (RowState.READY, 0)
    imports.confirm(mixed, by=hira)
    work_after_a_rest()
    assert Call.objects.count() == 3


# --- Confirming, sending, discarding


@pytest.fixture
def company(transactional_db, feishu):
    Tenant.objects.own()
    feishu.add_employees(
        {"name": "张三", "mobile_number": "13800138000"}, {"name": "李四", "mobile_number": "13900139000"}
    )
    return feishu


def test_what_is_confirmed_is_registered_and_the_progress_survives_leaving_the_page(
    company, upload, pages, hira, drain
):
    batch = upload(csv_of(["13800138000", "", "张三"], ["13600136000"], ["123"], ["13900139000"]))
    browser = pages(hira)

    act(browser, "confirm", batch)
    work_after_a_rest()
    assert states_of(batch) == ["pending", "pending", "invalid", "pending"]
    page = browser.get(page_of(batch)).content.decode()
    assert '<progress max="3" value="0"' in page
    assert waits(page)
    drain()
    work_after_a_rest()

    batch.refresh_from_db()
    assert (batch.state, batch.confirmed_by) == (State.DONE, hira)
    assert states_of(batch) == ["registered", "refused", "invalid", "registered"]
    assert ReferralAccount.objects.count() == 2
    page = pages(hira).get(page_of(batch)).content.decode()
    assert '<progress max="3" value="3"' in page
    assert "No such employee" in page
    reasons = [row[-1] for row in problems_file(browser, batch, "csv")[1:]]
    assert reasons[0].startswith("No such employee")
    assert reasons[1].startswith("This is no mobile number.")


def test_only_what_is_checked_and_ready_can_be_confirmed_and_only_once(tenant, upload, hira, pages, ada):
    unreadable, nothing = upload(b"\0"), upload(csv_of(["123"]))
    ready = upload(csv_of(["13800138000"]))

    for batch in (unreadable, nothing):
        with pytest.raises(Refused):
            imports.confirm(batch, by=hira)
    assert act(pages(ada), "confirm", ready).status_code == 403
    act(pages(hira), "confirm", ready)
    with pytest.raises(Refused):
        imports.confirm(ready, by=hira)
    assert [entry.action for entry in entries_about(ready)] == ["import confirmed", "referrers uploaded"]


def test_rows_are_owed_in_parts_so_that_nobody_waits_behind_thousands(tenant, upload, hira):
    batch = upload(csv_of(*([f"138{number:08}"] for number in range(150))))
    imports.confirm(batch, by=hira)

    work_after_a_rest()
    assert Call.objects.count() == 50
    work_after_a_rest()
    assert Call.objects.count() == 50
    Call.objects.filter(pk__in=Call.objects.values("pk")[:20]).update(state="waiting")
    work_after_a_rest()
    assert Call.objects.count() == 100
    batch.refresh_from_db()
    assert batch.state == State.SENDING


def test_where_rows_are_sent_is_asked_once_and_not_for_each(tenant, upload, hira):
    imports.confirm(upload(csv_of(*([f"138{number:08}"] for number in range(9)))), by=hira)

    with CaptureQueriesContext(connection) as queries:
        work_after_a_rest()

    assert Call.objects.count() == 9
    assert len([query for query in queries if 'FROM "feishu_tenant"' in query["sql"]]) <= 1


def test_who_got_an_account_since_the_check_is_not_sent(account, upload, hira):
    batch = upload(csv_of(["13800138000"], ["13900139000"]))
    imports.confirm(batch, by=hira)
    known = account(mobile="+8613800138000")

    work_after_a_rest()

    assert states_of(batch) == ["duplicate", "pending"]
    assert Registration.objects.get(line=1).account == known


def test_an_import_with_a_call_that_waits_for_a_person_is_not_done(tenant, upload, hira, pages):
    batch = upload(csv_of(["13800138000"]))
    imports.confirm(batch, by=hira)
    work_after_a_rest()
    Call.objects.update(state="waiting", reason="gave_up", reason_details={"hours": 24})

    work_after_a_rest()

    batch.refresh_from_db()
    assert batch.state == State.SENDING
    assert "24 hours" in pages(hira).get(page_of(batch)).content.decode()
    assert "24 hours" in problems_file(pages(hira), batch, "csv")[1][-1]
    registrations.discard(Registration.objects.get(), by=hira)
    work_after_a_rest()
    batch.refresh_from_db()
    assert (batch.state, Call.objects.get().state) == (State.DONE, "canceled")


def test_discarding_sends_nothing(mixed, pages, hira):
    act(pages(hira), "discard", mixed)
    work_after_a_rest()

    mixed.refresh_from_db()
    assert mixed.state == State.DISCARDED
    assert set(states_of(mixed)) == {RowState.DISCARDED}
    assert not Call.objects.exists()


def test_discarding_while_it_is_sent_stops_what_is_left(tenant, upload, hira):
    batch = upload(csv_of(*([f"138{number:08}"] for number in range(100))))
    imports.confirm(batch, by=hira)
    work_after_a_rest()

    imports.discard(batch, by=hira)
    work_after_a_rest()

    batch.refresh_from_db()
    assert batch.state == State.SENDING  # until what is on its way has come to its end
    assert states_of(batch).count("discarded") == 50
    assert Call.objects.count() == 50


def test_a_store_app_that_nobody_has_installed_refuses_the_upload(db, settings, hira):
    settings.FEISHU_APP_TYPE = "store"

    with pytest.raises(Refused, match="No customer has this app installed"):
        imports.upload(io.BytesIO(b"13800138000"), "a.csv", by=hira)
