"""What staff do about whose accounts are: the queue, the rules, the binding codes, the page of an account."""

import re
from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bindings.matching import jobs, one_time_codes, services
from bindings.models import BindingChange, BindingCode, Customer, CustomerContact, EcoAccount, MatchingRule
from hireops.database import clock
from hireops.desk.audit import entries_about
from hireops.jobs.models import Job
from hireops.jobs.tasks import work
from tests.bindings.conftest import says
from tests.bindings.matching.test_binding import ordered
from tests.searching import reveal

QUEUE = "admin:bindings_accounttobind_changelist"


def page_of(account):
    return reverse("admin:bindings_ecoaccount_change", args=[account.pk])


def bind_page(*accounts, **asked):
    named = "&".join(f"account={account.pk}" for account in accounts)
    more = "".join(f"&{name}={value}" for name, value in asked.items())
    return f"{reverse('admin:bindings_accounttobind_bind')}?{named}{more}"


def act(client, action, account, *, reason="", model="ecoaccount"):
    address = reverse(f"admin:bindings_{model}_staff_action", args=[action])
    chosen = {"_selected_action": account.pk, "confirmed": "yes", "reason": reason}
    return client.post(address, chosen, follow=True)


# --- The queue


def test_the_queue_shows_who_waits_longest_first_and_whom_it_may_belong_to_and_why(
    vendor, customer, arrives, issued, otto
):
    acme = customer("ACME-7", "云海科技")
    CustomerContact.objects.create(customer=acme, name="王", mobile="+8613987650021", email="w@x.cn")
    code = issued(acme)
    services.bind(arrives("x", tenant_key="t", name="已绑定"), acme, by=otto, reason="r")
    typed = {
        "ACME-7": "“ACME-7” in the field customer_code is the customer's code “ACME-7”.",
        "acme-7": "“acme-7” in the field customer_code is the customer's code “ACME-7”, spelled otherwise.",
        "ACNE-7": "“ACNE-7” in the field customer_code is one character away from",
        "AMCE-7": "“AMCE-7” in the field customer_code is one character away from",
        "139 8765 0021": "“139****0021” in the field customer_code is a contact of the customer",
        code.lower(): f"The binding code ····-····-{code[-4:]} in the field customer_code was issued",
    }
    waiting = [arrives(each) for each in typed]
    waiting += [arrives("?", name="云海科技 背调"), arrives("?", tenant_key="t"), arrives("nothing like it")]
    page = vendor.get(reverse(QUEUE))
    assert list(page.context["cl"].result_list) == waiting
    for sentence in typed.values():
        assert says(page, sentence)
    assert says(page, "The account is named “云海科技 背调”, the customer “云海科技”.")
    assert says(page, "Another account of the same tenant is this customer's: “已绑定”.")
    assert page.content.decode().count("No customer resembles this.") == 1
    assert code not in page.content.decode()
    assert "13987650021" not in page.content.decode()


def test_whoever_may_not_see_values_reads_reasons_without_them(auditor, customer, arrives):
    customer("ACME-7")
    arrives("ACNE-7")
    page = auditor.get(reverse(QUEUE))
    assert says(page, "“***” in the field customer_code is one character away from the customer's code")
    assert "ACNE-7" not in page.content.decode()
    assert "bindings/accounttobind/bind" not in page.content.decode()


def test_a_used_binding_code_says_by_whom_and_when(vendor, customer, rule, arrives, issued):
    code = issued(customer("A001"))
    rule("binding_code")
    arrives(code, name="第一个")
    arrives(code)
    assert says(vendor.get(reverse(QUEUE)), "It was used up by the account “第一个” on ")


def test_the_queue_asks_as_much_of_the_database_for_one_account_as_for_twenty(vendor, customer, arrives):
    for number in range(30):
        customer(f"C{number:03}")
    arrives("C0O1")
    with CaptureQueriesContext(connection) as for_one:
        vendor.get(reverse(QUEUE))
    for number in range(19):
        arrives(f"C0{number:02}x")
    with CaptureQueriesContext(connection) as for_twenty:
        page = vendor.get(reverse(QUEUE))
    assert len(page.context["cl"].result_list) == 20
    assert len(for_twenty) <= len(for_one) + 3


