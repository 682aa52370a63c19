"""The pictures of the README and the manual: ``make screenshots`` puts them into docs/images.

They are taken of pages that the journeys of the tests lead to, in Chinese. Their dates and IDs are of the
moment; what they show is the same each time.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import ViewportSize

from tests.browser import at_work
from tests.browser.at_work import HAND_OVER, HOME, QUEUE
from tests.browser.visitor import Door, Visitor
from tests.browser.world import World
from tests.environment import ROOT

IMAGES = ROOT / "docs" / "images"
SIZE = ViewportSize(width=1280, height=820)
LARGEST_BYTES = 150 * 1024
ZH = "zh-hans"
OF = "星河"


@pytest.fixture
def take() -> Callable[[Visitor, str], None]:
    def take(visitor: Visitor, name: str) -> None:
        visitor.page.set_viewport_size(SIZE)
        visitor.page.evaluate("scrollTo(0, 0)")
        picture: Path = IMAGES / f"{name}.png"
        visitor.page.screenshot(path=picture, animations="disabled", caret="hide")
        assert picture.stat().st_size <= LARGEST_BYTES, f"{name}.png is too large"

    return take


def test_of_a_vendor(site: World, door: Door, take: Callable[[Visitor, str], None]) -> None:
    vera = door.let_in("vera", ZH)
    customer = Visitor(vera.page.context.new_page(), site.feishu.url, ZH)
    at_work.push_a_field(vera, OF)
    at_work.define_a_field(vera, "令牌", "account_token")
    vera.open(f"{at_work.FIELDS}push/1/")
    take(vera, "push")
    at_work.enter_a_customer(vera, OF)
    at_work.add_an_account(customer, OF)
    vera.reads_in_time(f"背调账号 {OF}", QUEUE)
    take(vera, "bind")
    at_work.bind_it_to_the_likely_one(vera, OF)
    at_work.choose_a_package(vera, OF)
    take(vera, "offer")
    vera.press("Send it to Feishu")
    at_work.order_it(customer, OF)
    at_work.serve_it(vera)
    customer.reads_in_time("无差异", "/?view=orders")
    vera.open(vera.page.url)
    take(vera, "check")
    at_work.push_an_order_form(vera, OF)
    at_work.rename_its_last_field(vera, "候选人签字授权书")
    vera.follow("See what a push would change, and push")
    take(vera, "order-form")


def test_of_an_exam(site: World, door: Door, take: Callable[[Visitor, str], None]) -> None:
    vera = door.let_in("vera", ZH)
    customer = Visitor(vera.page.context.new_page(), site.feishu.url, ZH)
    of = "北辰"
    site.feishu.add_account(scope=2, name=f"笔试账号 {of}")
    at_work.bind_it_from_the_queue(vera, of, "笔试账号")
    at_work.choose_a_paper(vera, of)
    vera.press("Send it to Feishu")
    at_work.arrange_it(customer, of)
    at_work.score_it(vera)
    vera.open(vera.page.url)
    take(vera, "exam")


def test_of_a_payout(site: World, door: Door, take: Callable[[Visitor, str], None]) -> None:
    hira, ada = (door.let_in(login, ZH) for login in ("hira", "ada"))
    people = {"13800001001": "王小二", "13800001002": "赵一鸣", "13800001003": "孙丽"}
    site.feishu.add_employees(*({"name": name, "mobile_number": mobile} for mobile, name in people.items()))
    for number, (mobile, name) in enumerate(people.items(), 1):
        at_work.register(hira, mobile, name)
        site.feishu.reward(mobile, CNY=f"{number * 310}.50")
    for number, mobile in enumerate(people, 1):
        withdrawal = at_work.ask(hira, mobile, f"{number * 310}.50")
    ada.open(HOME)
    take(ada, "home")
    ada.open(at_work.WITHDRAWALS)
    ada.page.locator("#action-toggle").check()
    ada.page.locator("select[name=action]").select_option(label=ada.word("Approve"))
    with ada.page.expect_navigation():
        ada.page.locator("#changelist-form button[name=index]").click()
    take(ada, "approve")
    ada.confirm("十一月发放", label="Comment on the approval")
    hira.reads_in_time(hira.word("to be paid"), withdrawal)
    hira.open(HAND_OVER)
    at_work.hand_over(hira)
    take(hira, "batch")
