"""From the arrangement to the last correction: what staff do on an exam's page, and what Feishu has of it."""

import logging

import pytest

from bindings.exams import services
from bindings.exams.access import Access, opened
from bindings.exams.tasks import empty_candidates, notice_ended_windows
from bindings.models import Exam, ExamPaper, ExamUpdate, ReportFile, Turn
from bindings.reports.services import make_link
from hireops.database.clock import now
from hireops.desk.audit import entries_about
from hireops.desk.models import AuditEntry
from hireops.outbox.models import Attempt, Call
from tests.bindings.exams.conftest import (
    LINK,
    LOGIN_INFO,
    RESULT,
    arranged,
    at_feishu,
    give_access,
    give_score,
    now_of,
    page,
    shown,
    told,
)
from tests.in_this_process import drain

PASSWORD = "candidate-password-7Q5xSd"
LOST = {"kind": "cut", "when": "after"}


@pytest.fixture
def later(clock):
    def later(seconds=61):
        clock.advance(seconds)
        drain()

    return later


# --- Access


def test_the_candidates_access_reaches_feishu_and_it_is_their_turn(feishu, vendor):
    exam = arranged(feishu)
    assert give_access(vendor, exam, username="u-1", password=PASSWORD).status_code == 302
    assert now_of(exam).state == "received"
    drain()

    exam = now_of(exam)
    assert (exam.state, exam.turn) == ("arranged", Turn.CANDIDATE)
    theirs = at_feishu(feishu, exam)
    assert (theirs["state"], theirs["login_info"]["exam_login_info"]["exam_url"]) == ("ready", LINK)
    assert told(exam) == [("arrangement", "0", "delivered")]


def test_link_and_login_are_read_only_by_who_may_and_says_so_first(feishu, vendor, auditor, caplog):
    exam = arranged(feishu)
    with caplog.at_level(logging.DEBUG):
        give_access(vendor, exam, username="u-1", password=PASSWORD)
        feishu.add_fault("server_error", path=LOGIN_INFO, calls=1)
        drain()
    update = ExamUpdate.objects.get()
    stored = [
        update.access,
        *Call.objects.values_list("payload", flat=True),
        *Attempt.objects.values_list("request", "response", "message"),
        *AuditEntry.objects.values_list("details", "reason"),
    ]
    assert PASSWORD not in f"{stored}{caplog.text}{caplog.records}"
    assert PASSWORD not in shown(vendor, exam)

    access = page(exam, "access", update.number)
    assert auditor.post(access).status_code == 403
    assert vendor.get(access).status_code == 302
    assert not entries_about(update).exists()
    revealed = vendor.post(access, follow=True).content.decode()
    assert PASSWORD in revealed
    assert LINK in revealed
    assert entries_about(update).get().action == "personal data shown"
    assert opened(update.access) == Access(LINK, "u-1", PASSWORD)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"exam_url": "exam.example.com"}, "has to begin with https://"),
        ({"exam_url": "javascript:alert(1)"}, "has to begin with https://"),
        ({"username": "u-1"}, "or neither"),
        ({"password": PASSWORD}, "or neither"),
    ],
)
def test_an_access_that_leads_nowhere_is_not_told(feishu, vendor, given, says):
    exam = arranged(feishu)
    answer = give_access(vendor, exam, **given)
    assert says in answer.content.decode()
    assert told(exam) == []


def test_a_failure_is_told_without_a_link(feishu, vendor):
    exam = arranged(feishu)
    vendor.post(page(exam, "failed"), {"code": "7", "message": "名额已满"})
    drain()
    assert now_of(exam).state == "arrangement_failed"
    theirs = at_feishu(feishu, exam)["login_info"]
    assert (theirs["result"], theirs["msg"], theirs["exam_login_info"]) == (7, "名额已满", {"exam_url": ""})


@pytest.mark.parametrize("refusal", [{"code": 99992402}, {"code": 1002001, "http_status": 500}])
def test_where_feishu_wants_a_link_all_the_same_a_failure_has_one_that_leads_nowhere(
    feishu, vendor, settings, refusal
):
    settings.EXAMS_NO_LINK_URL = "https://nowhere.example.com/"
    exam = arranged(feishu)
    feishu.add_fault("refused", path=LOGIN_INFO, calls=1, **refusal)
    vendor.post(page(exam, "failed"), {"code": "7", "message": "名额已满"})
    drain()
    assert now_of(exam).state == "arrangement_failed"
    theirs = at_feishu(feishu, exam)["login_info"]
    assert theirs["exam_login_info"] == {"exam_url": "https://nowhere.example.com/"}


