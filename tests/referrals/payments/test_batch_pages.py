"""The pages on which staff hand over what is to be paid, download batches and record what became of them."""

import re
from html import unescape

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from hireops.desk.audit import entries_about
from hireops.desk.display import linked
from referrals.models import Payment, PayoutBatch, Withdrawal
from referrals.payments.admin.handing_over import hand_over_url
from referrals.payments.recording import record_paid
from referrals.payments.services import hand_over
from tests.referrals.payments.results_files import csv_file, payment_of, record_bounced, state
from tests.referrals.withdrawals import taken
from tests.searching import reveal

State = Withdrawal.State
PREPARE = "/admin/referrals/payoutbatch/prepare/"
WITHDRAWALS = "/admin/referrals/withdrawal/"


@pytest.fixture
def due(account, hira, ada):
    def due(*, name="张三", **amounts):
        return taken(account(name=name), by=hira, approver=ada, **amounts)

    return due


@pytest.fixture
def hr(hira, pages):
    return pages(hira)


def url(page, *args):
    return reverse(f"admin:referrals_payoutbatch_{page}", args=args)


def says(response, text):
    return escape(text) in response.content.decode()


def told(response):
    return [str(message) for message in response.context["messages"]]


def confirm(client, *withdrawals, note=""):
    ids = [withdrawal.pk for withdrawal in withdrawals]
    return client.post(PREPARE, {"withdrawal": ids, "note": note, "confirmed": "yes"}, follow=True)


def upload(client, batch, *lines):
    file = csv_file("payment_id,result,reference,reason", *lines)
    return client.post(url("results", batch.pk), {"file": file}, follow=True)


# --- Handing over


def test_the_page_shows_what_is_to_be_paid_with_totals(hr, hira, due):
    due(points=100, CNY="12.30"), due(CNY="0.70", name="李四")
    handed, bounced = due(USD="9"), due(EUR="3")
    hand_over([handed, bounced], by=hira)
    record_bounced(payment_of(bounced, "EUR"), by=hira, reason="account closed")
    page = hr.get(url("prepare"))
    assert url("prepare") == PREPARE
    assert [(each.asset, each.count, str(each.sum)) for each in page.context["totals"]] == [
        ("points", 1, "100"),
        ("CNY", 2, "13.00"),
        ("EUR", 1, "3.00"),
    ]
    assert len(page.context["rows"]) == 3
    for text in ("account closed", "payment came back", "hira", "ada"):
        assert says(page, text)
    assert not says(page, "USD")


def test_nothing_is_handed_over_before_the_sums_were_confirmed(hr, hira, due):
    chosen, other = due(CNY="1.50"), due(CNY="5")
    page = hr.post(PREPARE, {"withdrawal": [chosen.pk], "note": "November"})
    assert says(page, "Hand over these withdrawals (1)?")
    assert [str(each.sum) for each in page.context["totals"]] == ["1.50"]
    assert not PayoutBatch.objects.exists()
    assert confirm(hr, chosen, note="November").redirect_chain
    batch = PayoutBatch.objects.get()
    assert (batch.created_by, batch.note, batch.payments.count()) == (hira, "November", 1)
    assert (state(chosen), state(other)) == (State.HANDED_OVER, State.TAKEN)


def test_the_button_says_how_much_is_handed_over_and_what_is_not_due_stands_apart(hr, hira, due):
    chosen, paid = due(CNY="1200.50", points=7), due(CNY="3")
    hand_over([paid], by=hira)
    page = hr.post(PREPARE, {"withdrawal": [chosen.pk, paid.pk], "note": "November"})
    button = "Hand over 1 withdrawal · points 7 · CNY 1,200.50"
    assert f'value="{button}"' in page.content.decode().replace("\N{NO-BREAK SPACE}", " ")
    assert re.findall(r'name="withdrawal" value="(\d+)"', page.content.decode()) == [str(chosen.pk)]
    assert says(page, "left out: 1")
    assert [row[2].value for row in page.context["left_out"].rows] == [linked(paid, f"#{paid.pk}")]
    assert page.context["back"] == hand_over_url([chosen, paid])


