"""What a vendor does with orders in the browser."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from bindings.checks import services
from bindings.checks.tasks import look_after_results
from bindings.models import BackgroundCheck, CheckPackage, CheckUpdate, ReportLink, StageTemplate
from tests.bindings.checks.conftest import now_of, states
from tests.bindings.conftest import english, says
from tests.bindings.reports.pdfs import pdf
from tests.in_this_process import drain
from tests.pages import figures_shown
from tests.questions import queries_of_confirming

pytestmark = pytest.mark.django_db
LIST = "/admin/bindings/backgroundcheck/"
State = BackgroundCheck.State
REJECTED = 9


def page(name, check, *args):
    return reverse(f"admin:bindings_backgroundcheck_{name}", args=[check.pk, *args])


def press(browser, action, check, reason="because"):
    address, chosen = f"{LIST}actions/{action}/", {"_selected_action": check.pk}
    shown = figures_shown(browser.post(address, chosen, follow=True))
    return browser.post(
        address, {**chosen, "confirmed": "yes", "reason": reason, "figures": shown}, follow=True
    )


def report_result(browser, check, form):
    """Fill in the form, then confirm it as it comes back."""
    asked = browser.post(page("result", check), form).context["form"]
    again = {name: asked[name].value() or "" for name in asked.fields if name != "report"}
    return browser.post(page("result", check), again, follow=True)


@pytest.fixture
def usual(db):
    package = CheckPackage.objects.create(code="basic", name="基础背调")
    for place, name in enumerate(["候选人授权", "等待补充材料", "学历核实"]):
        waits = {"is_optional": True, "turn": "candidate", "stops_clock": True} if place == 1 else {}
        StageTemplate.objects.create(package=package, position=place, name=name, **waits)


def test_two_stages_by_one_click_each_and_a_result_with_the_address_of_a_report(
    vendor, ordered, feishu, usual
):
    check = ordered()
    shown = vendor.get(page("change", check))
    assert says(shown, "Report the next stage: 候选人授权")

    for _stage in range(2):
        template = vendor.get(page("change", check)).context["next_stage"]
        answer = vendor.post(page("next", check), {"template": template.pk}, follow=True)
        assert says(answer, "On its way to Feishu")
        drain()
    form = {"result": "无差异", "report_url": "https://vendor.example/r.pdf", "report_name": "报告"}
    report_result(vendor, check, form)
    drain()

    picture = feishu.picture(check.background_check_id)
    assert [stage["stage_name"] for stage in picture.stages] == ["候选人授权", "学历核实"]
    assert picture.results[0]["report_file_list"][0]["report_url"] == "https://vendor.example/r.pdf"
    assert now_of(check).state == State.RESULT_SENT
    assert says(vendor.get(page("change", check)), "the customer has this one")


def test_two_people_who_press_the_same_button_report_one_stage(vendor, ordered, feishu, usual):
    check = ordered()
    template = vendor.get(page("change", check)).context["next_stage"]

    answers = [vendor.post(page("next", check), {"template": template.pk}, follow=True) for _twice in "ab"]

    assert says(answers[1], "Somebody has reported a stage meanwhile.")
    assert CheckUpdate.objects.count() == 1


def test_an_optional_stage_is_never_the_next_one_and_has_a_button_of_its_own(vendor, ordered, feishu, usual):
    check = ordered()
    vendor.post(page("next", check))
    asked = vendor.post(f"{LIST}actions/next_stage/", {"_selected_action": check.pk})
    assert says(asked, "next stage")
    assert says(asked, "学历核实")
    assert not says(asked, "等待补充材料")
    (optional,) = vendor.get(page("change", check)).context["optional_stages"]
    assert optional.name == "等待补充材料"

    for _twice in range(2):
        vendor.post(page("next", check), {"template": optional.pk})
    waiting = now_of(check)
    press(vendor, "next_stage", check)

    told = CheckUpdate.objects.order_by("number").values_list("stage_name", flat=True)
    assert list(told) == ["候选人授权", "等待补充材料", "等待补充材料", "学历核实"]
    assert (waiting.turn, waiting.clock_stopped_at is None) == ("candidate", False)
    assert (now_of(check).turn, now_of(check).clock_stopped_at) == ("vendor", None)
    assert says(vendor.post(page("next", check), {}, follow=True), "All usual stages")


def test_another_stage_than_the_page_has_shown_is_not_reported(vendor, vera, ordered, usual):
    check = ordered()
    chosen = {"_selected_action": check.pk}
    asked = vendor.post(f"{LIST}actions/next_stage/", chosen)
    services.report_next_stage(check, by=vera)

    confirmed = {**chosen, "confirmed": "yes", "figures": figures_shown(asked)}
    again = vendor.post(f"{LIST}actions/next_stage/", confirmed)

    assert says(again, "has changed since this page was shown")
    assert says(again, "学历核实")
    assert CheckUpdate.objects.count() == 1


def test_what_is_wrong_in_a_form_is_said_there_and_nothing_is_lost(vendor, ordered):
    check = ordered()

    answer = vendor.post(page("stage", check), {"name": "学历核实", "result": "通过"})

    assert says(answer, "An interim result needs its text and a report.")
    assert "通过" in answer.text
    assert not CheckUpdate.objects.exists()


def test_a_refusal_shows_what_it_may_mean_and_is_settled_there(vendor, vera, ordered, feishu):
    check = ordered()
    feishu.picture(check.background_check_id).status = 3
    services.report_stage(check, by=vera, name="学历核实")
    drain()

    shown = vendor.get(page("change", check))
    assert says(shown, "An earlier try has arrived although no answer came.")
    assert says(vendor.get(LIST, {"look": "yes"}), check.background_check_id)
    vendor.post(page("settle", check, 1), {"found": "leave", "reason": "completed there"})

    assert states(check) == ["stopped"]
    assert now_of(check).to_look_at == ""
    assert "badge-bad" not in vendor.get(LIST).text


def test_an_order_that_was_sent_back_has_one_state_and_one_next_step(vendor, vera, ordered, feishu):
    feishu.approves = True
    check = ordered()
    services.report_result(check, by=vera, result="无差异")
    drain()
    feishu.picture(check.background_check_id).status = REJECTED
    look_after_results()

    shown = vendor.get(page("change", check))
    assert says(shown, "sent back by the customer")
    assert says(shown, "then report a corrected result.")
    assert not says(shown, "result sent")
    assert not says(shown, "It is completed")
    assert says(press(vendor, "say_completed", check), "Report a corrected result first.")

    services.report_result(check, by=vera, result="有差异", reason="学校来信")
    drain()
    shown = vendor.get(page("change", check))
    assert [reading.meaning for reading in shown.context["updates"][0].readings] == [
        "The customer has not approved the earlier result, and Feishu takes no other one of this order."
    ]

    vendor.post(page("settle", check, 2), {"found": "leave", "reason": "sent by mail"})
    assert says(vendor.get(page("change", check)), "when the customer agrees, say that it is completed")
    press(vendor, "say_completed", check)
    assert now_of(check).state == State.COMPLETED


def test_an_order_is_ended_from_our_side_with_a_reason(vendor, ordered, feishu):
    check = ordered()

    press(vendor, "terminate", check)
    drain()

    assert now_of(check).state == State.TERMINATED_BY_VENDOR


def test_the_candidate_is_masked_until_somebody_asks(vendor, auditor, ordered):
    check = ordered(custom_field_list=[{"key": "id_number", "value": "11010519491231002X"}])

    for browser in (vendor, auditor):
        for shown in (browser.get(page("change", check)).text, browser.get(LIST).text):
            assert "18900001111" not in shown
            assert "11010519491231002X" not in shown
    revealed = vendor.post(page("reveal", check), follow=True).text
    assert "18900001111" in revealed
    assert "11010519491231002X" in revealed
    assert auditor.post(page("reveal", check)).status_code == 403


def test_only_who_may_change_orders_tells_of_them(auditor, client_of, hira, ordered):
    check = ordered()
    hr = english(client_of(hira))

    assert hr.get(LIST).status_code == hr.get(page("change", check)).status_code == 403
    assert auditor.get(page("change", check)).status_code == 200
    assert auditor.post(page("stage", check), {"name": "学历核实"}).status_code == 403
    assert not CheckUpdate.objects.exists()


def test_a_candidate_who_was_ordered_twice_is_pointed_out(vendor, ordered):
    first, second = ordered(), ordered()
    ordered(package_id="other")

    shown = vendor.get(page("change", second))

    assert shown.context["duplicates"] == [f'<a href="{page("change", first)}">{first}</a>']


def test_a_report_that_is_no_pdf_is_refused_before_anything_is_told(vendor, ordered):
    check = ordered()
    file = SimpleUploadedFile("report.pdf", b"<html>", content_type="application/pdf")

    answer = vendor.post(page("result", check), {"result": "无差异", "report": file})

    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert not CheckUpdate.objects.exists()


def test_a_final_result_is_shown_once_more_with_its_order_and_its_report(vendor, ordered, feishu):
    check = ordered()
    assert says(vendor.get(page("result", check)), check.background_check_id)

    bare = vendor.post(page("result", check), {"result": "无差异"})
    assert says(bare, "No report goes along with it.")
    file = SimpleUploadedFile("终报.pdf", pdf(), content_type="application/pdf")
    asked = vendor.post(page("result", check), {"result": "无差异", "report": file})
    assert says(asked, "Feishu may take no other result after this one.")
    assert says(asked, "终报.pdf")
    assert asked.context["form"]["result"].value() == "无差异"
    assert says(asked, check.background_check_id)
    assert not CheckUpdate.objects.exists()

    other = SimpleUploadedFile("另一份.pdf", pdf(title="2"), content_type="application/pdf")
    swapped = {"result": "无差异", "report": other, "confirmed": "on"}
    assert says(vendor.post(page("result", check), swapped), "另一份.pdf")
    assert not CheckUpdate.objects.exists()

    stored = asked.context["form"]["stored"].value()
    vendor.post(page("result", check), {"result": "无差异", "stored": stored, "confirmed": "on"})
    assert [report["name"] for report in CheckUpdate.objects.get().reports] == ["终报.pdf"]


def test_a_corrected_result_takes_the_reports_along_by_links_of_their_own(vendor, ordered, feishu, settings):
    settings.PUBLIC_URL = "https://hireops.example.com"
    check = ordered()
    file = SimpleUploadedFile("report.pdf", pdf(), content_type="application/pdf")
    report_result(vendor, check, {"result": "无差异", "report": file})
    drain()

    again = {"result": "有差异", "reason": "学校来信", "reports_again": "on"}
    report_result(vendor, check, again)

    before, after = (
        ReportLink.objects.get(pk=update.reports[0]["link"])
        for update in CheckUpdate.objects.filter(background_check=check).order_by("number")
    )
    assert before.file == after.file
    assert before.token_digest != after.token_digest


@pytest.mark.parametrize("action", ["next_stage", "terminate"])
def test_what_is_asked_about_orders_before_an_action_does_not_grow_with_their_number(
    vendor, ordered, usual, action
):
    checks = [ordered() for _ in range(6)]
    queries_of_confirming(vendor, action, checks[:1])
    few = queries_of_confirming(vendor, action, checks[:2])
    assert queries_of_confirming(vendor, action, checks) == few
