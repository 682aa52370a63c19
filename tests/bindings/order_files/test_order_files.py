"""Many orders reported from a file: checked line by line, looked at, confirmed, told in parts."""

import io
import signal
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation
from openpyxl import Workbook

from bindings.checks import services
from bindings.models import (
    BackgroundCheck,
    CheckUpdate,
    Exam,
    ExamUpdate,
    OrderFile,
    OrderFileRow,
    ReportFile,
    Turn,
)
from bindings.order_files import columns, imports, texts
from bindings.order_files.applying import AT_ONCE
from hireops.database import clock
from hireops.desk.invariants import broken
from hireops.feishu.models import Tenant
from hireops.imports.models import ImportState, RowState
from hireops.inbox.models import Event
from hireops.jobs import tasks
from hireops.jobs.models import Job
from hireops.spreadsheets.writing import write_csv
from tests.jobs.mortal import killed_at
from tests.long_work import work
from tests.selection import also_on_sqlite
from tests.spreadsheets.rows import read_rows

pytestmark = also_on_sqlite

NUMBERS = count(1)
ADD = "/admin/bindings/orderfile/add/"
PASSWORD = "candidate-password-8R6yTe"
LINK = "https://exam.example.com/s/1"
REPORT = "https://reports.example.com/a.pdf"


def order(model, state="received", **values):
    number = next(NUMBERS)
    event = Event.objects.create(
        app_id=django_settings.FEISHU_APP_ID, event_id=f"order-{number}", state="set_aside"
    )
    made = model.objects.create(
        tenant=Tenant.objects.own(),
        account_named="1",
        event=event,
        received_at=clock.now(),
        turn=Turn.VENDOR,
        turn_since=clock.now(),
        **values,
    )
    if state != "received":
        model.objects.filter(pk=made.pk).update(state=state, ended_at=clock.now())
    return made


def check(order_id="", **values):
    return order(BackgroundCheck, background_check_id=order_id or f"check-{next(NUMBERS)}", **values)


def exam(exam_id="", **values):
    return order(Exam, exam_id=exam_id or f"exam-{next(NUMBERS)}", **values)


@pytest.fixture
def upload(db, vera):
    """``upload(header, row, …)``: the file is uploaded and checked."""

    def upload(*rows, name="orders.csv"):
        batch = imports.upload(io.BytesIO(b"".join(write_csv(rows))), name, by=vera)
        work()
        batch.refresh_from_db()
        return batch

    return upload


@pytest.fixture
def tell(upload, vera):
    """Uploaded, checked, confirmed and told."""

    def tell(*rows):
        batch = imports.confirm(upload(*rows), by=vera)
        work()
        batch.refresh_from_db()
        assert batch.state == ImportState.DONE
        return batch

    return tell


@pytest.fixture(autouse=True)
def _promises_are_kept(db):
    yield
    assert [each for each in broken() if "order_files" in each[0]] == []


def lines(batch):
    """(state, what is wrong) of each line."""
    rows = OrderFileRow.objects.filter(batch=batch).order_by("line")
    return [(row.state, "+".join(row.problems)) for row in rows]


def stages(of):
    return list(CheckUpdate.objects.filter(background_check=of).order_by("number"))


# --- What is told


def test_lines_of_every_kind_are_told_in_the_order_of_the_file(tell):
    first, second, third = check("C1"), exam("E1"), exam("E2")
    tell(
        [
            "订单号",
            "阶段",
            "阶段英文名",
            "结果",
            "报告",
            "成绩",
            "分项",
            "链接",
            "用户名",
            "密码",
            "失败码",
            "说明",
        ],
        ["C1", "已开始", "Started", "", "", "", "", "", "", "", "", ""],
        ["E1", "", "", "", "", "", "", LINK, "u-1", PASSWORD, "", ""],
        ["C1", "中期", "", "无差异", REPORT, "", "", "", "", "", "", ""],
        ["E1", "", "", "", REPORT, "60.50", "逻辑：85；逻辑：90", "", "", "", "", ""],
        ["C1", "", "", "无差异", REPORT, "", "", "", "", "", "", ""],
        ["E2", "", "", "", "", "", "", "", "", "", "7", "名额已满"],
    )
    assert [(each.kind, each.stage_name, each.result) for each in stages(first)] == [
        ("stage", "已开始", ""),
        ("stage", "中期", "无差异"),
        ("result", "", "无差异"),
    ]
    access, score = ExamUpdate.objects.filter(exam=second).order_by("number")
    assert (access.kind, score.score, score.details) == (
        "arrangement",
        "60.50",
        [{"name": "逻辑", "result": "85"}, {"name": "逻辑", "result": "90"}],
    )
    assert score.reports == [{"name": "a.pdf", "url": REPORT, "type": 1}]
    assert ExamUpdate.objects.get(exam=third).result_code == 7