def test_the_sums_shown_in_another_language_keep_the_note_and_hand_nothing_over(hr, due):
    chosen = due(CNY="1.50")
    sent = {"withdrawal": [chosen.pk], "note": "Novem", "confirmed": "yes", "language": "en"}
    page = hr.post(PREPARE, sent)
    assert "Novem</textarea>" in page.content.decode()
    assert not PayoutBatch.objects.exists()


def test_who_is_to_be_paid_comes_first_and_long_ids_are_short(hr, due):
    chosen = due(CNY="1.50", name="欧阳娜娜")
    for page in (hr.get(PREPARE), hr.post(PREPARE, {"withdrawal": [chosen.pk]})):
        text, account = page.content.decode(), chosen.account.account_id
        assert text.index(">Employee</th>") < text.index(">Referral account</th>")
        assert "<span>欧***</span>" in text
        assert f'title="{account}">…{account[-6:]}</span>' in text
        assert chosen.external_order_id not in text


def test_a_double_click_makes_one_batch_and_says_so(hr, due):
    chosen = due(CNY="1")
    confirm(hr, chosen)
    answer = confirm(hr, chosen)
    assert f"#{chosen.pk} (handed over for payment, batch #{PayoutBatch.objects.get().pk})" in told(answer)[0]


def test_choosing_nothing_is_told(hr, due):
    due(CNY="1")
    answer = hr.post(PREPARE, {"confirmed": "yes"}, follow=True)
    assert told(answer) == ["Nothing was handed over: choose at least one withdrawal."]
    assert hr.post(PREPARE, {"withdrawal": ["x", "9" * 30, "-1"]}, follow=True).status_code == 200


def test_the_list_of_withdrawals_leads_to_those_that_were_chosen_there(hr, hira, due):
    chosen, other, paid = due(CNY="1"), due(CNY="2"), due(CNY="3")
    hand_over([paid], by=hira)
    page = hr.get(hand_over_url([chosen, paid]))
    assert [row.withdrawal for row in page.context["rows"]] == [chosen]
    assert says(page, "not to be paid now and so left out: 1")
    assert other.pk not in {row.withdrawal.pk for row in page.context["rows"]}
    assert hr.get(PREPARE, {"ids": "nonsense"}).status_code == 200


def test_only_some_are_shown_if_there_are_too_many(hr, due, monkeypatch):
    monkeypatch.setattr("referrals.payments.admin.handing_over.MOST_AT_ONCE", 2)
    oldest = [due(CNY="1"), due(CNY="1"), due(CNY="1")][:2]
    page = hr.get(PREPARE)
    assert [row.withdrawal for row in page.context["rows"]] == oldest
    assert says(page, "There are more than 2.")


def test_more_than_can_be_handed_over_at_once_is_refused_and_none_is_left_out_silently(hr, due, monkeypatch):
    monkeypatch.setattr("referrals.payments.admin.handing_over.MOST_AT_ONCE", 2)
    chosen = [due(CNY="1"), due(CNY="1"), due(CNY="1")]
    too_many = ["More than 2 withdrawals were chosen. Nothing was handed over: choose fewer at a time."]
    assert told(confirm(hr, *chosen)) == too_many
    from_the_list = {"action": "hand_over_chosen", "_selected_action": [each.pk for each in chosen]}
    answer = hr.post(WITHDRAWALS, from_the_list, follow=True)
    assert (told(answer), answer.redirect_chain[-1][0]) == (too_many, WITHDRAWALS)
    assert not PayoutBatch.objects.exists()
    assert len(confirm(hr, *chosen[:2]).redirect_chain) == 1
    assert [state(each) for each in chosen] == [State.HANDED_OVER, State.HANDED_OVER, State.TAKEN]


def test_the_page_asks_the_same_number_of_queries_for_any_number_of_withdrawals(
    hr, due, django_assert_num_queries, django_assert_max_num_queries
):
    due(CNY="1")
    with django_assert_max_num_queries(15) as few:
        hr.get(PREPARE)
    for _each in range(5):
        due(points=1, CNY="1")
    with django_assert_num_queries(len(few)):
        hr.get(PREPARE)


