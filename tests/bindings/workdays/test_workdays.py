"""The calendar tells the truth: China's working days, counted and loaded."""

import re
from datetime import UTC, date, datetime, timedelta

import chinese_calendar
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation

from bindings.models import WorkDay
from bindings.workdays import notices, services
from bindings.workdays.calendar import Calendar, day_of_receipt
from hireops.desk.errors import Refused
from hireops.spreadsheets.writing import write_xlsx
from tests.bindings.conftest import says
from tests.selection import also_on_sqlite

pytestmark = also_on_sqlite

FIRST, LAST = date(2020, 1, 1), date(2026, 12, 31)
DAYS = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
LOAD = "admin:bindings_workday_load"
NOTICE_2027 = """
2027-01-01 ~ 2027-01-03 休 元旦
2027年2月5日至2月11日 放假 春节
2027/1/30 班
2月20日 补班
2027.4.3 ~ 2027.4.5 休
2027-05-01,休
2027-05-03 - 2027-05-05 休 劳动节
10月1日到10月7日 休 国庆节
"""


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_lines_that_the_form_gives_as_examples_are_read(client_of, vera, language):
    browser = client_of(vera)
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    form = browser.get(reverse(LOAD)).context["form"]
    with translation.override(language):
        first, second = re.findall("“([^”]*[休班][^”]*)”", str(form.fields["days"].help_text))

    page = browser.post(reverse(LOAD), {"year": "2027", "source": "n", "days": f"{first}\n{second}"})

    days = {(each.day, each.works, each.name) for each, _weekday in page.context["days"]}
    assert {(date(2027, 2, 5), False, "春节"), (date(2027, 2, 20), True, "")} < days
    assert len(days) == 8


@pytest.mark.django_db
def test_each_day_of_seven_years_is_as_it_was_announced():
    known = dict(WorkDay.objects.values_list("date", "works"))
    assert known == {day: chinese_calendar.is_workday(day) for day in DAYS}


@pytest.mark.django_db
def test_each_promise_of_1_to_20_days_is_what_a_recount_of_the_table_gives():
    known = dict(WorkDay.objects.values_list("date", "works"))
    calendar = services.calendar(FIRST, LAST)
    worked = sorted(day for day, works in known.items() if works)
    for received in DAYS[:-45]:
        after = [day for day in worked if received < day <= received + timedelta(days=60)]
        for days in range(1, 21):
            promise = calendar.after(received, days)
            assert (promise.on, promise.is_provisional) == (after[days - 1], False)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("received", "promised"),
    [("2026-09-18", "2026-09-24"), ("2026-02-10", "2026-02-24"), ("2026-09-28", "2026-10-10")],
)
def test_holidays_and_make_up_days_move_a_promise_of_five_days(received, promised):
    noon = datetime.fromisoformat(f"{received}T04:00:00+00:00")
    assert services.promise(noon, 5).on == date.fromisoformat(promised)


@pytest.mark.django_db
def test_what_reaches_into_a_year_that_is_not_announced_is_provisional():
    before = services.promise(datetime(2026, 12, 24, 4, tzinfo=UTC), 5)
    beyond = services.promise(datetime(2026, 12, 24, 4, tzinfo=UTC), 6)
    assert (before.on, before.is_provisional) == (date(2026, 12, 31), False)
    assert (beyond.on, beyond.is_provisional) == (date(2027, 1, 1), True)


@pytest.mark.parametrize(
    ("utc", "cutoff", "day"),
    [
        ("2026-09-18T09:59:59", 18, 18),
        ("2026-09-18T10:00:00", 18, 19),
        ("2026-09-18T15:59:59", 24, 18),
        ("2026-09-18T16:00:00", 24, 19),
    ],
)
def test_the_day_of_receipt_is_that_of_the_vendors_clock(utc, cutoff, day):
    at = datetime.fromisoformat(f"{utc}+00:00")
    assert day_of_receipt(at, zone="Asia/Shanghai", cutoff_hour=cutoff) == date(2026, 9, day)


def test_a_promise_never_comes_earlier_for_what_came_later():
    calendar = Calendar({day: chinese_calendar.is_workday(day) for day in DAYS})
    for days in (1, 5, 20):
        promised = [calendar.after(day, days).on for day in DAYS[:-60]]
        assert promised == sorted(promised)


# --- A year that has been announced


