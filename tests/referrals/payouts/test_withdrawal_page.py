"""What staff see of withdrawals and do there: asking for them, deciding them, following each of them."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.urls import reverse
from django.utils.html import escape

from hireops.database import clock as database_clock
from hireops.desk.display import exact_moment
from hireops.desk.roles import ROLES
from hireops.outbox.models import Attempt, Call, Channel
from referrals.accounts.admin.accounts import withdrawal_page
from referrals.models import Balance, Payment, PayoutBatch, ReferralAccount, Withdrawal
from referrals.payouts import services, transitions
from tests.pages import figures_shown
from tests.referrals.conftest import tell
from tests.referrals.withdrawals import payee_of

pytestmark = pytest.mark.django_db

LIST = "/admin/referrals/withdrawal/"
REQUEST = f"{LIST}request/"
DECISIONS = ["approve", "reject", "cancel", "ask_again"]


@pytest.fixture
def requested(account, hira):
    def requested(of=None, *, by=hira, points=True, cash=True):
        of = of or account(points=100, CNY="12.30")
        return services.request_withdrawal(of, by=by, points=points, cash=cash, reason="November payout")

    return requested


@pytest.fixture
def approved(requested, ada):
    def approved(of=None):
        withdrawal = requested(of)
        services.approve_withdrawal(withdrawal, by=ada, reason="checked with payroll")
        return now_of(withdrawal)

    return approved


@pytest.fixture
def others(audrey, vera, eve, otto):
    """Who has nothing to do with payouts but, some of them, to look at them."""
    return [audrey, vera, eve, otto]


@pytest.fixture
def hr(pages, hira):
    return pages(hira)


@pytest.fixture
def approver(pages, ada):
    return pages(ada)


def request_url(accounts):
    return withdrawal_page([account.pk for account in accounts])


def now_of(withdrawal):
    return Withdrawal.objects.select_related("account", "call").get(pk=withdrawal.pk)


def state(withdrawal):
    return now_of(withdrawal).state


def page_of(withdrawal):
    return f"{LIST}{withdrawal.pk}/change/"


def act(client, action, *withdrawals, reason="because", **extra):
    """Confirm the action on its page; what the person reads afterwards."""
    chosen = {"_selected_action": [each.pk for each in withdrawals]}
    figures = figures_shown(client.post(f"{LIST}actions/{action}/", chosen))
    return confirm(client, action, *withdrawals, reason=reason, figures=figures, **extra)


def confirm(client, action, *withdrawals, **sent):
    """Press the button of that page; what it had shown goes along."""
    chosen = {"_selected_action": [each.pk for each in withdrawals], "confirmed": "yes", **sent}
    return client.post(f"{LIST}actions/{action}/", chosen, follow=True)


def text_of(response):
    assert response.status_code == 200, response.status_code
    return re.sub(r"\s+", " ", response.content.decode())


def says(response, text):
    return escape(text) in text_of(response) or text in text_of(response)


def withdrawals_sent():
    return Call.objects.filter(operation="referral_account.withdraw").count()


# --- Asking for them


def test_the_page_shows_what_would_be_asked_for_and_who_can_not(hr, account, requested):
    rich = account(points=100, CNY="12.30", EUR="5")
    empty, off, busy = account(), account(points=5, status=2), account(points=7)
    ReferralAccount.objects.filter(pk=off.pk).update(status=2)
    open_one = requested(busy)
    page = hr.get(request_url([rich, empty, off, busy]))
    for text in [" 100</label>", "CNY 12.30 · EUR 5.00", "as of", rich.account_id]:
        assert says(page, text), text
    assert says(page, "nothing of that is in this account")
    assert says(page, "This account is deactivated")
    assert says(page, f"Withdrawal #{open_one.pk} of this account is open")
    boxes = re.findall(r'type="checkbox" name="([^"]+)"( checked)?', text_of(page))
    assert boxes == [(f"points-{rich.pk}", " checked"), (f"cash-{rich.pk}", " checked")]


def test_looking_at_the_page_asks_for_nothing(hr, account):
    hr.get(request_url([account(points=100)]))
    hr.post(REQUEST, {"_selected_action": [account(points=100).pk]})
    assert not Withdrawal.objects.exists()


def ask(client, *accounts, chosen, reason="November", **extra):
    boxes = dict.fromkeys(chosen, "on")
    sent = {"account": [each.pk for each in accounts], "confirmed": "yes", "reason": reason}
    return client.post(REQUEST, {**sent, **boxes, **extra})


def test_each_account_gets_its_withdrawal_and_every_result_is_told(hr, account, hira, requested):
    both, cash_only, left_out, quick = (account(points=100, CNY="12.30") for _ in range(4))
    requested(quick)
    chosen = [f"points-{both.pk}", f"cash-{both.pk}", f"cash-{cash_only.pk}", f"points-{quick.pk}"]
    page = ask(hr, both, cash_only, left_out, quick, chosen=chosen)
    kinds = {
        (each.account_id, each.takes_points, each.takes_cash)
        for each in Withdrawal.objects.filter(request_reason="November")
    }
    assert kinds == {(both.pk, True, True), (cash_only.pk, False, True)}
    assert set(Withdrawal.objects.values_list("requested_by", flat=True)) == {hira.pk}
    for account_ in (both, cash_only):
        withdrawal = account_.withdrawals.get()
        assert says(page, f'<a href="{page_of(withdrawal)}">#{withdrawal.pk}</a>')
    assert says(page, "Not asked for.")
    assert says(page, "of this account is open")
    assert not says(page, left_out.account_id)


def test_a_reason_and_a_choice_are_needed(hr, account):
    owner = account(points=100)
    page = ask(hr, owner, chosen=[])
    assert says(page, "Choose points or cash of one account at least.")
    page = ask(hr, owner, chosen=[f"points-{owner.pk}"], reason=" ")
    assert says(page, "This field is required.")
    assert f'name="points-{owner.pk}" checked' in text_of(page)
    assert not Withdrawal.objects.exists()


def test_a_second_click_asks_for_nothing_more(hr, account):
    owner = account(points=100)
    for _ in range(2):
        page = ask(hr, owner, chosen=[f"points-{owner.pk}"])
    assert says(page, "of this account is open")
    assert Withdrawal.objects.count() == 1


@pytest.mark.parametrize(
    "query", ["", "?account=", "?account=x", "?account=999999999999999999999", "?account=-1"]
)
def test_no_account_leads_back_to_the_list(hr, query):
    answer = hr.get(f"{REQUEST}{query}")
    assert (answer.status_code, answer.url) == (302, reverse("admin:referrals_referralaccount_changelist"))


def test_only_who_may_ask_gets_the_page(pages, account, ada, others):
    owner = account(points=100)
    for person in (ada, *others):
        client = pages(person)
        assert client.get(request_url([owner])).status_code in {302, 403}
        assert ask(client, owner, chosen=[f"points-{owner.pk}"]).status_code in {302, 403}
    assert not Withdrawal.objects.exists()


def test_who_may_not_see_names_does_not_see_them(pages, account, eve):
    eve.user_permissions.set(
        Permission.objects.filter(codename__in=["view_withdrawal", "request_withdrawal"])
    )
    owner = account(points=100, name="欧阳娜娜")
    client = pages(User.objects.get(pk=eve.pk))
    page = client.get(request_url([owner]))
    withdrawal = services.request_withdrawal(owner, by=eve, points=True, cash=False, reason="")
    for each in (page, client.get(LIST), client.get(page_of(withdrawal))):
        assert not says(each, "欧阳娜娜")
        assert says(each, "欧***")


# --- Deciding them


def test_an_approver_approves_several_at_once(approver, requested, ada):
    first, second = requested(), requested()
    answer = act(approver, "approve", first, second, reason="payroll agreed")
    assert says(answer, "“Approve”: done for 2 · points 200 · CNY 24.60.")
    for withdrawal in map(now_of, (first, second)):
        assert (withdrawal.state, withdrawal.decided_by) == ("approved", ada)
        assert withdrawal.decision_reason == "payroll agreed"
    assert withdrawals_sent() == 2


def test_an_approval_is_confirmed_with_who_how_much_and_what_is_there_now(
    approver, requested, account, ada, clock
):
    first = requested(account(points=100, CNY="1200.50", name="欧阳娜娜"))
    second = requested(account(CNY="38.50"))
    own = requested(account(CNY="7"), by=ada)
    tell(second.account.account_id, cash={"CNY": "40"}, minutes=1)
    clock.advance(hours=3)
    chosen = {"action": "approve", "_selected_action": [first.pk, second.pk, own.pk]}
    page = approver.post(LIST, chosen)
    button = "Approve 2 withdrawals · points 100 · CNY 1,240.50"
    assert f'<input type="submit" class="default" value="{button}">' in text_of(page)
    for text in [
        "欧***",
        f'<a href="{page_of(first)}">#{first.pk}</a>',
        "points 100<br>CNY 1,200.50",
        ">3 h</time>",
    ]:
        assert says(page, text), text
    assert says(page, "Compared with the request")
    assert says(page, "CNY: 1.50 more than asked for")
    assert text_of(page).index(f">#{second.pk}<") < text_of(page).index(f">#{first.pk}<")
    assert not says(page, "欧阳娜娜")
    taking, apart = text_of(page).split("Left out: 1")
    assert page_of(own) not in taking
    assert page_of(own) in apart
    assert "somebody else has to approve it" in apart
    sent = re.findall(r'name="_selected_action" value="(\d+)"', text_of(page))
    assert set(sent) == {str(first.pk), str(second.pk)}


def test_a_request_shown_in_another_language_keeps_its_boxes_and_its_reason(hr, account):
    owner, other = account(points=100), account(points=5)
    page = ask(hr, owner, other, chosen=[f"points-{owner.pk}"], reason="Novem", language="en")
    assert "Novem</textarea>" in text_of(page)
    assert re.findall(r'type="checkbox" name="([^"]+)"( checked)?', text_of(page)) == [
        (f"points-{owner.pk}", " checked"),
        (f"points-{other.pk}", ""),
    ]
    assert not Withdrawal.objects.exists()


def test_who_else_could_approve_stands_where_it_is_confirmed(approver, requested, eve):
    eve.groups.add(Group.objects.get(name=ROLES["hr_approver"]))
    chosen = {"action": "approve", "_selected_action": [requested().pk]}
    page = approver.post(LIST, chosen)
    told = re.search(r'id="approvers">([^<]+)<', text_of(page))
    assert told
    assert {"ada", "eve"} <= set(re.findall(r"\w+", told[1]))


def test_what_was_decided_meanwhile_is_named_as_staff_know_it(approver, requested, account, ada):
    withdrawal = requested(account(CNY="5", name="欧阳娜娜"))
    services.approve_withdrawal(withdrawal, by=ada, reason="ok")
    answer = act(approver, "approve", withdrawal, reason="again")
    assert says(answer, f"“欧*** · Withdrawal #{withdrawal.pk}”: ")
    assert not says(answer, f"“#{withdrawal.pk} {withdrawal.account.account_id}”")


def test_what_was_asked_for_is_told_with_who_and_how_much(hr, account):
    owner, other = account(points=100, CNY="1200.50", name="欧阳娜娜"), account(CNY="38.50")
    page = ask(hr, owner, other, chosen=[f"cash-{owner.pk}", f"cash-{other.pk}"], reason="November")
    for text in ("欧***", "CNY 1,200.50", "<strong>2</strong> · <strong>CNY 1,239.00</strong>"):
        assert says(page, text), text
    assert not says(page, "points 100")  # it was not asked for


def test_a_rejection_needs_a_reason_and_an_approval_none(approver, requested):
    withdrawal = requested()
    assert says(act(approver, "reject", withdrawal, reason=""), "This field is required.")
    assert state(withdrawal) == "requested"
    assert says(
        approver.post(f"{LIST}actions/approve/", {"_selected_action": withdrawal.pk}), "Comment on the"
    )
    act(approver, "approve", withdrawal, reason="")
    assert state(withdrawal) == "approved"


def test_a_balance_that_changed_after_the_page_was_shown_is_not_approved(approver, requested, account):
    asked, other = requested(account(CNY="1234.56")), requested(account(CNY="5"))
    chosen = {"_selected_action": [asked.pk, other.pk]}
    shown = figures_shown(approver.post(f"{LIST}actions/approve/", chosen))
    tell(asked.account.account_id, cash={"CNY": "11233.56"}, minutes=1)
    page = confirm(approver, "approve", other, asked, reason="agreed with payroll", figures=shown)
    for text in (
        "What is to be confirmed has changed since this page was shown, so nothing was done.",
        "CNY: 9,999.00 more than asked for",
        "Approve 2 withdrawals · CNY 11,238.56",
        "agreed with payroll</textarea>",
    ):
        assert says(page, text), text
    assert (state(asked), state(other)) == ("requested", "requested")
    confirm(approver, "approve", asked, other, reason="seen", figures=figures_shown(page))
    assert now_of(asked).amounts.get().approved == Decimal("11233.56")
    assert says(confirm(approver, "approve", asked), "Already approved by ada.")


def test_without_figures_of_the_page_nothing_is_approved(approver, requested):
    withdrawal = requested()
    confirm(approver, "approve", withdrawal, reason="blind")
    assert state(withdrawal) == "requested"
    answer = approver.post(
        f"{LIST}actions/approve/", {"_selected_action": withdrawal.pk, "confirmed": "yes", "figures": "[1]"}
    )
    assert answer.status_code == 400


def test_what_others_have_approved_meanwhile_is_told_at_once_with_by_whom(approver, requested, account, ada):
    mine, *theirs = (requested(account(CNY="5")) for _ in range(7))
    shown = figures_shown(approver.post(f"{LIST}actions/approve/", {"_selected_action": [mine.pk]}))
    for each in theirs:
        services.approve_withdrawal(each, by=ada, reason="quicker")
    page = confirm(approver, "approve", mine, *theirs, figures=shown)
    told = [str(message) for message in page.context["messages"]]
    assert len(told) == 2
    assert told[1].endswith(": Already approved by ada.")
    assert all(f"#{each.pk}" in told[1] for each in theirs)


def test_the_reason_of_who_asked_is_where_it_is_decided(approver, requested):
    withdrawal = requested()
    page = approver.post(f"{LIST}actions/approve/", {"_selected_action": withdrawal.pk})
    assert says(page, "November payout")
    assert says(approver.get(LIST), "November payout")


def test_the_page_that_approves_opens_at_its_top(approver, requested):
    page = approver.post(f"{LIST}actions/approve/", {"_selected_action": requested().pk})
    assert "autofocus" not in text_of(page)


def test_who_asked_for_it_sees_at_home_that_it_was_rejected(approver, hr, requested, clock):
    act(approver, "reject", requested(), reason="left the company")
    assert says(hr.get("/admin/"), "Your requests that were rejected")
    assert not says(approver.get("/admin/"), "Your requests that were rejected")
    clock.advance(days=8)
    assert not says(hr.get("/admin/"), "Your requests that were rejected")


def test_an_approver_rejects_with_a_reason(approver, requested):
    withdrawal = requested()
    act(approver, "reject", withdrawal, reason="left the company")
    assert (state(withdrawal), now_of(withdrawal).decision_reason) == ("rejected", "left the company")
    assert says(approver.get(page_of(withdrawal)), "left the company")


def test_the_requester_takes_it_back(hr, requested):
    withdrawal = requested()
    act(hr, "cancel", withdrawal, reason="")
    assert state(withdrawal) == "canceled"


def test_a_colleague_does_not_take_it_back(pages, requested, eve, vera):
    """By the page and by a sent form."""
    asks = Permission.objects.filter(codename__in=["view_withdrawal", "request_withdrawal"])
    for person in (eve, vera):
        person.user_permissions.set(asks)
    withdrawal = requested(by=User.objects.get(pk=vera.pk))
    colleague, own = pages(User.objects.get(pk=eve.pk)), pages(User.objects.get(pk=vera.pk))
    assert "actions/cancel/" not in text_of(colleague.get(page_of(withdrawal)))
    assert says(act(colleague, "cancel", withdrawal), "Only who asked for this withdrawal can take")
    assert state(withdrawal) == "requested"
    assert "actions/cancel/" in text_of(own.get(page_of(withdrawal)))
    act(own, "cancel", withdrawal)
    assert state(withdrawal) == "canceled"


def test_who_asked_does_not_approve(pages, requested, ada):
    """E6: with the permission, by the page and by a sent form; as superuser too."""
    ada.user_permissions.set(Permission.objects.filter(codename="request_withdrawal"))
    withdrawal = requested(by=ada)
    for is_superuser in (False, True):
        User.objects.filter(pk=ada.pk).update(is_superuser=is_superuser)
        answer = act(pages(User.objects.get(pk=ada.pk)), "approve", withdrawal)
        assert says(answer, "somebody else has to approve it")
    assert (state(withdrawal), withdrawals_sent()) == ("requested", 0)


def test_without_the_permission_nobody_decides(pages, requested, hira, others):
    """E6"""
    withdrawal = requested()
    for person in (hira, *others):
        client = pages(person)
        for action in ("approve", "reject"):
            sent = {"_selected_action": [withdrawal.pk], "confirmed": "yes", "reason": "x"}
            assert client.post(f"{LIST}actions/{action}/", sent).status_code in {302, 403}
            client.post(LIST, {"action": action, "_selected_action": [withdrawal.pk]})
        page = client.get(page_of(withdrawal))
        assert page.status_code in {302, 403} or "actions/approve/" not in text_of(page)
    assert (state(withdrawal), withdrawals_sent()) == ("requested", 0)


def test_another_id_in_the_form_is_judged_as_that_one(pages, requested, ada):
    """E6: a form made for one withdrawal, sent with the id of the approver's own."""
    requested()
    own = requested(by=ada)
    answer = act(pages(ada), "approve", own)
    assert says(answer, "somebody else has to approve it")
    gone = act(pages(ada), "approve", Withdrawal(pk=own.pk + 1000))
    assert says(gone, "no longer exist")
    assert pages(ada).post(f"{LIST}actions/approve/", {"_selected_action": ["1 OR 1=1"]}).status_code == 400
    assert withdrawals_sent() == 0