def test_english_headers_and_said_kinds_do_as_well(tell):
    first = check("C1")
    tell(
        ["Order ID", "What", "Stage", "Result"],
        ["C1", "Stage", "Started", ""],
        ["C1", "Final result", "", "ok"],
    )
    assert [each.kind for each in stages(first)] == ["stage", "result"]


def test_a_report_is_found_by_the_name_under_which_it_was_uploaded(tell, upload, vera):
    check("C1")
    file = ReportFile.objects.create(
        name="张三.pdf", file="x", sha256="0" * 64, size=1, pages=1, uploaded_by=vera
    )
    tell(["订单号", "结果", "报告"], ["C1", "无差异", "张三.PDF"])
    (report,) = CheckUpdate.objects.get().reports
    assert report["name"] == "张三.pdf"
    assert file.links.get().pk == report["link"]
    check("C2")
    assert lines(upload(["订单号", "结果", "报告"], ["C2", "无差异", "李四.pdf"])) == [
        ("invalid", "no_such_report")
    ]


TEMPLATE_LINES = [
    {
        "order": "C1",
        "what": "Stage",
        "stage": "学历核实",
        "stage_en": "Education",
        "time": "2026-11-02 10:00",
    },
    {"order": "C1", "what": "Final result", "result": "无差异", "report": REPORT, "report_name": "终报"},
    {"order": "C1", "what": "Final result", "result": "有差异", "reason": "学校来信"},
    {"order": "E1", "what": "Access to an exam", "link": LINK, "username": "u", "password": PASSWORD}
    | {"message": "请提前十分钟进入"},
    {"order": "E1", "what": "Score", "score": "60", "parts": "逻辑：85"},
    {"order": "E2", "what": "Could not be arranged", "code": "7", "message": "名额已满"},
]
KINDS_IN_CHINESE = {
    "Stage": "阶段",
    "Final result": "最终结果",
    "Access to an exam": "考试链接",
    "Score": "成绩",
    "Could not be arranged": "无法安排",
}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_column_of_the_template_is_read_back(client_of, vera, tell, language):
    first, second, third = check("C1"), exam("E1"), exam("E2")
    browser = client_of(vera)
    browser.cookies[django_settings.LANGUAGE_COOKIE_NAME] = language
    template = b"".join(browser.get("/admin/bindings/orderfile/template.csv").streaming_content)
    (header,) = read_rows(io.BytesIO(template), "orders.csv")
    names = list(columns.COLUMNS.find(header).places)
    assert len(names) == len(header)
    words = KINDS_IN_CHINESE if language == "zh-hans" else {}
    lines = [line | {"what": words.get(line["what"], line["what"])} for line in TEMPLATE_LINES]

    tell(header, *([line.get(name, "") for name in names] for line in lines))

    stage, result, corrected = stages(first)
    assert (stage.stage_name, stage.stage_en_name) == ("学历核实", "Education")
    assert stage.time == datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
    assert (result.result, result.reports[0]["name"], corrected.reason) == ("无差异", "终报", "学校来信")
    access, score = ExamUpdate.objects.filter(exam=second).order_by("number")
    assert access.message == "请提前十分钟进入"
    assert (score.score, score.details) == ("60", [{"name": "逻辑", "result": "85"}])
    failure = ExamUpdate.objects.get(exam=third)
    assert (failure.result_code, failure.message) == (7, "名额已满")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_kind_is_read_as_hireops_itself_calls_it(language):
    with translation.override(language):
        labels = [(str(kind.label).casefold(), kind) for kind in OrderFileRow.Tells]
    assert [(label, columns.WORDS.get(label)) for label, _kind in labels] == labels


