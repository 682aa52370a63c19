"""What hireops has kept in a row is read in the language of who reads it, not of whoever it happened to."""

import pytest
from django.utils import translation

from hireops.feishu import sentences
from hireops.feishu.endpoints import ENDPOINTS
from hireops.feishu.errors import FeishuError
from hireops.feishu.slots import QuotaUsedUpError
from hireops.outbox.reasons import message_shown
from hireops.outbox.try_errors import NotReadyError, NotWantedError, TenantGoneError

ENDED = {
    "no answer (ConnectTimeout)": "没有应答（ConnectTimeout）",
    "no access token: no connection (SSLError)": "未取得 access token：未能建立连接（SSLError）",
    "no access token: app secret invalid": "未取得 access token：app secret invalid",
    "HTTP 502 without an answer of Feishu's (text/html)": "HTTP 502，不是飞书的应答（text/html）",
}


@pytest.mark.parametrize("kept", ENDED)
def test_what_a_try_ended_with_is_said_in_both_languages(kept: str) -> None:
    with translation.override("zh-hans"):
        assert message_shown(kept) == ENDED[kept]
    with translation.override("en"):
        assert message_shown(kept) == kept


def test_what_feishu_said_stays_as_it_is_and_is_marked_as_no_language_of_ours() -> None:
    with translation.override("zh-hans"):
        assert message_shown("account <b>") == '<span translate="no">account &lt;b&gt;</span>'
        assert message_shown("") == ""


@pytest.mark.parametrize(
    "error",
    [
        QuotaUsedUpError(next(iter(ENDPOINTS.values())), 1.5),
        NotReadyError("why"),
        NotWantedError(),
        TenantGoneError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_of_our_own_have_a_sentence_that_is_known(error: FeishuError) -> None:
    with translation.override("en"):
        assert sentences.in_words(error.message) == error.message