def test_a_double_click_owes_one_call(approver, requested):
    """E6"""
    withdrawal = requested()
    act(approver, "approve", withdrawal)
    assert says(act(approver, "approve", withdrawal), "Already approved by ada.")
    assert withdrawals_sent() == 1


@pytest.mark.parametrize("change", ["reject", "cancel"])
def test_an_approval_after_the_row_changed_sends_nothing(approver, requested, ada, hira, change):
    """E6"""
    withdrawal = requested()
    page = approver.post(f"{LIST}actions/approve/", {"_selected_action": [withdrawal.pk]})
    assert says(page, "That can't be undone")
    if change == "reject":
        services.reject_withdrawal(withdrawal, by=ada, reason="not this month")
    else:
        services.cancel_withdrawal(withdrawal, by=hira, reason="changed my mind")
    said = {"reject": "Already rejected by ada.", "cancel": "Already taken back by hira."}
    assert says(act(approver, "approve", withdrawal), said[change])
    assert withdrawals_sent() == 0


def test_nobody_edits_or_deletes_one(approved, admin_client):
    withdrawal = approved()
    sent = {"state": "paid", "external_order_id": "x"}
    assert admin_client.post(page_of(withdrawal), sent).status_code == 403
    assert admin_client.post(f"{LIST}{withdrawal.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.get(f"{LIST}add/").status_code == 403
    assert state(withdrawal) == "approved"


# --- Following them


def test_the_list_is_found_by_order_account_and_state(hr, requested, approved):
    first, second = requested(), approved()
    for search, found, other in [
        (first.external_order_id, first, second),
        (second.account.account_id, second, first),
    ]:
        page = hr.get(LIST, {"q": search})
        assert says(page, page_of(found))
        assert not says(page, page_of(other))
    page = hr.get(LIST, {"state__exact": "approved"})
    assert says(page, page_of(second))
    assert not says(page, page_of(first))
    assert says(page, "CNY 12.30<br>points 100")


def test_the_list_costs_the_same_for_any_number(hr, requested, django_assert_max_num_queries):
    for _ in range(8):
        requested()
    with django_assert_max_num_queries(12):
        hr.get(LIST)


def test_how_old_the_undecided_are_is_told_by_one_clock(
    hr, approved, django_assert_num_queries, django_assert_max_num_queries
):
    approved()
    with django_assert_max_num_queries(13) as for_one:
        hr.get(LIST)
    for _ in range(4):
        approved()
    with django_assert_num_queries(len(for_one)):
        hr.get(LIST)


def test_the_page_tells_every_step_with_who_when_and_why(approver, approved, ada, hira):
    withdrawal = approved()
    page = approver.get(page_of(withdrawal))
    for text in [
        *("November payout", "checked with payroll", withdrawal.external_order_id, "on its way to Feishu"),
        *(
            "withdrawal requested",
            "withdrawal approved",
            ada.username,
            hira.username,
            "all points and all cash",
        ),
    ]:
        assert says(page, text), text
    steps = [(step.who, step.what, step.why) for step in page.context["steps"]]
    assert steps == [
        ("hira", "withdrawal requested", "November payout"),
        ("ada", "withdrawal approved", "checked with payroll"),
    ]


def test_who_decides_sees_what_has_come_since(approver, account, requested):
    owner = account(points=100)
    withdrawal = requested(owner)
    tell(owner.account_id, points=120, cash={"CNY": "3.00"}, minutes=5)
    page = approver.get(page_of(withdrawal))
    lines = [(line.label, line.seen, line.now, line.difference) for line in page.context["amounts"]]
    assert lines == [("CNY", "0.00", "3.00", "+3.00"), ("points", "100", "120", "+20")]
    assert says(page, "The account's balance is as of")


def answered(withdrawal, **taken):
    """As the answer writes it."""
    for row in withdrawal.amounts.all():
        row.taken = Decimal(taken.pop(row.asset, 0))
        row.save()
    for asset, amount in taken.items():
        withdrawal.amounts.create(asset=asset, seen=0, taken=amount)
    now = database_clock.now()
    transitions.write_step(withdrawal, Withdrawal.State.TAKEN, trans_time=now, answered_at=now)


def test_the_page_says_where_something_else_was_taken(approver, approved):
    withdrawal = approved()
    answered(withdrawal, points=107, USD="0.05")
    page = approver.get(page_of(withdrawal))
    assert says(page, "Feishu has taken something else than was approved")
    for text in [
        "CNY: 0.00 taken, 12.30 approved",
        "points: 107 taken, 100 approved",
        "USD: 0.05 taken, 0.00 approved",
    ]:
        assert says(page, text), text


def test_it_says_nothing_where_all_is_equal(approver, approved):
    withdrawal = approved()
    answered(withdrawal, points=100, CNY="12.30")
    assert not says(approver.get(page_of(withdrawal)), "something else")


def undecided(withdrawal, *, hours, **call):
    """Nobody knows since then what became of it."""
    Withdrawal.objects.filter(pk=withdrawal.pk).update(state="unknown")
    now = database_clock.now()
    Attempt.objects.create(
        call=withdrawal.call, started_at=now - timedelta(minutes=1), finished_at=now, outcome="unknown"
    )
    Call.objects.filter(pk=withdrawal.call_id).update(state="waiting", finished_at=None, **call)


def test_an_undecided_one_says_how_old_it_is_and_what_happens_next(approver, approved, clock):
    withdrawal = approved()
    undecided(withdrawal, hours=30)
    clock.advance(hours=30)
    page = approver.get(page_of(withdrawal))
    for text in [
        "30 h",
        "Feishu is asked the next time at",
        "nothing is taken twice",
        "No clear answer",
    ]:
        assert text in text_of(page).replace("\xa0", " "), text
    assert "30 h" in text_of(approver.get(LIST)).replace("\xa0", " ")
    assert not says(page, "Enable the account again")


def test_the_next_try_is_not_named_before_its_channel_opens(approver, approved):
    withdrawal = approved()
    undecided(withdrawal, hours=1)
    opens = database_clock.now() + timedelta(minutes=7)
    Channel.objects.filter(calls__withdrawal=withdrawal).update(open_from=opens)
    assert says(approver.get(page_of(withdrawal)), f"the next time at {exact_moment(opens)}")


def test_it_says_that_the_account_has_to_be_enabled(approver, approved):
    withdrawal = approved()
    undecided(withdrawal, hours=1, error_code=1002555, error_message="referral account deactivated")
    assert says(approver.get(page_of(withdrawal)), "Enable the account again, so that it can be answered.")


def test_it_says_that_an_answer_could_not_be_taken_in(approver, approved):
    withdrawal = approved()
    Call.objects.filter(pk=withdrawal.call_id).update(answer={"external_order_id": "another"})
    assert says(
        approver.get(page_of(withdrawal)), "Feishu has answered, but hireops could not take the answer in"
    )


def test_staff_ask_feishu_again_from_the_page(hr, approved):
    withdrawal = approved()
    undecided(withdrawal, hours=1)
    assert "actions/ask_again/" in text_of(hr.get(page_of(withdrawal)))
    act(hr, "ask_again", withdrawal, reason="")
    assert now_of(withdrawal).call.state == "pending"
    assert says(act(hr, "ask_again", withdrawal), "Feishu is being asked already")


def test_its_payments_are_on_the_page(approver, approved, account, hira):
    withdrawal = approved(account(points=1200, CNY="1012.30"))
    answered(withdrawal, points=1200, CNY="1012.30")
    batch = PayoutBatch.objects.create(created_by=hira)
    for number, amount in enumerate(withdrawal.amounts.order_by("asset"), 1):
        Payment.objects.create(
            batch=batch,
            amount=amount,
            payment_id=f"pay-{number}",
            asset=amount.asset,
            sum=amount.taken,
            **payee_of(withdrawal),
        )
    page = approver.get(page_of(withdrawal))
    for text in ["pay-1", "CNY 1,012.30</td>", "pay-2", "points 1,200</td>", "handed over"]:
        assert says(page, text), text


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_state_has_its_page_and_badge(approver, requested, approved, settings, language):
    approver.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    for withdrawal in (requested(), approved()):
        assert approver.get(page_of(withdrawal)).status_code == 200
    assert approver.get(LIST).status_code == 200


def test_offered_are_only_the_steps_that_can_be_taken(approver, hr, requested, approved):
    def offered(client, withdrawal):
        return [each for each in DECISIONS if f"actions/{each}/" in text_of(client.get(page_of(withdrawal)))]

    waiting, sent = requested(), approved()
    assert (offered(approver, waiting), offered(hr, waiting)) == (["approve", "reject"], ["cancel"])
    assert (offered(approver, sent), offered(hr, sent)) == ([], ["ask_again"])


def test_a_balance_of_nothing_is_no_balance(hr, account):
    owner = account()
    Balance.objects.create(account=owner, asset="CNY", amount=0)
    assert says(hr.get(request_url([owner])), "nothing of that is in this account")
