"""A payout as two people make it: asked for, approved, handed over, recorded, reversed when it comes back."""

import pytest

from tests.browser.at_work import (
    HAND_OVER,
    approve,
    ask,
    confirm_the_reversal,
    hand_over,
    propose_to_reverse,
    record_as_paid,
    register,
)
from tests.browser.visitor import NARROW, WIDE, Door
from tests.browser.world import World


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_payout_from_the_request_to_its_return(site: World, door: Door, language: str, width: int) -> None:
    mobile = f"1380000{width % 1000 + 1:03}{len(language)}"
    site.feishu.add_employees({"name": "王小二", "mobile_number": mobile})
    hira, ada = (door.let_in(login, language, width) for login in ("hira", "ada"))
    register(hira, mobile)
    site.feishu.reward(mobile, CNY="88.00")

    withdrawal = ask(hira, mobile)
    approve(ada, withdrawal)
    hand_over(hira)
    payment = record_as_paid(hira)
    propose_to_reverse(hira, payment)
    confirm_the_reversal(ada)

    hira.open(HAND_OVER)
    hira.reads("88.00")
    hira.sees("Transaction time")