# --- What is wrong


WRONG = [
    ({"订单号": ""}, "no_order"),
    ({"订单号": "nobody's", "阶段": "x"}, "unknown_order"),
    ({"订单号": "C1"}, "tells_nothing"),
    ({"订单号": "C1", "事项": "whatever", "阶段": "x"}, "unknown_what"),
    ({"订单号": "C1", "事项": "成绩", "成绩": "60"}, "not_of_a_check"),
    ({"订单号": "E1", "事项": "阶段", "阶段": "x"}, "not_of_an_exam"),
    ({"订单号": "C1", "阶段": "x", "结果": "ok"}, "no_report"),
    ({"订单号": "C1", "阶段": "x", "时间": "soon"}, "bad_time"),
    ({"订单号": "C1", "阶段": "x", "时间": "2999-01-01"}, "future_time"),
    ({"订单号": "E1", "成绩": "good"}, "bad_score"),
    ({"订单号": "E1", "成绩": "60", "分项": "nothing"}, "bad_parts"),
    ({"订单号": "E1", "链接": "exam.example.com"}, "bad_access"),
    ({"订单号": "E1", "链接": LINK, "用户名": "u"}, "bad_access"),
    ({"订单号": "E1", "失败码": "0", "说明": "x"}, "bad_code"),
    ({"订单号": "E1", "失败码": "7"}, "no_message"),
    ({"订单号": "OVER", "阶段": "x"}, "called_off"),
    ({"订单号": "DONE", "阶段": "x"}, "completed"),
    ({"订单号": "MARKED", "成绩": "60"}, "marked"),
    ({"订单号": "ASIDE", "成绩": "60"}, "set_aside"),
]


def test_what_can_not_be_told_says_why(upload):
    check("C1")
    exam("E1")
    check("OVER", state="canceled_by_customer")
    check("DONE", state="completed")
    exam("MARKED", state="marked")
    exam("ASIDE", state="set_aside")
    header = list(dict.fromkeys(name for row, _wrong in WRONG for name in row))
    batch = upload(["x", *header], *(["x", *(row.get(name, "") for name in header)] for row, _wrong in WRONG))
    for row, (given, wrong) in zip(
        OrderFileRow.objects.filter(batch=batch).order_by("line"), WRONG, strict=True
    ):
        assert (row.state, row.problem) == ("invalid", wrong), given
        assert texts.problem_in_words(row)
        assert not row.access


def test_what_excel_shows_instead_of_a_value_is_told_to_nobody(upload):
    check("C1")
    exam("E1")
    batch = upload(
        ["订单号", "结果", "成绩"], ["C1", "#N/A", ""], ["E1", "", "#DIV/0!"], ["C1", "x" * 5001, ""]
    )
    assert lines(batch) == [
        ("invalid", "error_cell"),
        ("invalid", "bad_score+error_cell"),
        ("invalid", "long_cell"),
    ]
    told = [texts.problem_in_words(row) for row in OrderFileRow.objects.filter(batch=batch).order_by("line")]
    assert "“结果”" in told[0]
    assert "“结果 (≤ 5000)”" in told[2]


def test_a_score_in_percent_and_a_result_of_several_lines_are_read(db, vera):
    check("C1")
    exam("E1")
    book = Workbook()
    for row in (["订单号", "结果", "成绩"], ["C1", "学历属实_x000D_\n工作属实", None], ["E1", None, 0.85]):
        book.active.append(row)
    book.active["C3"].number_format = "0%"
    file = io.BytesIO()
    book.save(file)
    batch = imports.upload(io.BytesIO(file.getvalue()), "orders.xlsx", by=vera)
    work()
    rows = OrderFileRow.objects.filter(batch=batch).order_by("line")
    assert [(row.state, row.result, row.score) for row in rows] == [
        ("ready", "学历属实\n工作属实", ""),
        ("ready", "", "85"),
    ]


