"""What an error code means depends on the call that it answers."""

import pytest
from django.utils import translation

from hireops.feishu import errors
from hireops.feishu.endpoints import ENDPOINTS
from hireops.feishu.errors import Advice, FeishuError, Outcome
from tests.feishu.hire.examples import as_published, call, names
from tests.feishu.servers import answer

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("example_token"),
]

NEVER, PERSON, LATER = Advice.NEVER, Advice.ASK_PERSON, Advice.RETRY_LATER

# Endpoint, HTTP status, code; what helps, and a piece of what staff read.
DOCUMENTED = [
    ("referral_account.create", 400, 1002002, NEVER, "missing or wrong"),
    ("referral_account.create", 400, 1002551, PERSON, "no employee"),
    ("referral_account.create", 400, 1002552, PERSON, "Several employees"),
    ("referral_account.get_account_assets", 400, 1002553, NEVER, "does not know this referral account"),
    ("referral_account.enable", 400, 1002553, NEVER, "does not know this referral account"),
    ("referral_account.deactivate", 400, 1002553, NEVER, "does not know this referral account"),
    ("referral_account.withdraw", 400, 1002553, NEVER, "does not know this referral account"),
    ("referral_account.withdraw", 400, 1002555, PERSON, "is disabled"),
    ("referral_account.reconciliation", 400, 1002553, NEVER, "one of the referral accounts"),
    ("referral_account.withdraw", 500, 1002001, LATER, "system error"),
    ("eco_account_custom_field.create", 500, 1002001, LATER, "has not added this app"),
    ("eco_account_custom_field.batch_update", 500, 1002001, LATER, "one of the keys does not exist"),
    ("eco_account_custom_field.batch_delete", 500, 1002001, LATER, "one field has to stay"),
    ("eco_background_check_custom_field.create", 400, 1002855, PERSON, "has one already"),
    ("eco_background_check_custom_field.create", 500, 1002001, LATER, "system error"),
    ("eco_background_check_custom_field.batch_update", 400, 1002001, LATER, "number of fields differs"),
    ("eco_background_check_custom_field.batch_delete", 400, 1002860, PERSON, "refused to delete"),
    ("eco_background_check_package.create", 400, 1002001, LATER, "IDs exists already"),
    ("eco_background_check_package.create", 400, 1020001, LATER, "IDs exists already"),
    ("eco_background_check_package.batch_update", 400, 1002001, LATER, "does not exist in this account"),
    ("eco_background_check_package.batch_delete", 400, 1002859, PERSON, "may be deleted already"),
    ("eco_background_check.update_progress", 400, 1002858, PERSON, "no more progress"),
    ("eco_background_check.update_progress", 400, 1002862, NEVER, "does not know this background check"),
    ("eco_background_check.update_result", 400, 1002858, PERSON, "has probably arrived"),
    ("eco_background_check.update_result", 400, 1002862, NEVER, "does not know this background check"),
    ("eco_background_check.update_result", 500, 1002863, PERSON, "trying again does not help"),
    ("eco_background_check.update_result", 500, 1002001, LATER, "system error"),
    ("eco_background_check.cancel", 400, 1002862, NEVER, "does not know this background check"),
    ("eco_exam_paper.create", 500, 1002001, LATER, "system error"),
    ("eco_exam.login_info", 400, 1002851, PERSON, "no login information"),
    ("eco_exam.update_result", 400, 1002855, NEVER, "finished marking"),
    ("event.outbound_ip.list", 400, 1810001, NEVER, "first page"),
    ("scope.list", 400, 212100, PERSON, "not installed"),
    ("message.create", 400, 230001, NEVER, "does not know its receiver"),
    ("message.create", 400, 230006, PERSON, "has no bot"),
    ("message.create", 400, 230013, PERSON, "availability range"),
    ("message.create", 400, 230020, LATER, "too many messages"),
    ("message.create", 403, 230027, PERSON, "im:message:send_as_bot"),
    ("message.create", 400, 99991672, PERSON, "im:message:send_as_bot"),
]


def failure(server, endpoint, behaviour) -> FeishuError:
    server.behaviours = [behaviour]
    with pytest.raises(FeishuError) as failed:
        call(endpoint)
    return failed.value


