"""What the README tells HR to try: one login has it all, until a second person is to approve.

The vendor's half is a journey of its own (``test_vendor``).
"""

from referrals.models import Withdrawal
from tests.browser.at_work import (
    REFERRALS,
    add_a_person,
    approve,
    ask,
    employ,
    register,
    reward,
    sign_in_for_the_first_time,
)
from tests.browser.visitor import Door, Visitor
from tests.browser.world import World


def test_an_employee_is_rewarded_and_a_second_login_approves_the_payout(
    site: World, door: Door, language: str
) -> None:
    mobile = f"1370000000{len(language) % 10}"
    admin, second = door.let_in("admin", language), door.stranger(language)
    customer = Visitor(admin.page.context.new_page(), site.feishu.url, language)
    employ(customer, mobile)
    register(admin, mobile)
    reward(customer, mobile)
    withdrawal = ask(admin, mobile)

    login = f"second-{language}"
    sign_in_for_the_first_time(second, login, add_a_person(admin, login, "陈二", "hr_approver"))
    approve(second, withdrawal)

    admin.open(withdrawal)
    admin.sees(Withdrawal.State.TAKEN.label)
    customer.reads_in_time(customer.word("Withdrawn by hireops"), REFERRALS)