def test_a_day_without_a_time_is_never_later_than_now_and_an_offset_counts(upload, clock):
    clock.set(datetime(2026, 11, 25, 1, 30, tzinfo=UTC))  # half past nine in the morning in China
    check("C1")
    check("C2")
    batch = upload(
        ["订单号", "阶段", "时间"], ["C1", "x", "2026-11-25"], ["C2", "x", "2026-11-24T14:30:00+00:00"]
    )
    assert lines(batch) == [("ready", ""), ("ready", "")]
    today, before = OrderFileRow.objects.filter(batch=batch).order_by("line")
    assert timedelta() <= clock.now() - today.time < timedelta(minutes=5)
    assert before.time == datetime(2026, 11, 24, 14, 30, tzinfo=UTC)


def test_a_stage_after_the_result_of_a_line_above_is_refused_and_a_second_result_needs_a_reason(upload):
    check("C1")
    batch = upload(
        ["订单号", "阶段", "结果", "更正原因"],
        ["C1", "", "无差异", ""],
        ["C1", "已开始", "", ""],
        ["C1", "", "有差异", ""],
        ["C1", "", "有差异", "recounted"],
    )
    assert lines(batch) == [
        ("ready", ""),
        ("invalid", "after_result"),
        ("invalid", "no_reason"),
        ("invalid", "after_failed"),
    ]


def test_a_line_with_a_problem_stops_its_order_and_no_other(upload, vera):
    first, second, third = check("C1"), check("C2"), exam("E1")
    batch = upload(
        ["订单号", "阶段", "结果", "报告", "成绩", "链接"],
        ["C1", "中期", "暂无差异", "nobody.pdf", "", ""],
        ["C2", "已开始", "", "", "", ""],
        ["C1", "", "无差异", REPORT, "", ""],
        ["E1", "", "", "", "", "exam.example.com"],
        ["E1", "", "", "", "60", ""],
    )
    assert [problem for _state, problem in lines(batch)] == [
        "no_such_report",
        "",
        "after_failed",
        "bad_access+tells_nothing",
        "after_failed",
    ]
    imports.confirm(batch, by=vera)
    work()
    assert (len(stages(first)), len(stages(second))) == (0, 1)
    assert not ExamUpdate.objects.filter(exam=third).exists()


def test_what_fails_while_the_file_is_told_stops_its_order_also_in_later_parts(upload, vera):
    first, second = check("C1"), check("C2")
    last = ["C1", "", "无差异", "x"]
    batch = upload(
        ["订单号", "阶段", "结果", "更正原因"],
        ["C1", "已开始", "", ""],
        last,
        *(["C2", f"阶段 {number}", "", ""] for number in range(AT_ONCE)),
        last,
    )
    services.report_result(first, by=vera, result="有差异")
    imports.confirm(batch, by=vera)
    work()
    failed, stopped, *applied, stopped_later = lines(batch)
    assert failed == ("invalid", "changed_meanwhile")
    assert stopped == stopped_later == ("invalid", "after_failed")
    assert set(applied) == {("applied", "")}
    assert [each.kind for each in stages(first)] == ["result"]
    assert len(stages(second)) == AT_ONCE


def test_the_preview_names_the_candidate_and_the_report(upload, vendor):
    check("C1", candidate_name="王小二")
    batch = upload(["订单号", "结果", "报告", "报告名称"], ["C1", "无差异", REPORT, "终报"])
    page = vendor.get(f"/admin/bindings/orderfile/{batch.pk}/change/").content.decode()
    assert "王" in page
    assert "王小二" not in page
    assert "终报" in page


# --- What is corrected, for everybody to see


def test_stage_times_that_do_not_rise_are_moved_in_the_preview_and_told_so(upload, vera, vendor):
    first = check("C1")
    batch = upload(
        ["订单号", "阶段", "时间"],
        ["C1", "一", "2026-11-02 10:00"],
        ["C1", "二", "2026/11/2 10:00"],
        ["C1", "三", "2026-11-02 09:00:00"],
        ["C1", "四", "2026-11-02 10:05"],
    )
    page = vendor.get(f"/admin/bindings/orderfile/{batch.pk}/change/").content.decode()
    assert "is not later than the stage before; it is sent as 2026-11-02 10:00:00.001" in page
    assert "2 of them were corrected or are unusual" in page
    imports.confirm(batch, by=vera)
    work()
    ten = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
    ms = timedelta(milliseconds=1)
    assert [each.time for each in stages(first)] == [ten, ten + ms, ten + 2 * ms, ten + timedelta(minutes=5)]


