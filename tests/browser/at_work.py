"""What people do at their pages, step by step: for journeys that are tested, and for the pictures of them."""

from itertools import count

from django.contrib.auth.models import Group
from django.utils.translation import override

from hireops.desk.roles import ROLES, role_name
from hireops.outbox.models import Call
from referrals.models import Reversal, Withdrawal
from tests.browser.visitor import Visitor, sign_in
from tests.browser.world import PASSWORD

HOME = "/admin/"
ACCOUNTS = "/admin/referrals/referralaccount/"
WITHDRAWALS = "/admin/referrals/withdrawal/"
HAND_OVER = "/admin/referrals/payoutbatch/prepare/"
FIELDS = "/admin/bindings/customfield/"
QUEUE = "/admin/bindings/accounttobind/"
CHECKS = "/admin/bindings/backgroundcheck/"
EXAMS = "/admin/bindings/exam/"
MASKED_CANDIDATE = "王*"
ORDER_FORMS = "/admin/bindings/orderform/"
PEOPLE = "/admin/auth/user/"
REFERRALS = "/?view=referrals"  # of the simulator
# A bank gives each payment a number of its own.
REFERENCES = count(88)


# --- A payout


def employ(customer: Visitor, mobile: str, name: str = "王小二") -> None:
    """On the simulator's page, whose form for it is closed once there is somebody."""
    customer.open(REFERRALS)
    form = customer.page.locator("details[data-key=employee-form]")
    if form.get_attribute("open") is None:
        form.locator("summary").click()
    customer.fill("Name", name)
    customer.fill("Mobile", mobile)
    customer.press("Add this employee")
    customer.reads(mobile)


def reward(customer: Visitor, mobile: str, amount: str = "88.00") -> None:
    customer.open(REFERRALS)
    customer.fill("Employee", mobile)
    customer.fill("Cash", amount)
    customer.choose("Currency", "CNY")
    customer.press("Confirm this reward")
    customer.reads(amount)


def register(hira: Visitor, mobile: str, name: str = "王小二") -> None:
    hira.open("/admin/referrals/registration/add/")
    hira.fill("Mobile number", mobile)
    hira.fill("Name", name)
    hira.confirm()
    hira.reads_in_time(mobile[-4:], ACCOUNTS)


def ask(hira: Visitor, mobile: str, amount: str = "88.00") -> str:
    """The path of the withdrawal; the account is to have so much before."""
    hira.open(ACCOUNTS)
    hira.follow_row(mobile[-4:])
    account = hira.page.url
    hira.reads_in_time(amount, account)
    hira.open(ACCOUNTS)
    hira.run_action("Ask for a withdrawal", mobile[-4:])
    hira.confirm("十一月发放")
    hira.sees("To the withdrawals")
    return hira.address_of(WITHDRAWALS)


def approve(ada: Visitor, withdrawal: str) -> None:
    ada.open(HOME)
    ada.follow("Payouts waiting for approval")
    ada.open(withdrawal)
    ada.press("Approve")
    ada.reads("88.00")
    ada.confirm("金额无误", label="Comment on the approval")
    ada.sees_in_time(Withdrawal.State.TAKEN.label, withdrawal)


def hand_over(hira: Visitor) -> None:
    hira.open(HAND_OVER)
    hira.press("Look at the sums")
    hira.fill("Note", "十一月")
    hira.confirm()
    hira.sees("Handed over by")


def record_as_paid(hira: Visitor) -> str:
    """The path of the payment; at first she is on the batch's page."""
    hira.follow("Paid")
    reference = f"BANK-{next(REFERENCES)}"
    hira.fill("Reference of the payment", reference)
    hira.confirm()
    hira.reads(reference)
    return hira.address_of("/admin/referrals/payment/")


def propose_to_reverse(hira: Visitor, payment: str) -> None:
    hira.open(payment)
    hira.follow("Reverse this payment")
    hira.page.get_by_label(hira.word("returned by the bank: the account is closed")).check()
    hira.confirm()
    hira.sees(Reversal.State.PROPOSED.label)


def confirm_the_reversal(ada: Visitor) -> None:
    ada.open("/admin/referrals/reversal/")
    ada.follow_row(ada.word(Reversal.State.PROPOSED.label))
    ada.press("Confirm")
    ada.confirm("银行回单")
    ada.reads(ada.word("Reversed"))


# --- A second login


def add_a_person(admin: Visitor, login: str, name: str, role: str) -> str:
    """The one-time password that they have; ``role`` as in ``ROLES``."""
    admin.open(f"{PEOPLE}add/")
    admin.fill("Name", name)
    admin.fill("username", login)
    with override(admin.language):
        box = admin.page.get_by_role("checkbox", name=role_name(Group(name=ROLES[role])))
    box.check()
    admin.save()
    return admin.content.locator("code.password").inner_text()


def sign_in_for_the_first_time(person: Visitor, login: str, one_time: str) -> None:
    sign_in(person.page, person.site, login, one_time)
    for field in person.page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    person.press("Save the password", within=person.page.locator("body"))


# --- A vendor's customer


def push_a_field(vera: Visitor, of: str) -> None:
    """For the second language the page says what differs from the form that the first has pushed."""
    key = f"company_{ord(of[0])}"
    define_a_field(vera, f"企业编号 {of}", key)
    vera.open(f"{FIELDS}push/1/")
    assert vera.page.locator(".drawn-added").filter(has_text=key).count() == 1
    vera.press("Push this form to Feishu")
    vera.sees_in_time(Call.State.SUCCEEDED.label)