def test_one_click_leads_to_a_page_that_binds_when_it_is_confirmed(vendor, customer, arrives, vera):
    acme = customer("ACME-7")
    account = arrives("acme-7")
    link = re.search(r'href="([^"]*/bind/[^"]*customer=[^"]*)"', vendor.get(reverse(QUEUE)).content.decode())
    assert link
    address = link[1].replace("&amp;", "&")
    page = vendor.get(address)
    assert says(page, "The customer code was typed into the form, spelled otherwise.")
    assert EcoAccount.objects.get().customer is None
    reason = page.context["form"]["reason"].value()
    assert "autofocus" in str(page.context["form"]["reason"])
    assert vendor.post(address, {"customer": acme.pk, "reason": reason}).status_code == 302
    assert EcoAccount.objects.get().customer == acme
    change = account.binding_changes.get()
    assert (change.how, change.by, change.reason) == ("by_hand", vera, str(reason))
    assert says(vendor.get(page_of(account)), "Bound by hand")
    assert not vendor.get(reverse(QUEUE)).context["cl"].result_list


def test_several_are_bound_at_once_to_a_customer_who_is_looked_for(vendor, customer, arrives):
    acme = customer("ACME-7", "云海科技")
    customer("B002", "archived 云海", archived=True)
    accounts = [arrives("?"), arrives("?")]
    chosen = {"action": "bind_selected", "_selected_action": [account.pk for account in accounts]}
    asked = vendor.post(reverse(QUEUE), chosen)
    page = vendor.get(f"{asked['Location']}&q=云海")
    assert [each for each, _address in page.context["found"]] == [acme]
    address = bind_page(*accounts, customer=acme.pk)
    vendor.post(address, {"customer": acme.pk, "reason": "told by phone"})
    assert {account.customer for account in EcoAccount.objects.all()} == {acme}


def test_of_several_accounts_each_reason_says_of_which_and_none_is_given_for_all(vendor, customer, arrives):
    acme = customer("ACME-7")
    first, second = arrives("ACME-7", name="甲"), arrives("acme-7", name="乙")
    page = vendor.get(bind_page(first, second, customer=acme.pk))
    assert says(page, "甲: “ACME-7” in the field customer_code is the customer's code “ACME-7”.")
    assert says(page, "乙: “acme-7” in the field customer_code is the customer's code “ACME-7”, spelled")
    assert not page.context["form"]["reason"].value()


def test_without_a_reason_nothing_is_bound(vendor, customer, arrives):
    acme = customer("ACME-7")
    account = arrives("?")
    page = vendor.post(bind_page(account, customer=acme.pk), {"customer": acme.pk, "reason": " "})
    assert page.context["form"].errors["reason"]
    assert not BindingChange.objects.exists()


def test_releasing_and_rebinding_say_what_they_do_not_undo(vendor, customer, arrives, otto):
    acme, other = customer("A001"), customer("B002")
    account = arrives("?")
    services.bind(account, acme, by=otto, reason="r")
    account.refresh_from_db()
    ordered(account, account.tenant)
    address = reverse("admin:bindings_ecoaccount_staff_action", args=["release"])
    asked = vendor.post(address, {"_selected_action": account.pk})
    sentence = "1 order has come since. It stays with the customer of today."
    assert says(asked, sentence)
    assert says(vendor.get(bind_page(account, customer=other.pk)), sentence)
    act(vendor, "release", account, reason="wrong company")
    account.refresh_from_db()
    assert account.customer is None
    assert entries_about(account)[0].action == "account released"


def test_setting_aside_takes_out_of_the_queue_and_putting_back_puts_it_back(vendor, arrives):
    account = arrives("?")
    act(vendor, "set_aside", account, reason="only a trial", model="accounttobind")
    assert not vendor.get(reverse(QUEUE)).context["cl"].result_list
    assert list(vendor.get(f"{reverse(QUEUE)}?state=aside").context["cl"].result_list) == [account]
    act(vendor, "put_back", account)
    assert list(vendor.get(reverse(QUEUE)).context["cl"].result_list) == [account]