@pytest.mark.parametrize("person", ["ada", "audrey", "otto", "vera", "eve"])
def test_others_can_not_hand_over(request, pages, due, person):
    client, withdrawal = pages(request.getfixturevalue(person)), due(CNY="1")
    assert client.get(PREPARE).status_code == 403
    assert client.post(PREPARE, {"withdrawal": withdrawal.pk, "confirmed": "yes"}).status_code == 403
    assert not PayoutBatch.objects.exists()


# --- The list and the page of a batch


def test_the_list_shows_how_far_each_batch_is(hr, hira, due):
    first, second = due(points=5, CNY="1.00"), due(CNY="2.50")
    batch = hand_over([first, second], by=hira, note="November")
    hand_over([due(USD="7")], by=hira)
    record_paid(payment_of(first), by=hira, reference="A1")
    record_bounced(payment_of(second), by=hira, reason="closed")
    page = hr.get(url("changelist"))
    rows = re.findall(r'field-(\w+)_count"[^>]*>(\d+)<', page.content.decode())
    counts = [("payment", "3"), ("paid", "1"), ("open", "1"), ("bounced", "1"), ("reversed", "0")]
    assert rows[5:] == counts
    assert says(page, "points\u00a05 · CNY\u00a03.50")
    assert says(page, "November")
    assert says(page, f"#{batch.pk}")
    assert says(page, PREPARE)


def test_the_list_asks_the_same_number_of_queries_for_any_number_of_batches(
    hr, hira, due, django_assert_num_queries, django_assert_max_num_queries
):
    hand_over([due(CNY="1")], by=hira)
    with django_assert_max_num_queries(15) as few:
        hr.get(url("changelist"))
    for _each in range(4):
        hand_over([due(points=1, CNY="1")], by=hira)
    with django_assert_num_queries(len(few)):
        hr.get(url("changelist"))


def test_the_page_of_a_batch_shows_its_payments_and_totals(hr, hira, due):
    paid, back, waits = due(CNY="1.00"), due(CNY="2.50"), due(points=7, name="李四")
    batch = hand_over([paid, back, waits], by=hira)
    record_paid(payment_of(paid), by=hira, reference="A1")
    record_bounced(payment_of(back), by=hira, reason="account closed")
    page = reveal(hr, url("change", batch.pk))
    sums = [
        (each.asset, each.count, *(each.shown[name] for name in ("sum", "paid", "handed_over", "bounced")))
        for each in page.context["summary"].sums
    ]
    assert sums == [("points", 1, "7", "0", "7", "0"), ("CNY", 2, "3.50", "1.00", "0.00", "2.50")]
    for text in ("A1", "account closed", payment_of(waits, "points").payment_id, "李四"):
        assert says(page, text)
    content = page.content.decode()
    assert url("record", payment_of(waits, "points").pk) in content
    assert url("record", payment_of(paid).pk) not in content


def test_many_payments_are_on_several_pages(hr, hira, due, monkeypatch):
    monkeypatch.setattr("referrals.payments.admin.page.PAYMENTS_ON_A_PAGE", 2)
    batch = hand_over([due(CNY="1"), due(CNY="2"), due(CNY="3")], by=hira)
    assert len(hr.get(url("change", batch.pk)).context["rows"]) == 2
    assert len(hr.get(url("change", batch.pk) + "?p=2").context["rows"]) == 1
    first = reveal(hr, url("change", batch.pk))
    [following] = re.findall(r'href="(\?p=2[^"]*)"', first.text)
    for page in (first, hr.get(url("change", batch.pk) + unescape(following))):
        assert says(page, "张三")
    assert len(hr.get(url("change", batch.pk) + "?p=x").context["rows"]) == 2