def test_an_arrangement_that_the_exams_state_refuses_is_looked_at_and_never_tried_for_ever(
    feishu, vendor, later
):
    exam = arranged(feishu)
    give_access(vendor, exam)
    drain()
    give_access(vendor, exam, exam_url=f"{LINK}?new")
    drain()
    later(3600)
    assert told(exam) == [("arrangement", "0", "delivered"), ("arrangement", "0", "refused")]
    assert now_of(exam).to_look_at == "refused"
    text = shown(vendor, exam)
    assert "The candidate has a link already" in text
    assert "The customer has given the exam up" in text

    vendor.post(page(exam, "settle", 2), {"found": "leave", "reason": "looked"})
    assert (now_of(exam).to_look_at, told(exam)[1][2]) == ("", "stopped")
    give_score(vendor, exam, "60")
    drain()
    assert at_feishu(feishu, exam)["result"]["result"] == "60"


def test_after_a_lost_answer_the_same_access_is_sent_again_and_a_refusal_proves_nothing(
    feishu, vendor, later
):
    exam = arranged(feishu)
    feishu.add_fault(**LOST, path=LOGIN_INFO, calls=1)
    give_access(vendor, exam)
    drain()
    assert told(exam) == [("arrangement", "0", "in_doubt")]
    later()
    assert told(exam) == [("arrangement", "0", "refused")]
    assert "most likely that one has arrived" in shown(vendor, exam)
    vendor.post(page(exam, "settle", 1), {"found": "arrived", "reason": "seen in Feishu"})
    assert (now_of(exam).state, now_of(exam).to_look_at) == ("arranged", "")


# --- Scores


def test_a_score_goes_out_as_it_was_written_with_parts_of_equal_names(feishu, vendor):
    exam = arranged(feishu)
    give_score(
        vendor,
        exam,
        "６０.50 分",
        parts="基本功：优秀\n基本功：85",
        links="https://reports.example.com/a.pdf 报告.pdf",
        time_0="2026-11-01",
        time_1="09:30:00",
    )
    drain()
    exam = now_of(exam)
    assert (exam.state, exam.turn, exam.ended_at is not None) == ("result_sent", Turn.NOBODY, True)
    theirs = at_feishu(feishu, exam)["result"]
    assert theirs == {
        "result": "60.50",
        "result_time": "1793496600000",
        "detail_list": [{"name": "基本功", "result": "优秀"}, {"name": "基本功", "result": "85"}],
        "report_list": [
            {
                "name": "报告.pdf",
                "url": "https://reports.example.com/a.pdf",
                "answer_time": "1793496600000",
            }
        ],
    }


@pytest.mark.parametrize("score", ["", "good", "60,5", "1e3", "60.5.1"])
def test_what_is_no_score_is_not_told(feishu, vendor, score):
    exam = arranged(feishu)
    assert give_score(vendor, exam, score).status_code == 200
    assert told(exam) == []


def test_a_score_beyond_100_is_asked_about_first(feishu, vendor):
    exam = arranged(feishu)
    assert "Feishu wants a score from 0 to 100" in give_score(vendor, exam, "120").content.decode()
    assert told(exam) == []
    assert give_score(vendor, exam, "120", is_unusual="on").status_code == 302
    assert told(exam) == [("score", "120", "sending")]


def test_a_correction_has_a_reason_and_keeps_what_it_overwrites(feishu, vendor):
    exam = arranged(feishu)
    give_score(vendor, exam, "60")
    drain()
    assert give_score(vendor, exam, "61").status_code == 200  # without a reason
    give_score(vendor, exam, "61", reason="part 2 was counted twice")
    drain()
    first, second = ExamUpdate.objects.filter(exam=exam).order_by("number")
    assert (first.score, first.state) == ("60", "delivered")
    assert (second.corrects, second.reason) == (first, "part 2 was counted twice")
    assert at_feishu(feishu, exam)["result"]["result"] == "61"
    assert "part 2 was counted twice" in shown(vendor, exam)


