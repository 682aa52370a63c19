"""What staff confirm for an account gets to Feishu, whatever is refused or lost on the way."""

import pytest
from django.db import transaction
from django.utils import translation

from bindings.models import AccountOffer, Offer, OfferCall, OfferedItem, OfferReading
from bindings.offers import comparing, foreign, runs, services
from bindings.offers.plan import Action, Kind
from bindings.offers.texts import reason_text
from hireops.desk import invariants
from hireops.desk.errors import Refused
from hireops.feishu import hire
from hireops.outbox import sending
from hireops.outbox.models import Call
from hireops.outbox.recording import record
from tests.bindings.offers.conftest import offer, published
from tests.long_work import work, work_after_a_rest
from tests.selection import also_on_sqlite

pytestmark = [also_on_sqlite, pytest.mark.django_db(transaction=True)]
PACKAGES = "/open-apis/hire/v1/eco_background_check_packages"
PAPERS = "/open-apis/hire/v1/eco_exam_papers"


@pytest.fixture(autouse=True)
def _all_invariants_hold(db):
    with translation.override("en"):
        yield
    assert list(invariants.broken()) == []


@pytest.fixture
def drain(clock):
    """``drain()`` does what workers would do in the next minutes; how many calls they tried."""

    def drain(minutes=3):
        tries = 0
        for _ in range(minutes * 2):
            work_after_a_rest()
            while claim := sending.claim():
                record(claim, sending.send(claim))
                work()
                tries += 1
            clock.advance(31)
        work_after_a_rest()
        return tries

    return drain


@pytest.fixture
def at_feishu(feishu):
    """``at_feishu(account)``: the names of what is there, by ID."""
    return lambda account: published(feishu, account)


def bring(account, by):
    """Somebody looks at the account and confirms."""
    now = services.preview(account)
    return services.bring_up_to_date(account, by=by, fingerprint=now.fingerprint, empties=now.asks_for)


def state_of(account):
    return AccountOffer.objects.get(account=account).state


def verbs(account):
    calls = OfferCall.objects.filter(offer__account=account).order_by("pk")
    return list(calls.values_list("verb", flat=True))


@pytest.fixture
def offered(known_account, package, item, vera, drain):
    """An account that offers two packages and an item, as confirmed."""
    account = known_account()
    for each in (package("basic"), package("full"), item("court")):
        offer(each, account=account)
    bring(account, vera)
    drain()
    assert state_of(account) == "up_to_date"
    return account


def test_what_is_wished_gets_there_and_a_second_time_nothing_is_sent(offered, at_feishu, vera, drain):
    assert at_feishu(offered) == {"basic": "Package basic", "full": "Package full", "court": "Item court"}
    assert verbs(offered) == ["create"]
    bring(offered, vera)
    assert drain() == 0
    assert services.code_of(offered, Kind.PACKAGE, "basic") == "basic"


def test_new_comes_before_changed_and_goes_last(offered, package, at_feishu, vera, drain):
    offered.offers.filter(package__code="full").delete()
    offer(package("senior"), account=offered)
    basic = offered.offers.get(package__code="basic").package
    basic.name = "Basic check"
    basic.save()
    comparing.compare([offered])
    assert state_of(offered) == "out_of_date"
    bring(offered, vera)
    assert state_of(offered) == "updating"
    drain()
    assert verbs(offered)[1:] == ["create", "update", "delete"]
    assert at_feishu(offered) == {"basic": "Basic check", "senior": "Package senior", "court": "Item court"}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("verb", ["POST", "PATCH", "DELETE"])
def test_a_lost_answer_is_found_out_without_a_person(
    feishu, offered, package, at_feishu, *, vera, drain, when, verb
):
    offer(package("senior"), account=offered)
    offered.offers.filter(package__code="full").delete()
    basic = offered.offers.get(package__code="basic").package
    basic.name = "Basic check"
    basic.save()
    path = PACKAGES + {"POST": "", "PATCH": "/batch_update", "DELETE": "/batch_delete"}[verb]
    feishu.add_fault("cut", path=path, when=when)
    bring(offered, vera)
    drain(minutes=0)
    drain()
    assert at_feishu(offered) == {"basic": "Basic check", "senior": "Package senior", "court": "Item court"}
    assert state_of(offered) == "up_to_date"
    assert not Call.objects.filter(state=Call.State.WAITING).exists()


def test_while_nobody_knows_the_account_says_so(feishu, offered, package, vera, clock):
    offer(package("senior"), account=offered)
    feishu.add_fault("cut", path=PACKAGES, when="after")
    bring(offered, vera)
    claim = sending.claim()
    assert claim
    record(claim, sending.send(claim))
    assert state_of(offered) == "in_doubt"
    doubtful = OfferedItem.objects.get(standing="in_doubt")
    assert (doubtful.feishu_id, doubtful.doubt) == ("senior", "create")
    assert services.preview(offered).plan.count(Action.FIND_OUT) == 1


@pytest.mark.parametrize(
    "reading",
    [
        {},
        {"items_need_a_package": True},
        {"refused_creates_are_partial": True},
        {"deleted_ids_are_free": True, "left_out_descriptions_stay": True},
        {"items_need_a_package": True, "refused_creates_are_partial": True},
    ],
    ids=lambda reading: "+".join(reading) or "strict",
)
def test_under_each_reading_it_gets_there(
    feishu, known_account, package, item, *, at_feishu, vera, drain, reading
):
    feishu.switch(**reading)
    account = known_account()
    hire.create_eco_background_check_package(  # somebody else, before us
        "", account_id=account.account_id, package_list=[{"id": "full", "name": "theirs"}]
    )
    first = [offer(package(code), account=account) for code in ("basic", "full", "senior")]
    bring(account, vera)
    drain()
    assert at_feishu(account) == {code: f"Package {code}" for code in ("basic", "full", "senior")}
    offer(item("court"), account=account)
    bring(account, vera)
    drain()
    first[0].delete()
    bring(account, vera)
    drain()
    Offer.objects.create(package=first[0].package, account=account)
    bring(account, vera)
    drain()
    assert sorted(at_feishu(account).values()) == [
        "Item court",
        "Package basic",
        "Package full",
        "Package senior",
    ]
    assert state_of(account) == "up_to_date"
    known = OfferReading.objects.filter().values_list("items_alone", flat=True)
    assert list(known) == [not reading.get("items_need_a_package", False)]