def test_an_auditor_sees_batches_masked_and_records_nothing(audrey, pages, hira, due):
    audrey.user_permissions.remove(*Permission.objects.filter(codename="view_personal_data"))
    audrey.groups.first().permissions.remove(*Permission.objects.filter(codename="view_personal_data"))
    batch, client = hand_over([due(CNY="1", name="王小明")], by=hira), pages(audrey)
    page = client.get(url("change", batch.pk))
    assert page.status_code == 200
    assert not says(page, "王小明")
    assert not page.context["may_record"]
    payment = Payment.objects.get()
    for address in (url("record", payment.pk), url("open", batch.pk), url("results", batch.pk)):
        assert client.post(address, {"reference": "A1"}).status_code == 403
    assert "王小明" not in client.post(url("file", batch.pk, "csv")).content.decode()
    assert Payment.objects.get().state == "handed_over"


@pytest.mark.parametrize("person", ["vera", "eve"])
def test_others_see_no_batch_and_no_file(request, pages, hira, due, person):
    batch, client = hand_over([due(CNY="1")], by=hira), pages(request.getfixturevalue(person))
    for address in (url("changelist"), url("change", batch.pk), url("file", batch.pk, "csv")):
        assert client.get(address).status_code == 403


# --- Files


@pytest.mark.parametrize(("kind", "begins"), [("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK")])
def test_each_download_is_audited(hr, hira, due, kind, begins):
    batch = hand_over([due(CNY="1")], by=hira)
    answer = hr.post(url("file", batch.pk, kind))
    assert answer.content.startswith(begins)
    day = timezone.localtime(batch.created_at).date()
    name = f"referral-payouts_batch-{batch.pk}_{day}.{kind}"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "no-store" in answer["Cache-Control"]
    entry = entries_about(batch).get(action="payout batch downloaded")
    assert entry.actor == hira
    assert entry.details == {"format": kind, "personal_data": True}


def test_there_is_no_file_of_another_kind_or_of_no_batch(hr, hira, due):
    batch = hand_over([due(CNY="1")], by=hira)
    assert hr.get(url("file", batch.pk, "pdf")).status_code == 404
    assert hr.get(url("file", batch.pk + 1, "csv")).status_code == 404


# --- Results by hand


def test_a_payment_is_recorded_as_made(hr, hira, due):
    withdrawal = due(CNY="1")
    batch, payment = hand_over([withdrawal], by=hira), payment_of(withdrawal)
    address = url("record", payment.pk)
    assert says(hr.get(address), payment.payment_id)
    assert says(hr.post(address, {"reference": " "}), "This field is required.")
    answer = hr.post(address, {"reference": "A1"}, follow=True)
    assert (answer.redirect_chain[0][0], told(answer)) == (
        url("change", batch.pk),
        ["The result is recorded."],
    )
    assert (payment_of(withdrawal).reference, state(withdrawal)) == ("A1", State.PAID)
    again = hr.post(address, {"reference": "A2"}, follow=True)
    assert "already recorded" in told(again)[0]


def test_all_open_payments_are_recorded_at_once_when_their_total_is_typed(hr, hira, due):
    batch = hand_over([due(CNY="38630", name="王小明"), due(CNY="4")], by=hira)
    page = hr.get(url("open", batch.pk))
    for text in ("王**", "Record 2 as made"):
        assert says(page, text)
    refused = hr.post(url("open", batch.pk), {"reference-CNY": "A1", "total-CNY": "38643"})
    assert says(refused, "This is not what the payments without a result add up to: CNY.")
    for shown in (page, refused):
        assert not re.search(r"38[,.]?634", shown.content.decode())
    assert not Payment.objects.exclude(state="handed_over").exists()
    hr.post(url("open", batch.pk), {"reference-CNY": "A1", "total-CNY": "38634"})
    assert set(Payment.objects.values_list("state", "reference")) == {("paid", "A1")}
    assert told(hr.get(url("open", batch.pk), follow=True))[-1].startswith("Every payment of this batch")