def test_a_correction_begins_with_what_was_told_before(feishu, vendor):
    exam = arranged(feishu)
    told_with = {"parts": "逻辑：85\n基本功：优秀", "links": "https://exam.example.com/r/1 报告"}
    give_score(vendor, exam, "60", **told_with)
    drain()

    asked = vendor.get(page(exam, "score"))
    assert asked.context["form"]["parts"].value() == told_with["parts"]
    give_score(vendor, exam, "61", reason="counted again", parts=told_with["parts"], reports_again="on")

    first, second = ExamUpdate.objects.filter(exam=exam).order_by("number")
    assert (second.details, second.reports) == (first.details, first.reports)
    give_score(vendor, exam, "62", reason="and again")
    assert ExamUpdate.objects.get(exam=exam, number=first.number + 2).reports == []


def test_after_marking_no_version_leaves_and_the_exam_says_so(feishu, vendor, later):
    exam = arranged(feishu)
    give_score(vendor, exam, "60")
    drain()
    feishu.finish_marking(exam.exam_id)
    give_score(vendor, exam, "61", reason="counted again")
    give_score(vendor, exam, "62", reason="and again")
    drain()
    later(3600)
    exam = now_of(exam)
    assert (exam.state, exam.to_look_at) == ("marked", "")
    assert told(exam) == [
        ("score", "60", "delivered"),
        ("score", "61", "stopped"),
        ("score", "62", "stopped"),
    ]
    assert at_feishu(feishu, exam)["result"]["result"] == "60"
    assert "Not deliverable: the customer has finished marking" in shown(vendor, exam)
    assert "has finished marking this exam" in give_score(vendor, exam, "63", reason="x").content.decode()


def test_what_may_have_arrived_before_the_end_of_marking_is_asked_of_a_person(feishu, vendor, later):
    exam = arranged(feishu)
    feishu.add_fault(**LOST, path=RESULT, calls=1)
    give_score(vendor, exam, "60")
    drain()
    feishu.finish_marking(exam.exam_id)
    later()
    exam = now_of(exam)
    assert (exam.state, exam.to_look_at, told(exam)) == ("marked", "in_doubt", [("score", "60", "in_doubt")])
    vendor.post(page(exam, "settle", 1), {"found": "arrived", "reason": "the customer sees 60"})
    assert (now_of(exam).to_look_at, told(exam)) == ("", [("score", "60", "delivered")])


def test_a_lost_answer_to_a_score_is_made_up_for_without_anybody(feishu, vendor, later):
    exam = arranged(feishu)
    feishu.add_fault(**LOST, path=RESULT, calls=2)
    give_score(vendor, exam, "60")
    drain()
    assert told(exam) == [("score", "60", "in_doubt")]
    later()
    later()
    assert (now_of(exam).state, told(exam)) == ("result_sent", [("score", "60", "delivered")])


# --- Whose turn it is, and what is done without Feishu


def test_when_the_papers_time_is_over_the_score_is_owed_and_the_exam_is_named(feishu, vendor, clock):
    paper = ExamPaper.objects.create(code="paper001", name="春季测评")
    exam = arranged(feishu)
    give_access(vendor, exam)
    drain()
    ExamPaper.objects.filter(pk=paper.pk).update(end_time=now())
    clock.advance(1)
    notice_ended_windows()
    exam = now_of(exam)
    assert (exam.state, exam.turn) == ("arranged", Turn.VENDOR)
    assert "its time is over" in shown(vendor, exam)
    assert exam.exam_id in vendor.get("/admin/bindings/exam/?window=over").content.decode()
    home = vendor.get("/admin/").content.decode()
    assert "Open exams whose paper&#x27;s time is over" in home


def press(client, action, *exams, **more):
    chosen = {"_selected_action": [exam.pk for exam in exams], "confirmed": "yes", "reason": "why", **more}
    return client.post(f"/admin/bindings/exam/actions/{action}/", chosen)


def test_a_candidate_who_has_finished_waits_for_us(feishu, vendor):
    exam = arranged(feishu)
    give_access(vendor, exam)
    drain()
    press(vendor, "candidate_has_finished", exam)
    assert now_of(exam).turn == Turn.VENDOR
    assert "a score is owed" in shown(vendor, exam)