def test_an_unusual_score_and_a_correction_are_named_and_told(upload):
    exam("E1")
    batch = upload(["笔试ID", "成绩", "更正原因"], ["E1", "120", ""], ["E1", "60", "typing error"])
    said = [texts.remarks_in_words(row) for row in OrderFileRow.objects.filter(batch=batch).order_by("line")]
    assert said == ["Feishu wants a score from 0 to 100.", "It takes the place of the one before."]


def test_what_has_changed_since_the_file_was_checked_is_not_told(upload, vera):
    first, second = check("C1"), check("C2")
    batch = upload(["订单号", "阶段"], ["C1", "已开始"], ["C2", "已开始"])
    BackgroundCheck.objects.filter(pk=first.pk).update(state="canceled_by_customer", ended_at=clock.now())
    imports.confirm(batch, by=vera)
    work()
    assert lines(batch) == [("invalid", "changed_meanwhile"), ("applied", "")]
    assert (len(stages(first)), len(stages(second))) == (0, 1)


# --- Secrets, rights, and workers that die


def test_logins_are_encrypted_until_they_are_told_and_leave_in_no_file(upload, vera, vendor):
    exam("E1")
    rows = [
        ["笔试ID", "链接", "用户名", "密码"],
        ["E1", LINK, "u-1", PASSWORD],
        ["E9", LINK, "u-1", PASSWORD],
    ]
    uploaded = imports.upload(io.BytesIO(b"".join(write_csv(rows))), "logins.csv", by=vera)
    assert PASSWORD.encode() not in bytes(OrderFile.objects.get(pk=uploaded.pk).content or b"")
    work()
    good, bad = OrderFileRow.objects.order_by("line")
    assert (OrderFile.objects.get(pk=uploaded.pk).content, bad.access) == (None, "")
    assert good.access
    assert PASSWORD not in good.access
    page = vendor.get(f"/admin/bindings/orderfile/{uploaded.pk}/change/").content.decode()
    problems = vendor.post(f"/admin/bindings/orderfile/{uploaded.pk}/problems.csv")
    file = b"".join(problems.streaming_content).decode("utf-8-sig")
    assert "E9" in file
    assert PASSWORD not in page + file
    imports.confirm(uploaded, by=vera)
    work()
    good.refresh_from_db()
    assert (good.state, good.access) == (RowState.APPLIED, "")
    assert ExamUpdate.objects.get().access


def test_the_whole_way_in_the_browser(vendor, auditor, client_of, hira):
    first = check("C1")
    template = b"".join(vendor.get("/admin/bindings/orderfile/template.csv").streaming_content)
    (header,) = read_rows(io.BytesIO(template), "orders.csv")
    cells = ["C1" if name == "Order or exam ID" else "已开始" if name == "Stage" else "" for name in header]
    file = SimpleUploadedFile("orders.csv", b"".join(write_csv([header, cells])))
    assert auditor.post(ADD, {"file": file}).status_code == 403
    assert client_of(hira).get("/admin/bindings/orderfile/").status_code == 403
    file.seek(0)
    page = vendor.post(ADD, {"file": file}).url
    work()
    assert "Stage “已开始”" in vendor.get(page).content.decode()
    batch = OrderFile.objects.get()
    confirmed = {"_selected_action": [batch.pk], "confirmed": "yes"}
    assert auditor.post("/admin/bindings/orderfile/actions/confirm/", confirmed).status_code == 403
    vendor.post("/admin/bindings/orderfile/actions/confirm/", confirmed)
    work()
    assert [each.stage_name for each in stages(first)] == ["已开始"]


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_tells_nothing_twice_and_leaves_nothing_out(upload, vera):
    orders = [check(f"C{number}") for number in range(120)]
    batch = upload(["订单号", "阶段"], *([each.background_check_id, "已开始"] for each in orders))
    imports.confirm(batch, by=vera)
    assert killed_at("jobs.between_parts:2") == -signal.SIGKILL
    assert 0 < CheckUpdate.objects.count() < 120
    Job.objects.running().update(not_before=clock.now())
    tasks.work()
    batch.refresh_from_db()
    assert (batch.state, CheckUpdate.objects.count()) == (ImportState.DONE, 120)
    assert set(OrderFileRow.objects.values_list("state", flat=True)) == {RowState.APPLIED}