def test_the_total_of_a_page_that_is_out_of_date_is_not_taken(hr, hira, due):
    waits, settled = due(CNY="1"), due(CNY="2", USD="5")
    batch = hand_over([waits, settled], by=hira)
    shown = {"reference-CNY": "A1", "reference-USD": "A2", "total-CNY": "3.00", "total-USD": "5"}
    record_bounced(payment_of(settled), by=hira, reason="closed")
    record_bounced(payment_of(settled, "USD"), by=hira, reason="closed")
    answer = hr.post(url("open", batch.pk), shown)
    assert says(answer, "add up to: CNY.")
    assert "total-USD" not in answer.context["form"].fields
    assert state(waits) == State.HANDED_OVER


# --- What is typed stays when the language is switched


def switched(client, address, **typed):
    """The page after its form was sent by the language switch, as a browser does."""
    page = client.get(address).content.decode()
    assert 'form="filled"' in page
    assert 'id="filled"' in page
    hidden = dict(re.findall(r'name="(next|again|filled)" value="([^"]*)"', page.split('id="filled"')[1]))
    sent = {**{name: unescape(value) for name, value in hidden.items()}, **typed, "language": "zh-hans"}
    redirect = client.post("/language/", sent)
    assert (redirect.status_code, redirect["Location"]) == (307, address)
    again = client.post(redirect["Location"], sent)
    assert (again.status_code, again["Content-Language"]) == (200, "zh-hans")
    return again


def test_switching_the_language_records_nothing_and_keeps_what_was_typed(hr, hira, due):
    withdrawal = due(CNY="1")
    batch = hand_over([withdrawal], by=hira)
    payment = payment_of(withdrawal)
    for address, typed in (
        (url("record", payment.pk), {"reference": "half a ref"}),
        (url("open", batch.pk), {"reference-CNY": "half a ref", "total-CNY": "1.00"}),
    ):
        page = switched(hr, address, **typed)
        for text in typed.values():
            assert text in page.content.decode()
        hr.cookies["django_language"] = "en"
    assert payment_of(withdrawal).state == "handed_over"
    record_paid(payment, by=hira, reference="A1")
    reverse_page = reverse("admin:referrals_payment_reverse", args=[payment.pk])
    page = switched(hr, reverse_page, cause="name_mismatch", reason="half a ref").content.decode()
    assert "half a ref</textarea>" in page
    assert re.search(r'value="name_mismatch"[^>]*checked', page)
    assert not payment.reversals.exists()


# --- One currency came back


def test_what_came_back_is_handed_over_again_while_the_other_currency_is_on_its_way(hr, hira, due):
    withdrawal = due(points=100, CNY="12.30")
    first = hand_over([withdrawal], by=hira)
    bounced = payment_of(withdrawal)
    record_bounced(bounced, by=hira, reason="closed")
    page = hr.get(PREPARE)
    assert [(each.asset, str(each.sum)) for each in page.context["totals"]] == [("CNY", "12.30")]
    confirm(hr, withdrawal)
    again = payment_of(withdrawal)
    assert (again.instead_of, again.batch == first, again.sum) == (bounced, False, bounced.sum)
    assert payment_of(withdrawal, "points").batch == first
    assert state(withdrawal) == State.HANDED_OVER
    for payment in (again, payment_of(withdrawal, "points")):
        hr.post(url("record", payment.pk), {"reference": f"A{payment.pk}"})
    assert state(withdrawal) == State.PAID


# --- Results from a file


def test_a_file_is_looked_at_before_it_is_recorded(hr, hira, due):
    good, bad = due(CNY="1"), due(CNY="2")
    batch = hand_over([good, bad], by=hira)
    lines = [f"{payment_of(good).payment_id},paid,A1,", f"{payment_of(bad).payment_id},bounced,,"]
    page = upload(hr, batch, *lines)
    assert says(page, "Nothing has been recorded yet.")
    assert says(page, "The reason is missing")
    assert says(page, "Record these results (1): paid CNY\u00a01.00")
    assert state(good) == State.HANDED_OVER
    answer = hr.post(url("results", batch.pk), {"kept": page.context["kept"]}, follow=True)
    assert told(answer) == ["Results recorded: 1."]
    assert (state(good), state(bad)) == (State.PAID, State.HANDED_OVER)
    again = hr.post(url("results", batch.pk), {"kept": page.context["kept"]}, follow=True)
    assert told(again) == ["Recorded already, so nothing changed there: 1."]
    assert entries_about(payment_of(good)).count() == 1