def test_what_was_set_aside_is_not_sent_and_can_be_taken_up_again(feishu, vendor):
    exams = [arranged(feishu), arranged(feishu)]
    give_access(vendor, exams[0])
    drain()
    give_score(vendor, exams[0], "60")
    press(vendor, "set_aside", *exams)
    drain()
    assert {now_of(exam).state for exam in exams} == {"set_aside"}
    assert told(exams[0])[1] == ("score", "60", "stopped")
    assert at_feishu(feishu, exams[0])["result"] == {}

    press(vendor, "take_up", *exams)
    assert [now_of(exam).state for exam in exams] == ["arranged", "received"]
    give_score(vendor, exams[0], "60")
    drain()
    assert at_feishu(feishu, exams[0])["result"]["result"] == "60"


def test_notes_and_who_looks_after_it_are_kept_here(feishu, vendor, vera):
    exam = arranged(feishu)
    vendor.post(page(exam, "notes"), {"notes": "call first", "responsible": str(vera.pk)})
    exam = now_of(exam)
    assert (exam.notes, exam.responsible) == ("call first", vera)


def test_notes_are_masked_from_who_may_not_see_personal_data(feishu, vendor, auditor):
    exam = arranged(feishu)
    vendor.post(page(exam, "notes"), {"notes": "Li Na, 138 0013 8000", "responsible": ""})
    assert "Li Na" not in shown(auditor, exam)
    assert "Li Na" in shown(vendor, exam)
    assert "0013 8000" not in shown(vendor, exam)


# --- Who sees what


def test_lists_mask_and_only_a_click_shows_the_candidate(feishu, vendor, auditor, client_of, hira):
    exam = arranged(feishu)
    listed = vendor.get("/admin/bindings/exam/").content.decode()
    assert "王**" in listed
    assert "王小二" not in listed + shown(vendor, exam)
    revealed = vendor.post(page(exam, "reveal"), follow=True).content.decode()
    assert "王小二" in revealed
    assert auditor.post(page(exam, "reveal")).status_code == 403
    assert "王小二" not in shown(auditor, exam)
    assert auditor.post(page(exam, "score"), {"score": "1"}).status_code == 403
    assert client_of(hira).get(page(exam)).status_code == 403


def test_exams_are_found_by_id_and_by_candidate(feishu, vendor):
    exam = arranged(feishu)
    arranged(feishu, candidate_info={"name": "李四"})
    for term in (exam.exam_id, "189 0000 1111", "wang@example.com", "王小二"):
        found = vendor.post("/admin/bindings/exam/search/", {"q": term}, follow=True)
        assert [row.exam_id for row in found.context["cl"].result_list] == [exam.exam_id], term


def test_who_an_exam_was_about_is_forgotten_when_its_time_is_over(feishu, vendor, settings, clock):
    settings.CANDIDATES_KEEP_DAYS = 100
    done, open_one = arranged(feishu), arranged(feishu)
    give_access(vendor, done)
    give_score(vendor, done, "60", parts="Logic: 85", links="https://reports.example.com/a.pdf 王小二.pdf")
    vendor.post(page(done, "notes"), {"notes": "王小二 is late", "responsible": ""})
    drain()
    clock.advance(days=101)
    empty_candidates()
    done = now_of(done)
    assert (done.candidate_name, done.candidate_mobile, done.candidate_email, done.notes) == ("", "", "", "")
    again = vendor.post(page(done, "notes"), {"notes": "王小二 was late", "responsible": ""})
    assert "nothing more is noted of it" in again.content.decode()
    assert [(row.access, row.details, row.reports) for row in ExamUpdate.objects.filter(exam=done)] == [
        ("", [], []),
        ("", [], []),
    ]
    assert told(done)[1] == ("score", "60", "delivered")
    assert now_of(open_one).candidate_name == "王小二"
    assert Exam.objects.get(pk=open_one.pk).emptied_at is None


def test_a_report_of_ours_leads_from_the_exam_to_who_has_read_it(feishu, vendor, vera):
    exam = arranged(feishu)
    file = ReportFile.objects.create(
        name="王小二.pdf", file="x", sha256="0" * 64, size=1, pages=1, uploaded_by=vera
    )
    reports = [{"name": file.name, "link": make_link(file).pk}]
    services.report_score(exam, services.Score(score="60", reports=reports), by=vera)
    text = shown(vendor, exam)
    assert f"/admin/bindings/reportfile/{file.pk}/change/" in text
    assert "王小二" not in text
