"""The chart of orders per week on the home page."""

from html import unescape
from re import findall

from bindings.checks.queue import take_step
from hireops.desk import tasks
from tests.bindings.conftest import says
from tests.bindings.orders.conftest import shanghai


def test_orders_of_a_week_and_which_of_them_were_late_lead_to_their_lists(vendor, ordered, arranged, clock):
    late, soon = ordered("2026-11-02T10:00"), ordered("2026-11-08T23:00")
    ordered("2026-11-09T00:30")
    arranged("2026-11-09T10:00")
    clock.set(shanghai("2026-11-09T12:00"))
    tasks.count_days()
    assert drawn(vendor) == {
        "2026-11-02 to 2026-11-08, Orders: 2",
        "2026-11-09 to 2026-11-15, Orders: 1",
    }

    clock.set(shanghai("2026-11-10T12:00"))  # the first one was promised for the day before
    tasks.count_days()
    assert "2026-11-02 to 2026-11-08, Late: 1" in drawn(vendor)

    take_step(late, late.State.TERMINATED_BY_VENDOR)
    clock.advance(hours=2)
    tasks.count_days()
    assert "2026-11-02 to 2026-11-08, Late: 1" in drawn(vendor)  # it was late
    listed = vendor.get(unescape(bars(vendor)["2026-11-02 to 2026-11-08, Late: 1"]))
    assert says(listed, late.background_check_id)
    assert not says(listed, soon.background_check_id)


def bars(browser):
    page = browser.get("/admin/").content.decode()
    checks = next(each for each in page.split("<figure")[1:] if "Background checks per week" in each)
    return {words: url for url, words in findall(r'<a href="([^"]+)"><title>([^<]+)</title>', checks)}


def drawn(browser):
    return set(bars(browser))