def test_the_preview_in_the_other_language_still_has_the_upload(hr, hira, due):
    good, bad = due(CNY="1"), due(CNY="2")
    batch = hand_over([good, bad], by=hira)
    lines = [f"{payment_of(good).payment_id},paid,A1,", f"{payment_of(bad).payment_id},bounced,,"]
    page = upload(hr, batch, *lines)
    sent = {"kept": page.context["kept"], "language": "en", "again": "yes", "next": page.context["address"]}

    switched = hr.post("/language/", sent, follow=True)

    assert says(switched, "Nothing has been recorded yet.")
    assert says(switched, "The reason is missing")
    assert state(good) == State.HANDED_OVER
    answer = hr.post(url("results", batch.pk), {"kept": switched.context["kept"]}, follow=True)
    assert told(answer) == ["Results recorded: 1."]


def test_the_preview_shows_whose_money_it_is_and_what_was_not_compared(hr, hira, due):
    paid, back, changed = due(CNY="1000.50", name="王小明"), due(points=20), due(CNY="12.30")
    batch = hand_over([paid, back, changed], by=hira)
    file = csv_file(
        "打款编号,姓名,币种,金额,打款结果,打款凭证号,退回原因",
        f'{payment_of(paid).payment_id},王小明,人民币,"¥1,000.50",已打款,A1,',
        f"{payment_of(back, 'points').payment_id},张三,积分,,退回,,closed",
        f"{payment_of(changed).payment_id},张三,CNY,999,已打款,A3,",
    )
    page = hr.post(url("results", batch.pk), {"file": file})
    table = page.context["table"]
    shown = [(row.line, row.employee, row.asset, row.sum, row.reference, row.reason) for row in table.rows]
    assert shown == [(2, "王**", "CNY", "1,000.50", "A1", ""), (3, "张*", "points", "20", "", "closed")]
    assert table.summary == "paid CNY\u00a01,000.50; came back points\u00a020"
    assert says(page, "Sum: the file says 999, handed over was CNY\u00a012.30.")
    assert page.context["not_compared"] == ["Lines without an amount, so that it was not compared: 1."]
    hr.post(url("results", batch.pk), {"kept": page.context["kept"]})
    assert [state(each) for each in (paid, back, changed)] == [State.PAID, State.BOUNCED, State.HANDED_OVER]
    bare = upload(hr, batch, f"{payment_of(changed).payment_id},paid,A3,")
    assert says(bare, "The file has no amounts: they were not compared.")


def test_what_was_recorded_meanwhile_is_not_overwritten(hr, hira, due):
    withdrawal, other = due(CNY="1"), due(CNY="2")
    batch = hand_over([withdrawal, other], by=hira)
    page = upload(
        hr, batch, f"{payment_of(withdrawal).payment_id},paid,A1,", f"{payment_of(other).payment_id},paid,A2,"
    )
    record_bounced(payment_of(withdrawal), by=hira, reason="closed")
    answer = hr.post(url("results", batch.pk), {"kept": page.context["kept"]}, follow=True)
    assert told(answer)[0] == "Results recorded: 1."
    assert told(answer)[1].startswith("Recorded as come back, and paid by the bank: 1.")
    assert (state(withdrawal), state(other)) == (State.BOUNCED, State.PAID)


