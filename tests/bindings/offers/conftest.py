from itertools import count

import pytest
from django.urls import reverse

from bindings.models import AdditionalItem, CheckPackage, Customer, EcoAccount, ExamPaper, Offer
from hireops.jobs.models import Job
from hireops.outbox import sending, timing
from hireops.outbox.recording import record
from tests.long_work import let_rests_pass, work
from tests.simulator_process import running_simulator

NUMBERS = count(1)


@pytest.fixture
def account(bound):
    """``account("1", scope=2, customer=acme)``: bound by its event, and whose it is."""

    def account(account_id=None, *, scope=1, customer=None):
        account_id = account_id or f"account-{next(NUMBERS)}"
        bound({"account_id": account_id, "account_name": f"Account {account_id}", "scope": scope})
        made = EcoAccount.objects.get(account_id=account_id)
        made.customer = customer
        made.save(update_fields=["customer"])
        return made

    return account


@pytest.fixture
def customer(db):
    def customer(code="A001", **values):
        return Customer.objects.create(**{"code": code, "name": f"Customer {code}", **values})

    return customer


@pytest.fixture
def package(db):
    def package(code="basic", **values):
        return CheckPackage.objects.create(**{"code": code, "name": f"Package {code}", **values})

    return package


@pytest.fixture
def item(db):
    def item(code="court", **values):
        return AdditionalItem.objects.create(**{"code": code, "name": f"Item {code}", **values})

    return item


@pytest.fixture
def paper(db):
    def paper(code="java", **values):
        return ExamPaper.objects.create(**{"code": code, "name": f"Paper {code}", **values})

    return paper


def offer(what, **to):
    """``offer(basic, tier="gold")``: without the page."""
    kinds = {CheckPackage: "package", AdditionalItem: "item", ExamPaper: "paper"}
    return Offer.objects.create(**{kinds[type(what)]: what}, **to)


def page_of(thing):
    return reverse(f"admin:bindings_{type(thing).__name__.lower()}_change", args=[thing.pk])


# --- A Feishu that runs as a real process


@pytest.fixture(scope="session")
def feishu_process():
    with running_simulator() as simulator:
        yield simulator


@pytest.fixture
def feishu(feishu_process, settings, monkeypatch):
    """An empty simulator that this test's calls go to. Needs ``transactional_db``."""
    feishu_process.reset()
    feishu_process.switch(quota_enforced=False, delivery_paused=True)
    settings.FEISHU_BASE_URL = feishu_process.url
    settings.FEISHU_APP_ID = feishu_process.environment["FEISHU_APP_ID"]
    settings.FEISHU_APP_SECRET = feishu_process.environment["FEISHU_APP_SECRET"]
    settings.OUTBOX_SENDERS = 1
    monkeypatch.setattr(timing, "WATCH_S", -1.0)
    monkeypatch.setattr(timing, "pause_before", lambda next_try: 0.0)
    return feishu_process


@pytest.fixture
def known_account(feishu, account):
    """An account that Feishu knows too."""

    def known_account(name="Acme", *, scope=1, customer=None):
        added = feishu.add_account(scope=scope, name=name, usages=[1], values=[])
        return account(added["account_id"], scope=scope, customer=customer)

    return known_account


def workers():
    """Do what workers would do until nothing is due."""
    for _round in range(200):
        work()
        if claim := sending.claim():
            record(claim, sending.send(claim))
        elif not Job.objects.running().exists():
            return
        else:
            let_rests_pass()
    raise AssertionError("workers never end")


def published(feishu, account):
    """What the customer sees of the account at Feishu: the names by ID."""
    behind = feishu.state("published")["published"].get(account.account_id, {})
    return {
        each["id"]: each["name"]
        for kind in ("packages", "items", "papers")
        for each in dict(behind.get(kind, {})).values()
    }