def test_a_bound_account_that_names_somebody_else_is_a_question_in_the_queue_and_on_its_page(
    vendor, customer, rule, arrives
):
    customer("A001", "甲"), customer("B002", "乙")
    rule()
    account = arrives("A001")
    arrives("B002", account_id=account.account_id, minutes=5)
    assert says(vendor.get(reverse(QUEUE)), "Bound to 甲 (A001). What was typed last names 乙 (B002)")
    page = vendor.get(page_of(account))
    assert says(page, "This account is bound to 甲 (A001). What the customer typed last names 乙 (B002).")
    assert "A001" not in str(page.context["differences"])
    revealed = reveal(vendor, page_of(account))
    assert [(each.what, each.before, each.after) for each in revealed.context["differences"]] == [
        ("customer_code", "A001", "B002")
    ]
    act(vendor, "keep", account, reason="typed by mistake")
    assert not vendor.get(reverse(QUEUE)).context["cl"].result_list


def test_the_history_of_an_account_hides_what_was_typed_until_it_is_asked_for(
    vendor, auditor, customer, rule, arrives
):
    customer("A001")
    rule()
    account = arrives("a001")
    for client in (vendor, auditor):
        assert "“a001”" not in client.get(page_of(account)).content.decode()
    assert says(reveal(vendor, page_of(account)), "“a001” in the field customer_code")
    listed = vendor.get(reverse("admin:bindings_ecoaccount_changelist") + "?whose=bound")
    assert says(listed, "客户A001 (A001)")


# --- The rules


def test_a_new_rule_is_off_and_shows_what_it_would_do(vendor, customer, field, arrives, otto):
    field("customer_code", "客户编号", name_en="Customer code")
    acme, other = customer("A001"), customer("B002")
    waiting = arrives("a001")
    arrives("nobody")
    services.bind(arrives("B002"), acme, by=otto, reason="r")
    add = reverse("admin:bindings_matchingrule_add")
    given = {"read": "1:customer_code", "kind": "code", "position": 1}
    page = vendor.post(add, given, follow=True)
    made = MatchingRule.objects.get()
    assert (made.scope, made.key, made.enabled, made.proposes_only) == (1, "customer_code", False, False)
    trial = page.context["trial"]
    assert [each.account for each in trial.bound] == [EcoAccount.objects.latest("pk"), waiting]
    assert (len(trial.several), len(trial.nobody)) == (0, 1)
    assert [(each.named, each.account.customer) for each in trial.otherwise] == [([other], acme)]
    waiting.refresh_from_db()
    assert waiting.customer is None
    act(vendor, "switch_on", made, model="matchingrule")
    vendor.post(reverse("admin:bindings_accounttobind_run"))
    waiting.refresh_from_db()
    assert waiting.customer == acme


def test_many_that_wait_are_looked_at_by_long_work(vendor, customer, rule, arrives, monkeypatch):
    monkeypatch.setattr(jobs, "IN_ONE_PART", 1)
    acme = customer("A001")
    accounts = [arrives("A001"), arrives("?"), arrives("A001")]
    rule()
    vendor.post(reverse("admin:bindings_matchingrule_run"))
    work()
    assert Job.objects.get().state == Job.State.DONE
    assert [EcoAccount.objects.get(pk=each.pk).customer for each in accounts] == [acme, None, acme]


# --- Binding codes


def test_a_code_is_shown_once_and_is_good_for_one_account(vendor, customer, rule, arrives):
    acme = customer("A001")
    issue = reverse("admin:bindings_bindingcode_issue")
    form = vendor.get(f"{issue}?customer={acme.pk}").context["form"]
    assert form["customer"].value() == "A001"
    page = vendor.post(issue, {"customer": "a001", "days": 30})
    code = page.context["code"]
    assert re.fullmatch(r"\w{4}-\w{4}-\w{4}", code)
    assert code in page.context["to_send"]
    assert "no-store" in page["Cache-Control"]
    everything = str(list(BindingCode.objects.values())) + str(list(entries_about(BindingCode.objects.get())))
    assert code not in everything
    assert code.replace("-", "") not in everything
    rule("binding_code")
    account = arrives(code)
    assert account.customer == acme
    listed = vendor.get(reverse("admin:bindings_bindingcode_changelist") + "?state=used")
    assert says(listed, f"····-····-{code[-4:]}")
    assert code not in listed.content.decode()


