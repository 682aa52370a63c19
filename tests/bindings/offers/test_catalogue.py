"""The catalogue is kept on its pages: what is sold, with which stages, and whom it is offered."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from bindings.models import AdditionalItem, CheckPackage, ExamPaper, Offer, StageTemplate
from bindings.offers import stages
from hireops.database.clock import now
from hireops.desk.audit import entries_about
from tests.bindings.conftest import english, says
from tests.bindings.offers.conftest import offer, page_of


def stage_forms(*rows, shown=()):
    """The usual stages as the page of a package sends them; ``shown`` are there already."""
    sent = {"stages-TOTAL_FORMS": len(rows), "stages-INITIAL_FORMS": len(shown)}
    for number, row in enumerate(rows):
        values = {"position": number * 10, "turn": "vendor", "en_name": "", **row}
        sent |= {f"stages-{number}-{name}": value for name, value in values.items()}
    return sent


def package_form(**values):
    return {
        "code": "basic",
        "name": "Basic",
        "description": "Identity x1",
        "working_days": 5,
        **stage_forms(),
        **values,
    }


def test_a_package_is_added_and_begins_with_the_usual_stages(vendor, vera, item):
    court = item("court")
    page = vendor.get(reverse("admin:bindings_checkpackage_add"))
    assert says(page, "等待候选人授权")
    sent = stage_forms(*stages.usual())
    added = vendor.post(
        reverse("admin:bindings_checkpackage_add"), package_form(additional_items=[court.pk], **sent)
    )
    assert added.status_code == 302
    made = CheckPackage.objects.get()
    assert (made.code, made.working_days, list(made.additional_items.all())) == ("basic", 5, [court])
    assert [stage.turn for stage in made.stages.all()] == [turn for _, _, turn, *_ in stages.USUAL]
    assert made.stages.get(is_optional=True).name == "等待候选人补充材料"
    entry = entries_about(made).get(action="added to the catalogue")
    assert entry.actor == vera
    assert entry.details["changes"]["name"] == [None, "Basic"]


def test_stages_are_changed_on_the_page_of_their_package_and_the_audit_says_so(vendor, package):
    basic = package(name="Basic", description="Identity x1")
    first = StageTemplate.objects.create(package=basic, position=10, name="开始")
    sent = stage_forms(
        {"id": first.pk, "package": basic.pk, "name": "已开始", "turn": "candidate", "stops_clock": "on"},
        {"package": basic.pk, "name": "完成"},
        shown=[first],
    )
    assert vendor.post(page_of(basic), package_form(**shown(basic), **sent)).status_code == 302
    assert stages.written(basic) == [
        ["已开始", "", "candidate", True, False],
        ["完成", "", "vendor", False, False],
    ]
    change = entries_about(basic).get(action="usual stages changed").details["changes"]["stages"]
    assert change[0] == [["开始", "", "vendor", False, False]]


def test_a_stage_without_a_place_comes_last(vendor, package):
    basic = package(name="Basic", description="Identity x1")
    first = StageTemplate.objects.create(package=basic, position=70, name="开始")
    sent = stage_forms(
        {"id": first.pk, "package": basic.pk, "name": "开始", "position": 70},
        {"package": basic.pk, "name": "完成", "position": ""},
        shown=[first],
    )
    vendor.post(page_of(basic), package_form(**shown(basic), **sent))
    assert [(stage.name, stage.position) for stage in basic.stages.all()] == [("开始", 70), ("完成", 80)]


def test_the_clock_does_not_stop_while_it_is_our_turn(vendor):
    sent = stage_forms({"name": "写报告", "stops_clock": "on"})
    page = vendor.post(reverse("admin:bindings_checkpackage_add"), package_form(**sent))
    assert says(page, "While it is our turn, the clock can't stop.")
    assert not CheckPackage.objects.exists()


def shown(thing, *names):
    """What the page sends along of how it looked when it was opened."""
    names = names or ("code", "name", "description", "working_days")
    return {f"initial-{name}": getattr(thing, name) for name in names}


def test_what_somebody_else_has_written_meanwhile_stays(vendor, package):
    basic = package(name="Basic", description="Identity x1")
    opened = package_form(**shown(basic))
    CheckPackage.objects.update(name="Basic check")
    assert vendor.post(page_of(basic), opened | {"working_days": 7}).status_code == 302
    basic.refresh_from_db()
    assert (basic.name, basic.working_days) == ("Basic check", 7)
    assert entries_about(basic).get().details["changes"] == {"working_days": [5, 7]}


def test_a_code_is_unique_and_made_of_signs_that_feishu_keeps(vendor, package):
    package("basic")
    page = vendor.post(reverse("admin:bindings_checkpackage_add"), package_form())
    assert says(page, "already exists")
    page = vendor.post(reverse("admin:bindings_checkpackage_add"), package_form(code="基础"))
    assert says(page, "Use 1 to 28 letters A-Z, digits and the signs _ . -")


def paper_form(**values):
    empty = dict.fromkeys(["start_time_0", "start_time_1", "end_time_0", "end_time_1", "question_count"], "")
    return {"code": "java", "name": "Java", "working_days": 2, "duration": 60, **empty, **values}


def test_a_paper_is_added_with_the_times_of_the_readers_clock(vendor):
    times = {"end_time_0": "2026-12-31", "end_time_1": "18:00:00"}
    assert vendor.post(reverse("admin:bindings_exampaper_add"), paper_form(**times)).status_code == 302
    java = ExamPaper.objects.get()
    assert java.end_time == datetime(2026, 12, 31, 10, tzinfo=UTC)
    assert says(vendor.get(page_of(java)), "18:00:00")


def test_a_paper_ends_after_it_starts(vendor):
    times = {"start_time_0": "2026-12-31", "start_time_1": "18:00:00"}
    times |= {"end_time_0": "2026-12-31", "end_time_1": "18:00:00"}
    page = vendor.post(reverse("admin:bindings_exampaper_add"), paper_form(**times))
    assert says(page, "The paper has to end after it starts.")


def test_a_paper_whose_window_has_passed_is_named_on_its_page_and_in_the_list(vendor, paper):
    old, new = (
        paper("old", end_time=now() - timedelta(1)),
        paper("new", end_time=now() + timedelta(1)),
    )
    assert says(vendor.get(page_of(old)), "The window of this paper has passed")
    assert not says(vendor.get(page_of(new)), "The window of this paper has passed")
    address = reverse("admin:bindings_exampaper_changelist")
    assert vendor.get(address).content.decode().count("window has passed") == 1
    rows = vendor.get(address, {"window": "passed"}).context["cl"].result_list
    assert list(rows) == [old]


def test_a_copy_has_everything_but_the_code_and_is_offered_to_nobody(vendor, vera, package, item):
    basic = package("basic", description="Identity", working_days=9)
    basic.additional_items.add(item("court"))
    stages.take_usual(basic, by=vera)
    offer(basic, tier="gold")
    copied = vendor.post(
        reverse("admin:bindings_checkpackage_copy", args=[basic.pk]), {"code": "plus", "name": "Plus"}
    )
    plus = CheckPackage.objects.get(code="plus")
    assert copied.url == page_of(plus)
    assert (plus.description, plus.working_days, plus.additional_items.count()) == ("Identity", 9, 1)
    assert stages.written(plus) == stages.written(basic)
    assert not plus.offers.exists()


def test_a_copy_needs_a_code_of_its_own(vendor, paper):
    java = paper("java")
    address = reverse("admin:bindings_exampaper_copy", args=[java.pk])
    page = vendor.post(address, {"code": "java", "name": "Java"})
    assert says(page, "There is one with this code already.")
    assert ExamPaper.objects.count() == 1


def test_a_code_that_differs_only_in_case_is_refused_and_so_are_days_without_end(vendor, package):
    basic = package("EDU")
    add = reverse("admin:bindings_checkpackage_add")
    page = vendor.post(add, package_form(code="edu", working_days=99_999_999))
    assert says(page, "There is “EDU” already.")
    assert says(page, "Ensure this value is less than or equal to 250.")
    copied = vendor.post(reverse("admin:bindings_checkpackage_copy", args=[basic.pk]), {"code": "edu"})
    assert says(copied, "There is “EDU” already.")


# --- Who is offered it


def test_only_accounts_that_can_have_it_are_counted_and_found(vendor, account, customer, package):
    gold = customer("G", tier="gold")
    check, _exam = account(customer=gold), account(customer=gold, scope=2)
    basic = package()
    page = vendor.get(offered_page(basic))
    assert "autocomplete/?of_scope=1" in page.content.decode()
    saved = vendor.post(offered_page(basic), {"tiers": ["gold"]}, follow=True)
    assert says(saved, "Saved. Nothing was sent yet: 1 account is concerned.")
    field = {"app_label": "bindings", "model_name": "offer", "field_name": "account"}
    found = vendor.get(reverse("admin:autocomplete"), {"term": "Account", "of_scope": "1", **field})
    assert [each["id"] for each in found.json()["results"]] == [str(check.pk)]


def offered_page(thing):
    name = type(thing).__name__.lower()
    return reverse(f"admin:bindings_{name}_offered", args=[thing.pk])


def test_a_package_is_offered_to_a_tier_a_customer_and_an_account(vendor, vera, account, customer, package):
    acme, gold = customer("A001"), customer("G", tier="gold")
    single, basic = account(), package()
    account(customer=gold)
    sent = {"tiers": ["gold"], "customers": [acme.pk], "accounts": [single.pk]}
    saved = vendor.post(offered_page(basic), sent, follow=True)
    assert says(saved, "Saved. Nothing was sent yet: 2 accounts are concerned.")
    made = Offer.objects.order_by("pk")
    assert [(each.tier, each.customer, each.account) for each in made] == [
        ("gold", None, None),
        ("", acme, None),
        ("", None, single),
    ]
    assert {each.created_by for each in made} == {vera}
    assert [entry.action for entry in entries_about(acme)] == ["offered"]
    assert next(entry.action for entry in entries_about(single)) == "offered"
    page = vendor.get(page_of(basic))
    assert says(page, "gold")
    assert page.context["offered"].count == 2


def test_only_what_this_person_has_changed_is_changed(vendor, customer, package):
    acme, other = customer("A"), customer("B")
    basic = package()
    offer(basic, customer=acme)
    # The page was opened when only A was offered it; somebody else has added B meanwhile.
    offer(basic, customer=other)
    vendor.post(offered_page(basic), {"initial-customers": [acme.pk], "customers": []})
    assert [each.customer for each in Offer.objects.all()] == [other]


def test_an_exam_account_is_not_offered_packages(vendor, account, package):
    exams, basic = account(scope=2), package()
    page = vendor.post(offered_page(basic), {"accounts": [exams.pk]})
    assert says(page, "exam accounts offer papers, the others packages and items")
    assert not Offer.objects.exists()


@pytest.mark.parametrize("model", [CheckPackage, AdditionalItem, ExamPaper])
def test_archiving_shows_who_is_to_lose_it_and_it_comes_back_to_them(vendor, account, model):
    thing = model.objects.create(code="x", name="Thing")
    ours = account(scope=2 if model is ExamPaper else 1)
    offer(thing, account=ours)
    address = reverse(f"admin:bindings_{model.__name__.lower()}_staff_action", args=["archive"])
    asked = vendor.post(address, {"_selected_action": thing.pk})
    assert says(asked, "the accounts below are to lose it")
    assert says(asked, str(ours))
    vendor.post(address, {"_selected_action": thing.pk, "confirmed": "yes", "reason": "old"})
    thing.refresh_from_db()
    assert thing.archived
    vendor.post(address.replace("archive", "restore"), {"_selected_action": thing.pk, "confirmed": "yes"})
    thing.refresh_from_db()
    assert not thing.archived
    assert Offer.objects.get().account == ours
    assert [entry.action for entry in entries_about(thing)] == ["taken back from the archive", "archived"]


# --- Who may


def test_the_auditor_looks_and_changes_nothing(auditor, package):
    basic = package()
    page = auditor.get(page_of(basic))
    assert page.status_code == 200
    assert not says(page, "Choose who is offered it")
    assert auditor.get(offered_page(basic)).status_code == 403
    assert auditor.get(reverse("admin:bindings_checkpackage_copy", args=[basic.pk])).status_code == 403
    assert auditor.get(reverse("admin:bindings_checkpackage_add")).status_code == 403


def test_hr_sees_nothing_of_the_catalogue(hira, ada, client_of, package):
    basic = package()
    for person in (hira, ada):
        client = english(client_of(person))
        for address in (page_of(basic), offered_page(basic), reverse("admin:bindings_exampaper_changelist")):
            assert client.get(address).status_code == 403
        assert "checkpackage" not in client.get(reverse("admin:index")).content.decode()


def test_what_is_offered_to_whom_is_found_while_typing_in_capitals_or_not(vendor, customer):
    customer("ACME-1", name="Nova 星河")
    asked = {"app_label": "bindings", "model_name": "offer", "field_name": "customer"}
    for term in ("nova", "NOVA", "星河", "nova 星"):
        answer = vendor.get("/admin/autocomplete/", {**asked, "term": term}).json()
        assert [each["text"] for each in answer["results"]] == ["Nova 星河 (ACME-1)"], term
