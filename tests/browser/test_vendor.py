"""A vendor's first hour: a form is pushed, an account is bound, something is offered, ordered and served."""

from tests.browser.at_work import (
    add_an_account,
    bind_it_from_the_queue,
    choose_a_package,
    order_it,
    push_a_field,
    serve_it,
)
from tests.browser.visitor import Door, Visitor
from tests.browser.world import World


def test_from_a_pushed_form_to_a_served_order(site: World, door: Door, language: str) -> None:
    vera = door.let_in("vera", language)
    customer = Visitor(vera.page.context.new_page(), site.feishu.url, language)
    of = language.removesuffix("-hans")
    push_a_field(vera, of)
    add_an_account(customer, of)
    bind_it_from_the_queue(vera, of)
    choose_a_package(vera, of)
    vera.press("Send it to Feishu")
    order_it(customer, of)
    serve_it(vera)
    customer.reads_in_time("无差异", "/?view=orders")