def test_lines_that_were_not_shown_are_not_taken(hr, hira, due, pages, django_user_model):
    first, second = hand_over([due(CNY="1")], by=hira), hand_over([due(CNY="2")], by=hira)
    page = upload(hr, first, f"{first.payments.get().payment_id},paid,A1,")
    kept_file = page.context["kept"]
    boss = pages(django_user_model.objects.create_superuser("boss"))
    for client, batch, kept in (
        (hr, second, kept_file),
        (boss, first, kept_file),
        (hr, first, f"{kept_file}x"),
        (hr, first, "9" * 30),
        (hr, first, ""),
    ):
        answer = client.post(url("results", batch.pk), {"kept": kept}, follow=True)
        assert told(answer) == ["Nothing was recorded: the page was too old. Upload the file again."]
    assert not Payment.objects.exclude(state="handed_over").exists()


def test_what_can_not_be_read_is_told(hr, hira, due, monkeypatch):
    batch = hand_over([due(CNY="1")], by=hira)
    assert (
        "of the first rows names the columns"
        in told(hr.post(url("results", batch.pk), {"file": csv_file("a,b", "1,2")}, follow=True))[0]
    )
    assert told(hr.post(url("results", batch.pk), {}, follow=True)) == ["This field is required."]
    monkeypatch.setattr("referrals.payments.admin.results.MOST_BYTES", 10)
    assert "larger than 5 MB" in told(upload(hr, batch, "x,paid,A1,"))[0]
    assert hr.get(url("results", batch.pk)).url == url("change", batch.pk)


# --- Payments


def test_payments_are_found_by_payment_id_reference_and_account(hr, hira, due):
    wanted, other = due(CNY="1"), due(CNY="2")
    hand_over([wanted, other], by=hira)
    record_paid(payment_of(wanted), by=hira, reference="REF-1")
    payment, listed = payment_of(wanted), reverse("admin:referrals_payment_changelist")
    for term in (payment.payment_id, "REF-1", wanted.account.account_id):
        page = hr.get(listed, {"q": term})
        assert says(page, payment.payment_id)
        assert not says(page, payment_of(other).payment_id)
    page = hr.get(reverse("admin:referrals_payment_change", args=[payment.pk]))
    assert says(page, "REF-1")
    assert says(page, wanted.external_order_id)


def test_payments_are_listed_by_who_is_paid(hr, hira, due):
    hand_over([due(CNY="1", name="欧阳娜娜")], by=hira)
    text = hr.get(reverse("admin:referrals_payment_changelist")).content.decode()
    assert re.search(r'<th class="[^"]*field-employee[^>]*><a [^>]*>欧\*\*\*</a>', text)
    assert "欧阳娜娜" not in text


def test_the_pages_are_chinese_by_default(hira, client_of, due):
    batch, client = hand_over([due(CNY="1", points=2)], by=hira), client_of(hira)
    due(CNY="1")
    for address in (PREPARE, url("changelist"), url("change", batch.pk), url("open", batch.pk)):
        assert client.get(address).headers["Content-Language"] == settings.LANGUAGE_CODE


def test_withdrawals_chosen_in_their_list_lead_to_the_page_that_hands_them_over(pages, hira, audrey, due):
    chosen, _other = due(points=100), due(points=50)
    listed = reverse("admin:referrals_withdrawal_changelist")
    choice = {"action": "hand_over_chosen", "_selected_action": [chosen.pk]}
    answer = pages(hira).post(listed, choice)
    assert answer.url == f"{reverse('admin:referrals_payoutbatch_prepare')}?ids={chosen.pk}"
    assert b"hand_over_chosen" in pages(hira).get(listed).content
    assert b"hand_over_chosen" not in pages(audrey).get(listed).content


def test_the_page_of_a_withdrawal_tells_who_handed_it_over_and_what_became_of_it(pages, hira, ada, due):
    withdrawal = due(CNY="12.30")
    batch = hand_over([withdrawal], by=hira, note="November")
    record_paid(Payment.objects.get(), by=ada, reference="BANK-7")
    page = pages(ada).get(reverse("admin:referrals_withdrawal_change", args=[withdrawal.pk]))
    told = [(step.who, step.what, step.why) for step in page.context["steps"]]
    assert told[-2:] == [
        ("hira", f"handed over for payment in batch #{batch.pk}", "November"),
        ("ada", "CNY\u00a012.30: paid", "BANK-7"),
    ]
