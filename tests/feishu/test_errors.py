import pytest
from django.utils import translation

from hireops.feishu.errors import CODES, Advice, FeishuError, Outcome


@pytest.mark.parametrize("code", CODES)
def test_every_known_code_says_what_to_do(code):
    error = FeishuError(Outcome.REFUSED, "why", code=code)
    assert error.advice is CODES[code][0]
    with translation.override("en"):
        assert error.explanation.count(".") >= 1


@pytest.mark.parametrize("outcome", Outcome)
def test_a_failure_without_a_code_is_explained_by_how_far_it_came(outcome):
    error = FeishuError(outcome, "why")
    assert error.advice is Advice.RETRY_LATER
    assert error.explanation


def test_an_unknown_code_is_explained_with_feishus_own_words():
    with translation.override("en"):
        explanation = FeishuError(Outcome.REFUSED, "exam is 100% over", code=1002851).explanation
    assert "1002851" in explanation
    assert "exam is 100% over" in explanation


def test_an_error_is_one_line():
    error = FeishuError(Outcome.REFUSED, "why", code=7, log_id="log-1", http_status=400)
    assert str(error) == "refused: why (code 7, HTTP 400, log_id log-1)"
    assert str(FeishuError(Outcome.NOT_SENT, "no connection")) == "not_sent: no connection"
