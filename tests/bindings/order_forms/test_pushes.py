"""Bringing order forms up to date at a Feishu that runs as a real process."""

import threading
from itertools import product

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from bindings.models import AccountOrderForm, OrderFormPush
from bindings.order_forms import lists, pushes, services
from hireops.desk.errors import Refused
from hireops.jobs.models import Job
from hireops.outbox import sending, timing
from hireops.outbox.models import Attempt, Call
from hireops.outbox.recording import end_lost_tries
from tests.bindings.conftest import says
from tests.bindings.order_forms.conftest import add_field, invariants_hold, rename, row_of
from tests.in_this_process import drain
from tests.long_work import work, work_after_a_rest
from tests.selection import also_on_sqlite

pytestmark = also_on_sqlite

Standing = AccountOrderForm.Standing
ROAD = OrderFormPush.Road


@pytest.fixture
def at_feishu(feishu, an_account):
    """``at_feishu("1")``: an account that Feishu knows too."""

    def at_feishu(account_id="1"):
        feishu.add_account(account_id=account_id)
        return an_account(account_id)

    return at_feishu


@pytest.fixture
def served(at_feishu, order_form, vera):
    """An account whose customers see the form “id_number, city”."""

    def served(account_id="1", form=None):
        account = at_feishu(account_id)
        form = form or order_form(id_number="身份证号", city="城市")
        services.choose_form([account], form=form, by=vera)
        pushes.push(account, by=vera)
        drain()
        return account, form

    return served


def shown(feishu, account):
    """The keys and names that customers see."""
    fields = feishu.state("published")["published"][account.account_id]["fields"]
    return [(field["key"], field["name"]["zh_cn"]) for field in fields]


def sent(account):
    """The roads that were taken, oldest first."""
    return list(OrderFormPush.objects.filter(account=account).order_by("pk").values_list("road", flat=True))


def operations():
    names = Call.objects.order_by("pk").values_list("operation", "state")
    return [(name.rpartition(".")[2], state) for name, state in names]


def test_the_first_push_creates_the_form(feishu, served):
    account, _form = served()
    assert shown(feishu, account) == [("id_number_v1", "身份证号"), ("city_v1", "城市")]
    assert (row_of(account).standing, lists.out_of_date().count()) == (Standing.SETTLED, 0)
    assert invariants_hold()


def test_texts_alone_are_updated_and_anything_else_is_deleted_and_created_with_new_keys(feishu, served, vera):
    account, form = served()
    rename(form, "city", "所在城市")
    assert lists.out_of_date(form).count() == 1
    pushes.push(account, by=vera)
    drain()
    assert shown(feishu, account) == [("id_number_v1", "身份证号"), ("city_v1", "所在城市")]
    add_field(form, "school", "院校")
    pushes.push(account, by=vera)
    drain()
    assert [key for key, _name in shown(feishu, account)] == ["id_number_v2", "city_v2", "school_v1"]
    assert sent(account) == [ROAD.CREATE, ROAD.UPDATE, ROAD.RECREATE]
    assert (lists.out_of_date().count(), invariants_hold()) == (0, True)


def test_an_account_without_a_form_loses_the_one_it_had(feishu, served, vera):
    account, _form = served()
    services.choose_form([account], form=None, by=vera)
    pushes.push(account, by=vera)
    drain()
    assert (shown(feishu, account), sent(account)[-1]) == ([], ROAD.DELETE)
    assert (row_of(account).digest, invariants_hold()) == ("", True)


def test_a_form_that_was_there_before_gives_way_by_itself_once(feishu, at_feishu, order_form, vera):
    feishu.switch(order_form_is_final=True)
    account = at_feishu()
    foreign = [{"type": "text", "key": "old", "name": {"zh_cn": "旧"}, "is_required": True}]
    body = {"account_id": "1", "custom_field_list": foreign}
    assert (
        feishu.call("POST", "/open-apis/hire/v1/eco_background_check_custom_fields", body).json()["code"] == 0
    )
    services.choose_form([account], form=order_form(city="城市"), by=vera)
    pushes.push(account, by=vera)
    drain()
    assert shown(feishu, account) == [("city_v2", "城市")]
    first, second = OrderFormPush.objects.order_by("pk")
    assert (second.instead_of, second.created_by, second.why) == (first, None, ["exists"])
    assert (row_of(account).standing, invariants_hold()) == (Standing.SETTLED, True)