@pytest.mark.parametrize("documented", DOCUMENTED, ids=lambda row: f"{row[0]}-{row[2]}")
def test_a_documented_code_says_what_it_means_for_that_call(server, documented):
    endpoint, status, code, advice, words = documented
    error = failure(server, endpoint, answer({"code": code, "msg": "no"}, status=status))
    broke = status == 500 and code != 1002863  # Feishu may have done the work before; 1002863 is a refusal
    assert error.outcome is (Outcome.UNKNOWN if broke else Outcome.REFUSED)
    assert (error.code, error.http_status) == (code, status)
    assert (error.endpoint, error.advice) == (endpoint, advice)
    with translation.override("en"):
        assert words in error.explanation
        assert errors.explain(error.outcome, code, "no", endpoint) == error.explanation
    assert len(server.requests) == 1


def test_every_meaning_in_the_table_is_documented_here():
    table = {(name, code) for name, endpoint in ENDPOINTS.items() for code in endpoint.meanings}
    tested = {(endpoint, code) for endpoint, _status, code, _advice, _words in DOCUMENTED}
    assert {(name, code) for name, code in table - tested if code != 1020001} == set()


@pytest.mark.parametrize("name", names("*.error_*"))
def test_a_published_refusal_is_understood(server, name):
    endpoint, _dot, last = name.rpartition(".")
    code = int(last.removeprefix("error_"))
    error = failure(server, endpoint, as_published(name))
    assert (error.outcome, error.code) == (Outcome.REFUSED, code)
    assert error.advice is ENDPOINTS[endpoint].meanings[code][0]
    assert error.log_id == "20220501181000008035096193288FA0"


GENERAL = {
    "error.ip_denied": (99991401, PERSON),
    "error.parameter": (99992402, NEVER),
    "error.permission_denied": (99991672, PERSON),
    "error.rate_limited": (99991400, LATER),
    "error.rate_limited_legacy": (99991400, LATER),
    "error.system": (1002001, LATER),
}


@pytest.mark.parametrize(("name", "expected"), GENERAL.items())
def test_a_published_failure_of_any_call_is_understood(server, name, expected):
    error = failure(server, "referral_account.withdraw", as_published(name))
    assert (error.code, error.advice) == expected
    assert error.retry_after_s == (52 if "rate" in name else None)


def test_every_published_general_failure_is_tested():
    assert set(names("error.*")) == {*GENERAL, "error.token_invalid"}  # that one: test_client.py


def test_the_same_code_means_another_thing_elsewhere(server):
    body = {"code": 1002855, "msg": "no"}
    form = failure(server, "eco_background_check_custom_field.create", answer(body, status=400))
    exam = failure(server, "eco_exam.update_result", answer(body, status=400))
    elsewhere = failure(server, "eco_exam.login_info", answer(body, status=400))
    assert [error.advice for error in (form, exam, elsewhere)] == [PERSON, NEVER, PERSON]
    with translation.override("en"):
        assert len({error.explanation for error in (form, exam, elsewhere)}) == 3
        assert "1002855" in elsewhere.explanation


def test_a_code_of_one_call_is_transient_with_http_500_at_another(server):
    error = failure(server, "eco_background_check.cancel", answer({"code": 1002863, "msg": "no"}, status=500))
    assert error.advice is LATER


def test_a_failure_without_an_answer_names_the_call_too(server, settings):
    settings.FEISHU_BASE_URL = "http://127.0.0.1:1"
    with pytest.raises(FeishuError) as failed:
        call("eco_background_check.cancel")
    assert (failed.value.endpoint, failed.value.outcome) == ("eco_background_check.cancel", Outcome.NOT_SENT)


def test_the_explanation_of_a_row_whose_call_nobody_knows_is_the_general_one():
    with translation.override("en"):
        general = errors.explain(Outcome.REFUSED, 1002001, "no")
        assert errors.explain(Outcome.REFUSED, 1002001, "no", "test.safe") == general
        assert errors.explain(Outcome.REFUSED, 1002001, "no", "eco_exam.login_info") == general