def define_a_field(vera: Visitor, name: str, key: str) -> None:
    vera.open(f"{FIELDS}add/")
    vera.choose("account type", vera.word("Background check"))
    vera.fill("key", key)
    vera.fill("name in Chinese", name)
    vera.fill("name in English", name)
    vera.save()
    vera.reads(key)


def add_an_account(customer: Visitor, of: str) -> None:
    customer.open("/?scope=1")
    customer.reads_in_time(f"企业编号 {of}", "/?scope=1")
    customer.fill("Account name", f"背调账号 {of}")
    for box in customer.content.locator("input[name=usages]").all():
        box.check()
    for field in customer.content.locator("input[name^='field:']").all():
        field.fill(f"ACME-{ord(of[0])}")
    customer.press("Add this account")
    customer.reads(f"背调账号 {of}")


def bind_it_from_the_queue(vera: Visitor, of: str, account: str = "背调账号") -> None:
    """At last the page is that of the account."""
    vera.reads_in_time(f"{account} {of}", QUEUE)
    vera.run_action("Bind to a customer", f"{account} {of}")
    vera.follow("New customer")
    vera.fill("Customer code", f"ACME-{ord(of[0])}")
    vera.fill("Customer name", f"某某公司 {of}")
    vera.confirm("电话确认")
    vera.open("/admin/bindings/ecoaccount/")
    vera.follow_row(f"{account} {of}")
    vera.reads(f"某某公司 {of}")


def enter_a_customer(vera: Visitor, of: str) -> None:
    """Whose code is what is filled in with the account."""
    vera.open("/admin/bindings/customer/add/")
    vera.fill("Customer code", f"ACME-{ord(of[0])}")
    vera.fill("name", f"{of}科技有限公司")
    vera.save()


def bind_it_to_the_likely_one(vera: Visitor, of: str) -> None:
    vera.run_action("Bind to a customer", f"背调账号 {of}")
    vera.follow("Choose")
    vera.confirm("电话确认")
    vera.open("/admin/bindings/ecoaccount/")
    vera.follow_row(f"背调账号 {of}")


def choose_a_package(vera: Visitor, of: str) -> None:
    """At first the page is that of the account, at last the picture of what it is to offer."""
    _choose(vera, "checkpackage", f"BASIC{ord(of[0])}", f"基础背调 {of}")


def choose_a_paper(vera: Visitor, of: str) -> None:
    """As ``choose_a_package``, of an account for exams."""
    _choose(vera, "exampaper", f"JAVA{ord(of[0])}", f"Java 工程师笔试 {of}")


def _choose(vera: Visitor, model: str, code: str, name: str) -> None:
    account = vera.page.url
    vera.open(f"/admin/bindings/{model}/add/")
    vera.fill("code", code)
    vera.fill("name", name)
    vera.save()
    vera.open(account)
    vera.follow("Choose what is offered")
    vera.page.get_by_label(name).check()
    vera.confirm()


def order_it(customer: Visitor, of: str) -> None:
    _order(customer, of, f"{customer.word('Background check')} · 背调账号 {of}", f"基础背调 {of}")
    customer.press("Order this check")
    customer.reads(f"王小二 {of}")


def arrange_it(customer: Visitor, of: str) -> None:
    _order(customer, of, f"{customer.word('Written exam')} · 笔试账号 {of}", f"Java 工程师笔试 {of}")
    customer.press("Arrange this exam")
    customer.reads(f"王小二 {of}")


def _order(customer: Visitor, of: str, account: str, offered: str) -> None:
    customer.open("/?view=orders")
    customer.page.locator("select[name=account]").select_option(label=account)
    customer.press("Choose")
    customer.reads_in_time(offered)
    customer.fill("Candidate", f"王小二 {of}")
    customer.fill("Mobile", "13800001111")
    customer.fill("Email", "candidate@example.com")


def score_it(vera: Visitor) -> None:
    """At last the page is that of the exam, whose score was corrected."""
    vera.reads_in_time(MASKED_CANDIDATE, EXAMS)  # the name of the state stands in a filter, too
    vera.page.locator("#result_list tbody a").first.click()
    vera.follow("Tell the access")
    vera.fill("Link", "https://exam.example.com/c/8a1f")
    vera.confirm()
    vera.follow("Report the score")
    vera.fill("Score", "85")
    vera.confirm()
    vera.follow("Correct the score")
    vera.fill("Score", "88")
    vera.fill("Reason of the correction", "复核后更正")
    vera.confirm()
    vera.sees_in_time("the customer has this one")


def push_an_order_form(vera: Visitor, of: str) -> None:
    """To the account of checks; at last the page is that of the form."""
    vera.open(f"{ORDER_FORMS}add/")
    vera.fill("name", "标准下单表单")
    vera.save()
    vera.follow("Choose accounts")
    vera.page.get_by_label(f"背调账号 {of}").check()
    vera.press("Give them this form")
    vera.follow("See what a push would change, and push")
    vera.press("Push to all of them")
    vera.sees_in_time("All of them are up to date.")


def rename_its_last_field(vera: Visitor, name: str) -> None:
    vera.page.locator(".has_original [name$='-name_zh']").last.fill(name)
    vera.save()
    vera.follow_row("标准下单表单")


def serve_it(vera: Visitor) -> None:
    vera.reads_in_time(MASKED_CANDIDATE, CHECKS)  # the name of the state stands in a filter, too
    vera.page.locator("#result_list tbody a").first.click()
    vera.follow("Report a stage")
    vera.fill("Stage", "学历核实")
    vera.confirm()
    vera.follow("Report the result")
    vera.fill("Result", "无差异")
    vera.confirm()
    vera.sees("No report goes along with it.")
    vera.confirm()