def test_an_account_that_feishu_does_not_know_is_refused_and_says_so(feishu, an_account, order_form, vera):
    account = an_account("nobody")
    services.choose_form([account], form=order_form(city="城市"), by=vera)
    pushes.push(account, by=vera)
    drain()
    assert sent(account) == [ROAD.CREATE, ROAD.RECREATE]
    assert (row_of(account).standing, invariants_hold()) == (Standing.REFUSED, True)


@pytest.mark.parametrize(
    ("is_final", "when", "path"), list(product([True, False], ["before", "after"], ["", "/batch_delete"]))
)
def test_a_lost_answer_leads_to_the_same_form(request, feishu, is_final, when, path):
    vera, clock = request.getfixturevalue("vera"), request.getfixturevalue("clock")
    account, form = request.getfixturevalue("served")()
    feishu.switch(order_form_is_final=is_final)
    add_field(form, "school", "院校")
    pushes.push(account, by=vera)
    target = f"/open-apis/hire/v1/eco_background_check_custom_fields{path}"
    feishu.add_fault("cut", path=target, when=when)
    drain()
    assert row_of(account).standing == Standing.ON_ITS_WAY
    clock.advance(timing.QUIET_S + 61)
    drain()
    assert [name for _key, name in shown(feishu, account)] == ["身份证号", "城市", "院校"]
    assert row_of(account).standing == Standing.SETTLED
    assert (lists.out_of_date().count(), invariants_hold()) == (0, True)


def test_each_delete_is_followed_by_its_create_also_after_a_worker_died(feishu, served, vera, clock):
    one, form = served("1")
    two, _form = served("2", form)
    add_field(form, "school", "院校")
    pushes.push(one, by=vera)
    pushes.push(two, by=vera)
    claim = sending.claim()
    assert claim
    assert claim.call.operation.endswith("batch_delete")
    sending.send(claim)  # and the worker dies before it writes down the answer
    clock.advance(timing.LEASE_S + 1)
    end_lost_tries(clock.now())
    clock.advance(timing.QUIET_S + 61)
    drain()
    tries = Attempt.objects.order_by("pk").values_list("call__lane", "call__operation")
    last = [(lane, operation.rpartition(".")[2]) for lane, operation in tries][-4:]
    assert [operation for _lane, operation in last] == ["batch_delete", "create"] * 2
    assert (last[0][0], last[2][0]) == (last[1][0], last[3][0])
    assert len(shown(feishu, one)) == len(shown(feishu, two)) == 3
    assert invariants_hold()


def test_a_newer_push_ends_what_an_older_one_still_owes(feishu, served, vera):
    account, form = served()
    rename(form, "city", "一")
    pushes.push(account, by=vera)
    rename(form, "city", "二")
    pushes.push(account, by=vera)
    drain()
    assert shown(feishu, account)[1] == ("city_v1", "二")
    assert operations() == [
        ("create", "succeeded"),
        ("batch_update", "canceled"),
        ("batch_update", "succeeded"),
    ]
    assert invariants_hold()


def test_what_waits_for_a_person_is_in_doubt_and_can_be_made_anew(feishu, served, vera, clock):
    account, form = served()
    rename(form, "city", "所在城市")
    pushes.push(account, by=vera)
    path = "/open-apis/hire/v1/eco_background_check_custom_fields/batch_update"
    feishu.add_fault("server_error", path=path, code=1002001, http_status=400, calls=10)
    for _ in range(8):
        drain()
        clock.advance(61)
    assert (row_of(account).standing, invariants_hold()) == (Standing.IN_DOUBT, True)
    feishu.clear_faults()
    pushes.push(account, by=vera, anew=True)
    drain()
    assert shown(feishu, account) == [("id_number_v2", "身份证号"), ("city_v2", "所在城市")]
    assert (row_of(account).standing, invariants_hold()) == (Standing.SETTLED, True)


def test_nothing_is_sent_for_a_form_that_is_already_there(served, vera):
    account, _form = served()
    with pytest.raises(Refused, match="has just this form"):
        pushes.push(account, by=vera)
    assert Call.objects.count() == 1