def test_a_revoked_code_binds_nobody_and_a_used_one_is_not_revoked(vendor, customer, rule, arrives, issued):
    rule("binding_code")
    code = issued(customer("A001"))
    row = BindingCode.objects.get()
    act(vendor, "revoke", row, model="bindingcode")
    assert arrives(code).customer is None
    used = issued(Customer.objects.get())
    arrives(used)
    page = act(vendor, "revoke", BindingCode.objects.latest("pk"), model="bindingcode")
    assert says(page, "is used up or revoked already.")


def test_a_code_that_was_issued_under_an_older_key_still_binds(settings, customer, rule, arrives, issued):
    acme = customer("A001")
    rule("binding_code")
    code = issued(acme)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another one that is as long as the first was, and newer"
    assert arrives(code).customer == acme


def test_nobody_without_the_right_binds_issues_or_changes_rules(auditor, customer, arrives):
    acme, account = customer("A001"), arrives("?")
    assert auditor.get(bind_page(account)).status_code == 403
    assert auditor.post(bind_page(account), {"customer": acme.pk, "reason": "x"}).status_code == 403
    assert auditor.get(reverse("admin:bindings_bindingcode_issue")).status_code == 403
    assert auditor.get(reverse("admin:bindings_matchingrule_add")).status_code == 403
    assert auditor.get(reverse("admin:bindings_matchingrule_changelist")).status_code == 200


# --- The home page


def test_the_home_page_is_red_when_somebody_waits_for_more_than_a_day(vendor, arrives):
    def card():
        cards = vendor.get(reverse("admin:index")).context["cards"]
        return next(each for each in cards if str(each.title) == "Accounts to be bound")

    assert (card().value, card().tone) == (0, "ok")
    arrives("?")
    assert (card().value, card().tone) == (1, "warn")
    EcoAccount.objects.update(created_at=clock.now() - timedelta(days=2))
    assert card().tone == "bad"


def test_the_alphabet_has_no_look_alikes_and_one_wrong_character_is_noticed():
    code = one_time_codes.made()
    for place, right in enumerate(code):
        for other in one_time_codes.ALPHABET:
            typed = code[:place] + other + code[place + 1 :]
            assert (one_time_codes.read(typed) == code) is (other == right)
    for one in range(len(code)):
        for two in range(one):
            swapped = list(code)
            swapped[one], swapped[two] = code[two], code[one]
            assert one_time_codes.read("".join(swapped)) in ({code} if code[one] == code[two] else {None})


def test_a_customer_whom_nobody_has_entered_is_made_from_the_account(vendor, rule, arrives):
    rule(enabled=False)
    account = arrives(" N-1 ", name="新客户")
    page = vendor.get(bind_page(account))
    assert "N-1" not in page.context["new_url"]
    new = vendor.get(page.context["new_url"])
    assert (new.context["form"]["code"].value(), new.context["form"]["name"].value()) == ("N-1", "新客户")
    vendor.post(page.context["new_url"], {"code": "N-1", "name": "新客户", "reason": "signed last week"})
    account.refresh_from_db()
    assert (account.customer.code, account.customer.name) == ("N-1", "新客户")
    again = vendor.post(page.context["new_url"], {"code": "n-1", "name": "x", "reason": "r"})
    assert again.context["form"].errors["code"]


def test_the_page_of_a_customer_shows_its_binding_codes(vendor, customer, issued):
    acme = customer("A001")
    code = issued(acme)
    page = vendor.get(reverse("admin:bindings_customer_change", args=[acme.pk]))
    assert says(page, f"····-····-{code[-4:]}")
    assert f"{reverse('admin:bindings_bindingcode_issue')}?customer={acme.pk}" in page.content.decode()
