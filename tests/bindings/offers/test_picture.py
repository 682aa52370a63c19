"""What an account offers now and after: looked at, confirmed, sent, and explained when it has moved."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse

from bindings.models import AccountOffer, CheckPackage, ExamPaper, Offer, OfferCall, OfferRun
from bindings.offers import catalogue, choosing, comparing
from bindings.offers.admin.runs import OfferRunAdmin
from bindings.offers.choosing import Choice
from hireops.database.clock import now
from hireops.desk import lists
from hireops.outbox.models import Call
from tests.bindings.conftest import english, says
from tests.bindings.offers.conftest import offer, page_of, published, workers
from tests.pages import waits
from tests.searching import found, search

State = AccountOffer.State


class Choosing:
    """``choose(account, basic, plus)``: a person offers them; ``choose.no_longer(account, basic)``."""

    def __init__(self, by):
        self.by = by

    def __call__(self, to, *things, by=None):
        choosing.choose(offered=[Choice(thing, to) for thing in things], withdrawn=[], by=by or self.by)

    def no_longer(self, to, *things):
        choosing.choose(offered=[], withdrawn=[Choice(thing, to) for thing in things], by=self.by)


@pytest.fixture
def choose(vera):
    return Choosing(vera)


def picture_of(account):
    return page_of(AccountOffer.objects.get(account=account))


def form_of(page):
    """What the page sends if its button is pressed."""
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.content.decode()))
    return {name: fields[name] for name in ("fingerprint", "looked_at")}


def send(client, account, page=None, **said):
    """Press the button of the picture, as it looks now or as ``page`` showed it."""
    shown = AccountOffer.objects.get(account=account)
    form = form_of(page or client.get(page_of(shown)))
    address = reverse("admin:bindings_accountoffer_send", args=[shown.pk])
    return client.post(address, form | said, follow=True)


def marks(groups):
    return {thing.id: thing.mark for group in groups for thing in group.things}


def test_the_picture_shows_now_and_after_and_what_leaves_for_it(vendor, account, package, item, choose):
    ours = account()
    choose(ours, package("basic", description="Identity x1"), item("court"))
    page = vendor.get(picture_of(ours))
    assert page.context["today"] == []
    assert marks(page.context["after"]) == {"basic": "added", "court": "added"}
    assert says(page, "Identity x1")
    assert says(page, "The customer can order it as soon as Feishu has taken the call.")
    assert not OfferCall.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_confirmed_is_sent_and_then_there_is_nothing_to_do(
    vendor, feishu, known_account, package, choose
):
    ours = known_account()
    choose(ours, package("basic"))
    assert says(send(vendor, ours), "The account is being brought up to date.")
    workers()
    assert published(feishu, ours) == {"basic": "Package basic"}
    page = vendor.get(picture_of(ours))
    assert says(page, "Feishu has what this account is to offer.")
    assert says(page, "Nothing has to be sent.")
    assert marks(page.context["today"]) == {"basic": ""}


@pytest.mark.django_db(transaction=True)
def test_each_kind_of_change_has_its_mark_its_reason_and_its_meaning(
    vendor, feishu, known_account, package, choose
):
    ours = known_account()
    basic, old = package("basic"), package("old")
    choose(ours, basic, old)
    send(vendor, ours)
    workers()
    catalogue.change(basic, values={"name": "Basic plus"}, by=choose.by)
    choose.no_longer(ours, old)
    choose(ours, package("new"))
    assert AccountOffer.objects.get().state == State.OUT_OF_DATE
    page = vendor.get(picture_of(ours))
    assert marks(page.context["today"]) == {"basic": "", "old": "removed"}
    assert marks(page.context["after"]) == {"basic": "changed", "new": "added"}
    assert says(page, "name was: Package basic")
    assert says(page, "already placed show the new texts")
    assert says(page, "Its ID can never be used again here.")
    # What goes has to be said, by its number.
    assert says(send(vendor, ours), "tick on the page that 1 go, if that is meant")
    send(vendor, ours, removes="1")
    workers()
    assert published(feishu, ours) == {"basic": "Basic plus", "new": "Package new"}


@pytest.mark.django_db(transaction=True)
def test_an_account_is_emptied_by_a_button_of_its_own_that_names_the_count(
    vendor, feishu, known_account, package, choose
):
    ours = known_account()
    both = package("a"), package("b")
    choose(ours, *both)
    send(vendor, ours)
    workers()
    choose.no_longer(ours, *both)
    assert says(vendor.get(picture_of(ours)), "Take all 2 off this account")
    assert says(send(vendor, ours, removes="2"), "the account would offer nothing any more")
    send(vendor, ours, empties="2")
    workers()
    assert published(feishu, ours) == {}


def test_a_stale_plan_says_what_moved_and_who_moved_it_and_is_sent_by_one_click(
    vendor, otto, account, package, choose
):
    ours = account()
    basic, plus = package("basic"), package("plus")
    choose(ours, basic)
    opened = vendor.get(picture_of(ours))
    choose(ours, plus, by=otto)
    catalogue.change(basic, values={"name": "Basic check"}, by=otto)
    stale = send(vendor, ours, opened)
    assert says(stale, "Nothing was sent: what this account offers, or is to offer, changed")
    assert [(each.name, each.then_wished, each.now_wished) for each in stale.context["since"].moved] == [
        ("Basic check", "Package basic", "Basic check"),
        ("Package plus", "(not there)", "Package plus"),
    ]
    assert says(stale, "otto: catalogue changed – Basic check (basic)")
    assert not OfferCall.objects.exists()
    send(vendor, ours, stale)
    assert len(OfferCall.objects.get().sent) == 2
    # Said once, not again at the next visit.
    assert not says(vendor.get(picture_of(ours)), "What has moved since")


def test_papers_say_that_the_account_becomes_orderable_and_which_exams_move(vendor, account, paper, choose):
    exams = account(scope=2)
    java = paper("java", duration=60, end_time=now() - timedelta(1))
    choose(exams, java)
    page = vendor.get(picture_of(exams))
    assert says(page, "Makes the account orderable")
    assert says(page, "The window of this paper has passed")
    assert says(page, "60 minutes")


def test_the_page_says_why_nothing_can_be_sent(vendor, account, item, choose):
    ours = account()
    choose(ours, item("court"))
    page = vendor.get(picture_of(ours))
    assert says(page, "Additional items are ordered on top of a package")
    assert not says(page, "Send it to Feishu")


@pytest.mark.django_db(transaction=True)
def test_what_feishu_refuses_is_on_the_page_with_what_to_do(vendor, feishu, account, package, choose):
    stranger = account("not-at-feishu")
    choose(stranger, package("basic"))
    send(vendor, stranger)
    workers()
    page = vendor.get(picture_of(stranger))
    assert AccountOffer.objects.get().state == State.REFUSED
    assert says(page, "Check with the customer that the account is still there")
    home = vendor.get(reverse("admin:index"))
    assert says(home, "1 refused, 0 in doubt")


def test_sending_can_be_stopped_with_a_reason(vendor, account, package, choose):
    ours = account()
    choose(ours, package("basic"))
    send(vendor, ours)
    shown = AccountOffer.objects.get()
    address = reverse("admin:bindings_accountoffer_staff_action", args=["stop"])
    vendor.post(address, {"_selected_action": shown.pk, "confirmed": "yes", "reason": "wrong customer"})
    assert Call.objects.get().state == Call.State.CANCELED
    assert says(vendor.get(page_of(shown)), "Somebody has stopped it.")


# --- Choosing from the other side


def test_what_an_account_is_offered_is_chosen_on_a_page_that_says_what_it_has_anyway(
    vendor, account, customer, package, paper
):
    acme = customer(tier="gold")
    ours, basic, plus = account(customer=acme), package("basic"), package("plus", archived=False)
    paper("java")
    offer(basic, tier="gold")
    offer(plus, customer=acme)
    address = reverse("admin:bindings_accountoffer_choose_account", args=[ours.pk])
    page = vendor.get(address)
    assert list(page.context["form"].fields) == ["packages", "items"]
    assert says(page, "Offered to the tier gold already")
    assert says(page, "Offered to Customer A001 already")
    saved = vendor.post(address, {"packages": [basic.pk]}, follow=True)
    assert Offer.objects.filter(account=ours).get().package == basic
    assert saved.redirect_chain[-1][0] == picture_of(ours)


def test_a_customer_and_a_tier_are_offered_things_and_their_accounts_are_out_of_date(
    vendor, account, customer, package, paper
):
    acme = customer(tier="gold")
    checks, exams = account(customer=acme), account(customer=acme, scope=2)
    sent = {"packages": [package().pk]}
    saved = vendor.post(
        reverse("admin:bindings_accountoffer_choose_customer", args=[acme.pk]), sent, follow=True
    )
    assert says(saved, "Saved. Nothing was sent yet: 1 account is concerned.")
    assert [each.account for each in AccountOffer.objects.filter(state=State.OUT_OF_DATE)] == [checks]
    vendor.post(reverse("admin:bindings_accountoffer_choose_tier", args=["gold"]), {"papers": [paper().pk]})
    assert AccountOffer.objects.get(account=exams).state == State.OUT_OF_DATE
    assert vendor.get(reverse("admin:bindings_accountoffer_choose_tier", args=["lead"])).status_code == 404


def test_the_page_of_an_account_says_what_it_offers(vendor, account, package, choose):
    ours = account()
    page = vendor.get(reverse("admin:bindings_ecoaccount_change", args=[ours.pk]))
    assert says(page, "Choose what is offered")
    choose(ours, package("basic"))
    page = vendor.get(reverse("admin:bindings_ecoaccount_change", args=[ours.pk]))
    assert says(page, "Package basic")
    assert says(page, picture_of(ours))


# --- Many accounts


def many(account, package, count=3):
    basic = package("basic")
    accounts = [account() for _ in range(count)]
    for each in accounts:
        offer(basic, account=each)
    comparing.compare(accounts)
    return accounts


def run_form(page):
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.content.decode()))
    return {name: fields[name] for name in ("fingerprint", "accounts")}


def test_the_same_change_is_shown_once_with_all_its_accounts(vendor, account, package, choose):
    accounts = many(account, package)
    choose(accounts[0], package("extra"))
    page = vendor.get(reverse("admin:bindings_accountoffer_update"))
    assert says(page, "The same change on 2 accounts")
    assert says(page, "This change on 1 account")
    assert says(page, "Bring 3 accounts up to date")


def test_a_selection_of_the_list_is_brought_up_to_date(vendor, account, package):
    accounts = many(account, package)
    chosen = AccountOffer.objects.filter(account__in=accounts[:2])
    listed = reverse("admin:bindings_accountoffer_changelist")
    page = vendor.post(
        listed, {"action": "bring_up_to_date", "_selected_action": [each.pk for each in chosen]}
    )
    assert says(page, "The same change on 2 accounts")
    started = vendor.post(reverse("admin:bindings_accountoffer_update"), run_form(page))
    run = OfferRun.objects.get()
    assert started.url == page_of(run)
    assert {member.offer.account for member in run.accounts.all()} == set(accounts[:2])


@pytest.mark.django_db(transaction=True)
def test_a_run_shows_how_far_it_is_and_what_is_to_be_looked_at(
    vendor, feishu, known_account, account, package
):
    good, gone = known_account(), account("not-at-feishu")
    basic = package("basic")
    for each in (good, gone):
        offer(basic, account=each)
    with transaction.atomic():
        comparing.compare([good, gone])
    page = vendor.get(reverse("admin:bindings_accountoffer_update"))
    vendor.post(reverse("admin:bindings_accountoffer_update"), run_form(page))
    workers()
    page = vendor.get(page_of(OfferRun.objects.get()))
    assert page.context["progress"].done == 2
    assert [each["offer"].account for each in page.context["to_look_at"]] == [gone]
    assert says(page, "Check with the customer that the account is still there")


@pytest.mark.django_db(transaction=True)
def test_a_run_that_takes_much_away_asks_for_the_number(vendor, feishu, known_account, package, choose):
    accounts = [known_account(f"Account {number}") for number in range(4)]
    things = [package(f"p{number}") for number in range(3)]
    for each in accounts:
        choose(each, *things)
    address = reverse("admin:bindings_accountoffer_update")
    vendor.post(address, run_form(vendor.get(address)))
    workers()
    for each in accounts:
        choose.no_longer(each, *things[1:])
    page = vendor.get(address)
    assert says(page, "Of 12 things that these 4 accounts offer now, 8 would go.")
    refused = vendor.post(address, run_form(page))
    assert says(refused, "Confirm the number.")
    assert OfferRun.objects.count() == 1
    vendor.post(address, run_form(page) | {"deletes": "8"})
    workers()
    assert [list(published(feishu, each)) for each in accounts] == [["p0"]] * 4


@pytest.mark.django_db(transaction=True)
def test_a_run_that_takes_little_away_wants_a_tick_and_warns(vendor, feishu, known_account, package, choose):
    account = known_account()
    choose(account, package("p0"), package("p1"))
    address = reverse("admin:bindings_accountoffer_update")
    vendor.post(address, run_form(vendor.get(address)))
    workers()
    choose.no_longer(account, CheckPackage.objects.get(code="p1"))
    page = vendor.get(address)
    assert says(page, "1 goes from these accounts, and that is meant.")
    assert says(page, "can never be used again at that account")
    assert says(vendor.post(address, run_form(page)), "Nothing was sent")
    vendor.post(address, run_form(page) | {"deletes": "1"})
    workers()
    assert list(published(feishu, account)) == ["p0"]


# --- Who may


def test_the_auditor_looks_and_sends_nothing(auditor, account, package, choose):
    ours = account()
    choose(ours, package("basic"))
    page = auditor.get(picture_of(ours))
    assert page.status_code == 200
    assert not says(page, "Send it to Feishu")
    shown = AccountOffer.objects.get()
    for address in (
        reverse("admin:bindings_accountoffer_send", args=[shown.pk]),
        reverse("admin:bindings_accountoffer_update"),
        reverse("admin:bindings_accountoffer_choose_account", args=[ours.pk]),
    ):
        assert auditor.post(address).status_code == 403
    listed = auditor.get(reverse("admin:bindings_accountoffer_changelist"))
    assert not says(listed, "Bring all up to date")


def test_hr_sees_no_offer(hira, client_of, account, package, choose):
    ours = account()
    choose(ours, package("basic"))
    client = english(client_of(hira))
    assert client.get(picture_of(ours)).status_code == 403
    assert client.get(reverse("admin:bindings_accountoffer_changelist")).status_code == 403
    assert not says(client.get(reverse("admin:index")), "Accounts out of date")


def test_a_paper_whose_window_has_passed_while_it_is_offered_is_on_the_home_page(vendor, paper):
    old = paper("old", end_time=now() - timedelta(1))
    paper("never-offered", end_time=now() - timedelta(1))
    assert not says(vendor.get(reverse("admin:index")), "Exam papers whose window has passed")
    offer(old, tier="gold")
    home = vendor.get(reverse("admin:index"))
    assert says(home, "Exam papers whose window has passed")
    assert not says(home, "Paper never-offered")
    assert ExamPaper.objects.count() == 2


def test_the_page_of_a_customer_says_what_it_is_offered_and_how_its_accounts_stand(
    vendor, account, customer, package, choose
):
    acme = customer(tier="gold")
    for _ in range(12):
        account(customer=acme)
    choose("gold", package("basic"))
    page = vendor.get(page_of(acme))
    assert says(page, "Offered to the tier gold")
    assert says(page, "and 2 more")
    listed = vendor.get(
        reverse("admin:bindings_accountoffer_changelist"), {"account__customer__exact": acme.pk}
    )
    assert len(listed.context["cl"].result_list) == 12


@pytest.fixture(params=[lists.FEW, 0], ids=["few", "many"])
def are_few(request, monkeypatch):
    """What a word finds is searched in another way where it is many rows."""
    monkeypatch.setattr(lists, "FEW", request.param)


@pytest.fixture
def three_accounts(account, customer, choose, package):
    """Two of Nova and one of Acme."""
    nova = customer("A1", name="Nova 星河")
    for number, whose in (("15077", nova), ("15078", nova), ("15079", customer("A2", name="Acme"))):
        choose(account(number, customer=whose), package(f"package-{number}"))


@pytest.mark.usefixtures("three_accounts", "are_few")
@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("nova 15077", ["Account 15077"]),
        ("15077 NOVA", ["Account 15077"]),
        ("account nova", ["Account 15077", "Account 15078"]),
        ('"t 15077" nova', ["Account 15077"]),
        ("nova 15079", []),
        ("nova nobody", []),
    ],
)
def test_an_account_is_found_by_words_of_its_own_and_of_its_customers_name(vendor, typed, names):
    listed = search(vendor, reverse("admin:bindings_accountoffer_changelist"), typed)
    assert sorted(offer.account.name for offer in found(listed)) == names


@pytest.mark.django_db(transaction=True)
def test_the_page_of_a_run_that_ends_while_it_is_drawn_looks_again(
    vendor, feishu, known_account, package, monkeypatch
):
    account = known_account()
    offer(package("basic"), account=account)
    with transaction.atomic():
        comparing.compare([account])
    page = vendor.get(reverse("admin:bindings_accountoffer_update"))
    vendor.post(reverse("admin:bindings_accountoffer_update"), run_form(page))
    run = OfferRun.objects.get()
    shown = OfferRunAdmin.page_context

    def drawn_before_the_end(admin, request, obj):
        context = shown(admin, request, obj)
        workers()
        return context

    monkeypatch.setattr(OfferRunAdmin, "page_context", drawn_before_the_end)
    early = vendor.get(page_of(run))
    assert early.context["progress"].done == 0
    assert waits(early.content.decode())
    monkeypatch.undo()

    (state,) = re.findall(r'data-state="(\w+)"', early.content.decode())
    late = vendor.get(page_of(run), headers={"x-waiting": state})
    assert late.status_code == 200
    assert late.context["progress"].done == 1
