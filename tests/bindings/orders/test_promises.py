"""Orders are promised by the working calendar; each move has a reason; late ones are seen."""

from datetime import date

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from bindings.models import BackgroundCheck, PromiseChange
from bindings.orders import invariants, promises
from bindings.workdays import notices
from bindings.workdays import services as workdays
from hireops.desk.errors import Refused
from tests.bindings.conftest import says
from tests.bindings.orders.conftest import page_of, promise_page, shanghai
from tests.selection import also_on_sqlite

pytestmark = also_on_sqlite

CHECKS = "admin:bindings_backgroundcheck_changelist"
EXAMS = "admin:bindings_exam_changelist"


def sound():
    return [
        *invariants.promises_are_as_last_changed(),
        *invariants.promises_are_counted_by_the_calendar(),
    ] == []


def now_of(order):
    return type(order).objects.get(pk=order.pk)


def last_change(order):
    change = promises.changes_of(order).last()
    assert change
    return change


def test_an_order_is_promised_for_its_package_and_items(ordered, arranged):
    assert ordered("2026-09-18T10:00").promised_on == date(2026, 9, 24)
    assert ordered("2026-09-18T10:00", items=["court", "unknown"]).promised_on == date(2026, 9, 29)
    assert ordered("2026-09-18T10:00", package="basic-v2").promised_on == date(2026, 9, 24)
    assert ordered("2026-09-18T10:00", package="theirs").promised_on is None
    exam = arranged("2026-09-30T10:00")
    assert (exam.first_promised_on, exam.promised_on) == (date(2026, 10, 9), date(2026, 10, 9))
    assert sound()


def test_what_comes_after_the_cut_off_hour_counts_from_the_next_day(ordered, settings):
    settings.PROMISE_CUTOFF_HOUR = 18
    assert ordered("2026-09-21T17:59").promised_on == date(2026, 9, 29)
    assert ordered("2026-09-21T18:00").promised_on == date(2026, 9, 30)


def test_a_promise_moves_by_a_written_reason_only_and_the_first_one_stays(vendor, arranged):
    exam = arranged("2026-11-16T10:00")
    page = vendor.post(promise_page(exam), {"to": "2026-11-30", "cause": "candidate", "reason": ""})
    assert says(page, "This field is required")
    moved = {"to": "2026-11-30", "cause": "candidate", "reason": "waits for the diploma"}
    vendor.post(promise_page(exam), moved)
    exam = now_of(exam)
    assert (exam.first_promised_on, exam.promised_on) == (date(2026, 11, 18), date(2026, 11, 30))
    change = last_change(exam)
    assert (change.before, change.after, str(change.by)) == (
        date(2026, 11, 18),
        date(2026, 11, 30),
        "vera",
    )
    assert sound()
    with pytest.raises(DatabaseError), transaction.atomic():
        PromiseChange.objects.filter(pk=change.pk)._raw_delete("default")


@pytest.mark.parametrize("to", ["2026-11-23", "2026-11-15"])
def test_a_promise_does_not_move_to_where_it_is_or_before_the_order_came(to, ordered, vera):
    check = ordered("2026-11-16T10:00")
    with pytest.raises(Refused):
        promises.move(check, date.fromisoformat(to), cause="other", reason="so", by=vera)


def test_who_may_not_change_orders_moves_no_promise(auditor, arranged):
    exam = arranged("2026-11-16T10:00")
    assert auditor.get(promise_page(exam)).status_code == 404
    assert not says(auditor.get(page_of(exam)), "Move the promised date")


def test_an_exam_says_what_was_promised_and_why_it_moved(vendor, arranged, clock):
    exam = arranged("2026-11-16T10:00")
    clock.set(shanghai("2026-11-16T12:00"))
    moved = {"to": "2026-11-20", "cause": "customer", "reason": "asked for it by mail"}
    page = vendor.post(promise_page(exam), moved, follow=True)
    for text in ("2026-11-20", "at first for 2026-11-18", "the customer has asked for it", "asked for it by"):
        assert says(page, text)


def test_while_the_clock_stands_still_nothing_is_late_and_the_days_are_added(ordered, clock):
    check = ordered("2026-11-16T10:00")
    clock.set(shanghai("2026-11-16T12:00"))
    promises.stop_clock(check)
    clock.set(shanghai("2026-11-26T12:00"))
    assert not promises.is_late(now_of(check))
    assert not BackgroundCheck.objects.filter(promises.late()).exists()
    promises.resume_clock(now_of(check))
    check = now_of(check)
    assert (check.first_promised_on, check.promised_on) == (date(2026, 11, 23), date(2026, 12, 3))
    assert last_change(check).cause == "clock"
    assert sound()


def test_late_orders_are_on_the_home_page_and_in_the_list_with_whose_turn_it_is(
    vendor, ordered, arranged, clock
):
    late, exam, soon = (
        ordered("2026-11-09T10:00"),
        arranged("2026-11-09T10:00"),
        ordered("2026-11-16T10:00"),
    )
    clock.set(shanghai("2026-11-23T23:59"))
    home = vendor.get("/admin/")
    assert says(home, "Background checks that are late")
    assert says(home, "Exams that are late")
    assert says(home, "It is our turn in 1 of them.")
    listed = vendor.get(f"{reverse(EXAMS)}?promise=late")
    assert says(listed, exam.exam_id)
    assert says(listed, "late: 2026-11-11")
    assert says(vendor.get(page_of(exam)), "Whose turn it is: ours")
    assert {*BackgroundCheck.objects.filter(promises.late())} == {late}
    clock.set(shanghai("2026-11-24T00:01"))
    assert {*BackgroundCheck.objects.filter(promises.late())} == {late, soon}


# --- A year that is not announced


NOTICE = "2027-01-01 ~ 2027-01-03 休\n2027-01-09 班"


def test_loading_a_year_lists_the_promises_that_move_before_it_moves_them(vendor, ordered, vera):
    moves = ordered("2026-12-28T10:00")
    stays = ordered("2026-12-01T10:00")
    named = ordered("2026-12-28T10:00")
    assert (moves.promised_on, moves.promise_is_provisional) == (date(2027, 1, 4), True)
    promises.move(named, date(2027, 1, 5), cause="customer", reason="asked", by=vera)
    page = vendor.post(
        reverse("admin:bindings_workday_load"), {"year": "2027", "source": "n", "days": NOTICE}
    )
    assert [move.what for move in page.context["moves"]] == [f"background check {moves}"]
    assert says(page, "Load 2027 and move 1 promises")
    assert now_of(moves).promised_on == date(2027, 1, 4)
    vendor.post(reverse("admin:bindings_workday_load"), {"notice": page.context["kept"]})
    moved = now_of(moves)
    assert (moved.promised_on, moved.promise_is_provisional) == (date(2027, 1, 5), False)
    assert moved.first_promised_on == date(2027, 1, 4)
    assert now_of(stays).promised_on == stays.promised_on
    assert now_of(named).promised_on == date(2027, 1, 5)
    assert last_change(moved).by == vera
    assert sound()


def test_a_corrected_calendar_moves_what_was_promised_by_the_first_one(ordered, vera):
    check = ordered("2026-12-28T10:00")
    workdays.load(notices.read(NOTICE, year=2027, source="first"), by=vera)
    assert now_of(check).promised_on == date(2027, 1, 5)
    more = notices.read(f"{NOTICE}\n2027-01-04 休", year=2027, source="corrected")
    workdays.load(more, by=vera)
    assert now_of(check).promised_on == date(2027, 1, 6)
    assert sound()