class TestAllAccounts:
    """A form that many accounts share is brought to all of them as long work."""

    @pytest.fixture
    def many(self, served):
        first, form = served("0")
        return [first, *(served(str(number), form)[0] for number in range(1, 5))], form

    def test_those_that_are_out_of_date_get_it_and_nobody_else_does(self, feishu, many, vera):
        accounts, form = many
        add_field(form, "school", "院校")
        pushes.push(accounts[0], by=vera)
        drain()
        form.refresh_from_db()
        job = services.push_to_all(form, by=vera, digest=form.digest)
        assert drain() == 8
        work_after_a_rest()
        job.refresh_from_db()
        assert (job.state, job.done, job.total) == (Job.State.DONE, 4, 4)
        assert {tuple(shown(feishu, account)) for account in accounts} == {tuple(shown(feishu, accounts[0]))}
        assert invariants_hold()

    def test_it_goes_on_after_a_worker_died_and_says_where_feishu_refused(
        self, feishu, many, vera, monkeypatch
    ):
        accounts, form = many
        rename(form, "city", "所在城市")
        form.refresh_from_db()
        job = services.push_to_all(form, by=vera, digest=form.digest)
        monkeypatch.setattr("bindings.order_forms.jobs.AT_ONCE", 2)
        monkeypatch.setattr("bindings.order_forms.jobs.MOST_UNDER_WAY", 2)
        work()
        assert Call.objects.filter(state=Call.State.PENDING).count() == 2
        path = "/open-apis/hire/v1/eco_background_check_custom_fields/batch_update"
        feishu.add_fault("refused", path=path, code=99992402, http_status=400)
        for _ in range(6):
            work_after_a_rest()
            drain()
        job.refresh_from_db()
        assert (job.state, job.done) == (Job.State.FAILED, 5)
        assert lists.to_be_looked_at().count() == 1
        assert (len([each for each in accounts if shown(feishu, each)[1][1] == "所在城市"])) == 4

    def test_the_form_can_not_be_changed_under_it(self, many, vera):
        _accounts, form = many
        rename(form, "city", "所在城市")
        form.refresh_from_db()
        with pytest.raises(Refused, match="changed after this page"):
            services.push_to_all(form, by=vera, digest="another")
        services.push_to_all(form, by=vera, digest=form.digest)
        with transaction.atomic(), pytest.raises(Refused, match="being pushed"):
            services.lock_form(form)


def test_the_page_shows_today_and_after_and_the_road(vendor, served):
    account, form = served()
    add_field(form, "school", "院校")
    url = reverse("admin:bindings_accountorderform_push", args=[account.pk])
    page = vendor.get(url)
    for text in ["Delete the form, then create it with new keys", "A field comes new", "院校", "Added"]:
        assert says(page, text)
    assert Call.objects.count() == 1
    fingerprint = page.context["preview"].fingerprint
    rename(form, "city", "所在城市")
    assert says(vendor.post(url, {"fingerprint": fingerprint}), "Look at the new difference below")
    fingerprint = vendor.get(url).context["preview"].fingerprint
    answer = vendor.post(url, {"fingerprint": fingerprint})
    assert answer.url == reverse("admin:bindings_accountorderform_change", args=[row_of(account).pk])
    assert says(vendor.get(answer.url), "on its way to Feishu")


@pytest.mark.django_db(transaction=True)
def test_two_people_who_confirm_at_once_owe_one_push(vera, otto, client_of, account, order_form):
    services.choose_form([account], form=order_form(city="城市"), by=vera)
    clients = [client_of(vera), client_of(otto)]
    url = reverse("admin:bindings_accountorderform_push", args=[account.pk])
    looked_at = clients[0].get(url).context["preview"].fingerprint
    together = threading.Barrier(2)

    def press(client):
        together.wait()
        client.post(url, {"fingerprint": looked_at})
        connection.close()

    threads = [threading.Thread(target=press, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (OrderFormPush.objects.count(), Call.objects.count()) == (1, 1)
    assert invariants_hold()


@pytest.mark.parametrize(
    "statement", ["UPDATE bindings_orderformpush SET why = '[]'", "DELETE FROM bindings_orderformpush"]
)
def test_the_database_keeps_what_was_pushed(served, statement):
    served()
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
