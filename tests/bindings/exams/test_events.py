"""What an event makes of an exam."""

import pytest

from bindings.exams.events import exams_of
from bindings.models import Customer, Exam, ExamPaper, Turn
from hireops.inbox import registry
from hireops.inbox.models import Event
from tests.bindings.exams.conftest import account, handle_events, told_of
from tests.selection import also_on_sqlite

pytestmark = [also_on_sqlite, pytest.mark.django_db]


def test_an_exam_has_its_candidate_its_customer_and_the_paper_as_it_was():
    bound = account()
    bound.customer = Customer.objects.create(code="A001", name="甲公司")
    bound.save()
    paper = ExamPaper.objects.create(code="paper001", name="春季测评")
    event = told_of("7147998241542539527")
    paper.name = "秋季测评"
    paper.save()

    exam = Exam.objects.get()
    assert (exam.exam_id, exam.account, exam.customer) == ("7147998241542539527", bound, bound.customer)
    assert (exam.paper_id, exam.paper_name) == ("paper001", "春季测评")
    assert (exam.candidate_name, exam.candidate_mobile, exam.candidate_email) == (
        "王小二",
        "+8618900001111",
        "wang@example.com",
    )
    assert (exam.state, exam.turn, exam.received_at) == ("received", Turn.VENDOR, event.received_at)
    assert exam.promised_on is not None
    assert exam.first_promised_on == exam.promised_on


def test_an_exam_is_kept_once_however_often_it_is_told_of():
    first = told_of("1")
    again = told_of("1", paper_id="another")
    Event.objects.filter(pk=first.pk).update(state="pending", handled_at=None)
    handle_events()

    exam = Exam.objects.get()
    assert (exam.event, exam.paper_id, again.state) == (first, "paper001", "handled")
    assert exams_of(again) == [exam]


def test_hundreds_that_arrive_at_once_become_hundreds():
    for number in range(60):
        told_of(f"exam-{number % 50}", handle=False)
    handle_events()
    assert Exam.objects.count() == 50
    assert not Event.objects.exclude(state="handled").exists()


def test_an_exam_for_an_account_that_nobody_knows_is_kept():
    told_of("1", account_id="unheard-of")
    exam = Exam.objects.get()
    assert (exam.account, exam.customer, exam.account_named) == (None, None, "unheard-of")


def test_what_only_the_sdk_has_is_taken_where_it_comes():
    told_of(
        "1",
        talent_id="6930815272790114324",
        application_id="6930815272790114325",
        job_info={"department": {"id": "od-1", "name": {"zh_cn": "工程部", "en_us": "Engineering"}}},
        candidate_info={"first_name": "Ming", "last_name": "Lee", "mobile": "not a number", "email": "x"},
    )
    exam = Exam.objects.get()
    assert (exam.talent_id, exam.application_id, exam.department) == (
        "6930815272790114324",
        "6930815272790114325",
        "工程部",
    )
    assert (exam.candidate_name, exam.candidate_mobile, exam.candidate_email) == (
        "LeeMing",
        "not a number",
        "x",
    )


def test_an_id_that_no_column_takes_fails_and_says_why():
    event = told_of("9" * 256)
    assert (event.state, Exam.objects.count()) == ("failed", 0)
    assert "longer than 255 characters" in event.reason


def test_the_page_of_the_event_says_it_in_words_without_the_candidate():
    words = registry.in_words(told_of("7147998241542539527"))
    assert "7147998241542539527" in words
    assert "paper001" in words
    assert "王" not in words