def test_papers_are_replaced_updated_and_deleted(feishu, known_account, paper, at_feishu, *, vera, drain):
    account = known_account(scope=2)
    java, sql = offer(paper("java", duration=60), account=account), offer(paper("sql"), account=account)
    bring(account, vera)
    drain()
    java.paper.name = "Java 2"
    java.paper.save()
    bring(account, vera)
    feishu.add_fault("cut", path=f"{PAPERS}/batch_update", when="after")
    drain()
    sql.delete()
    bring(account, vera)
    drain()
    assert verbs(account) == ["replace_papers", "update_papers", "delete_papers"]
    assert at_feishu(account) == {"java": "Java 2"}


def test_a_plan_that_has_moved_is_not_sent_and_emptying_is_a_decision_of_its_own(offered, package, vera):
    seen = services.preview(offered).fingerprint
    offer(package("senior"), account=offered)
    with pytest.raises(services.PlanChangedError) as stale:
        services.bring_up_to_date(offered, by=vera, fingerprint=seen)
    assert stale.value.now.plan.creates == 1
    offered.offers.all().delete()
    now = services.preview(offered)
    assert now.asks_for == 3
    with pytest.raises(services.EmptyNotConfirmedError, match="all 3 go"):
        services.bring_up_to_date(offered, by=vera, fingerprint=now.fingerprint)


def test_what_feishu_refuses_for_the_app_ends_and_says_what_to_do(
    feishu, offered, package, at_feishu, *, vera, drain
):
    offer(package("senior"), account=offered)
    feishu.add_fault("refused", path=PACKAGES, code=99991672)
    bring(offered, vera)
    drain()
    row = AccountOffer.objects.get(account=offered)
    assert row.state == "refused"
    assert "lacks a permission" in reason_text(row.reason, row.error_code)
    assert not OfferedItem.objects.filter(standing="in_doubt").exists()
    comparing.compare([offered])
    assert state_of(offered) == "refused"
    bring(offered, vera)
    drain()
    assert "senior" in at_feishu(offered)


def test_an_account_that_feishu_does_not_know_is_refused_within_bounds(feishu, account, package, vera, drain):
    unknown = account("7000000000000000000")
    for code in ("basic", "full", "senior"):
        offer(package(code), account=unknown)
    bring(unknown, vera)
    tries = drain(minutes=20)
    assert state_of(unknown) == "refused"
    assert tries <= 60


def test_stopping_leaves_what_was_not_sent_as_it_was(offered, package, vera, drain):
    offer(package("senior"), account=offered)
    bring(offered, vera)
    services.stop(offered, by=vera, reason="wrong package")
    assert drain() == 0
    assert not OfferedItem.objects.filter(standing="in_doubt").exists()
    bring(offered, vera)
    drain()
    assert state_of(offered) == "up_to_date"


def test_an_id_that_only_an_order_names_is_shown_as_not_ours(offered):
    with transaction.atomic():
        foreign.note([(offered, Kind.PACKAGE, "basic"), (offered, Kind.PACKAGE, "theirs")])
    plan = services.preview(offered).plan
    assert [row.id for row in plan.rows if row.action is Action.FOREIGN] == ["theirs"]


# --- Many accounts


def run_all(accounts, by, **confirmed):
    now = runs.preview_run(accounts)
    return runs.bring_all_up_to_date(accounts, by=by, fingerprint=now.fingerprint, **confirmed)


def test_many_accounts_are_brought_up_to_date_and_one_that_changes_meanwhile_is_left_out(
    known_account, customer, package, at_feishu, *, vera, drain
):
    accounts = [known_account(customer=customer(f"C{number}", tier="gold")) for number in range(4)]
    for code in ("basic", "full"):
        offer(package(code), tier="gold")
    now = runs.preview_run(accounts)
    assert (now.creates, now.deletes, len(now.groups), len(now.groups[0][1])) == (8, 0, 1, 4)
    run = run_all(accounts, vera)
    offer(package("senior"), account=accounts[3])
    drain()
    run.refresh_from_db()
    assert run.finished_at
    assert [each.state for each in run.accounts.order_by("pk")] == ["done"] * 3 + ["skipped"]
    assert [len(at_feishu(account)) for account in accounts] == [2, 2, 2, 0]
    with pytest.raises(Refused, match="nothing to send"):
        run_all(accounts[:3], vera)


def test_a_run_that_removes_much_asks_again_with_numbers(known_account, customer, package, vera, drain):
    accounts = [known_account(customer=customer(f"C{number}", tier="gold")) for number in range(5)]
    for code in ("basic", "full"):
        offer(package(code), tier="gold")
    run_all(accounts, vera)
    drain()
    Offer.objects.filter(package__code="full").delete()
    with pytest.raises(runs.TooMuchGoesError, match="of 10 things that these 5 accounts offer, 5 would go"):
        run_all(accounts, vera)
    run_all(accounts, vera, deletes=5)
    drain()
    assert {state_of(account) for account in accounts} == {"up_to_date"}
