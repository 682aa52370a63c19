"""What could not be handled is found in the list, looked at, and replayed with a reason."""

from tests.browser.visitor import Door, Visitor
from tests.browser.world import World
from tests.processes import wait_until

BALANCE = "hire.referral_account.assets_update_v1"
FAILED = "/admin/inbox/event/?state__exact=failed"


def test_a_failed_event_is_replayed(site: World, door: Door, language: str) -> None:
    event_id = site.feishu.emit(BALANCE, {"account_id": f"of nobody {language}", "assets": "unreadable"})
    otto = door.let_in("otto", language)
    otto.reads_in_time(event_id[-6:], FAILED)
    otto.follow_row(event_id[-6:])
    event, tried = otto.page.url.partition("change/")[0], _attempts(otto)

    otto.press("Replay")
    otto.confirm("供应方已更正")

    wait_until(lambda: _attempts_on(otto, event) > tried, seconds=60, what="it is not tried again")
    otto.open(f"{event}history/")
    otto.reads("供应方已更正")


def _attempts_on(otto: Visitor, event: str) -> int:
    otto.open(f"{event}change/")
    return _attempts(otto)


def _attempts(otto: Visitor) -> int:
    return otto.content.locator(".inline-group tbody tr.has_original").count()