def test_a_notice_is_read_as_people_paste_it():
    notice = notices.read(NOTICE_2027, year=2027, source="notice")
    works = {each.day: each.works for each in notice.days}
    assert works[date(2027, 2, 11)] is False
    assert works[date(2027, 1, 30)] is works[date(2027, 2, 20)] is True
    assert len(notice.days_off) == 3 + 7 + 3 + 1 + 3 + 7
    assert next(each.name for each in notice.days if each.day == date(2027, 10, 7)) == "国庆节"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2027-02-05 ~ 2027-02-11", "Line 1"),
        ("2027-02-05 休\nholiday", "Line 2"),
        ("2027-02-30 休", "Line 1"),
        ("2027-02-11 ~ 2027-02-05 休", "Line 1"),
        ("2027-01-01 ~ 2027-12-31 休", "Line 1"),
        ("2028-01-01 休", "is not in 2027"),
        ("2027-02-05 2027-02-11 休 春节", "Line 1"),
        ("2027-02-05 休 #N/A", "Line 1"),
        ("2027-02-05 休\n2027-02-05 班", "both"),
        ("", "no day"),
    ],
)
def test_a_notice_that_cannot_be_read_says_where(text, why):
    with pytest.raises(Refused, match=why):
        notices.read(text, year=2027, source="notice")


def test_the_last_days_of_december_may_belong_to_the_next_years_notice(db, vera):
    services.load(notices.read("2026-12-31 休 元旦\n2027-01-01 休 元旦", year=2027, source="n"), by=vera)
    assert WorkDay.objects.get(date=date(2026, 12, 31)).works is False


def test_a_year_is_looked_at_and_then_loaded(vendor):
    page = vendor.post(
        reverse(LOAD), {"year": "2027", "source": "国办发明电〔2026〕1号", "days": NOTICE_2027}
    )
    assert says(page, "Days off: 24. Make-up days: 2.")
    assert not services.is_loaded(2027)
    page = vendor.post(reverse(LOAD), {"notice": page.context["kept"]}, follow=True)
    assert says(page, "The calendar of 2027 is loaded.")
    assert WorkDay.objects.filter(date__year=2027).count() == 365
    assert WorkDay.objects.get(date=date(2027, 2, 20)).works
    assert says(page, "国办发明电〔2026〕1号")


def test_a_file_from_excel_is_a_notice_too(vendor, tmp_path):
    file = tmp_path / "2027.csv"
    file.write_bytes("日期,安排\n2027-02-05,休\n2027-02-20,班\n".encode("gb18030"))
    with file.open("rb") as opened:
        page = vendor.post(reverse(LOAD), {"year": "2027", "source": "n", "file": opened})
    assert says(page, "Days off: 1. Make-up days: 1.")
    assert says(page, "This looks incomplete")


def test_a_sheet_from_excel_is_a_notice_too_and_a_file_of_another_kind_is_named(vendor):
    rows: list[list[str | date | None]] = [
        ["日期", "安排", "名称"],
        [date(2027, 2, 5), "休", "春节"],
        [date(2027, 2, 20), "班", None],
    ]
    with write_xlsx({"2027": rows}) as file:
        sheet = SimpleUploadedFile("2027.xlsx", file.read())
    page = vendor.post(reverse(LOAD), {"year": "2027", "source": "n", "file": sheet})
    assert says(page, "Days off: 1. Make-up days: 1.")
    picture = SimpleUploadedFile("2027.xlsx", b"\x89PNG\r\n\x1a\n")
    page = vendor.post(reverse(LOAD), {"year": "2027", "source": "n", "file": picture})
    assert says(page, "This is a picture")


def test_who_may_only_look_loads_nothing(auditor):
    assert auditor.get(reverse("admin:bindings_workday_changelist")).status_code == 200
    assert auditor.get(reverse(LOAD)).status_code == 403


def test_the_home_page_says_from_december_that_next_year_is_missing(vendor, clock, vera):
    text = "Working calendar of 2027 is missing"
    clock.set(datetime(2026, 11, 30, 15, 59, tzinfo=UTC))
    assert not says(vendor.get("/admin/"), text)
    clock.set(datetime(2026, 11, 30, 16, 1, tzinfo=UTC))
    assert says(vendor.get("/admin/"), text)
    services.load(notices.read(NOTICE_2027, year=2027, source="n"), by=vera)
    assert not says(vendor.get("/admin/"), text)
