"""What can be asked of Feishu, in one table: address, quota, and what an error code means for that call."""

from collections.abc import Mapping
from dataclasses import dataclass

from hireops.feishu import codes
from hireops.feishu.codes import Meaning

HIRE = "/open-apis/hire/v1"
DOC = "/ukTMukTMukTM/uMzM1YjLzMTN24yMzUjN/hire-v1"
EVENT_DOC = "/ukTMukTMukTM/uYDNxYjL2QTM24iN0EjN/event-v1"
APPLICATION_DOC = "/uAjLw4CM/ukTMukTMukTM/application-v6"
IM_DOC = "/uAjLw4CM/ukTMukTMukTM/reference/im-v1"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``calls`` in any ``seconds``, for one interface, app and tenant (contract 8.3)."""

    calls: int
    seconds: int


PER_MINUTE_100 = (Limit(100, 60),)
PER_SECOND_10 = (Limit(10, 1),)
ECOSYSTEM = (Limit(50, 1), Limit(1000, 60))
NOT_STATED = ()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One interface of Feishu's. ``name`` is resource and method, as the official SDK calls them.

    ``path`` has ``{placeholders}`` for the ids that belong into it, ``doc`` is below
    https://open.feishu.cn/document. ``safe_to_repeat``: doing it twice leaves Feishu as doing it once does,
    even where the repetition is refused (contract 8.6). ``meanings`` go before the general codes.
    """

    name: str
    method: str
    path: str
    limits: tuple[Limit, ...]
    meanings: Mapping[int, Meaning]
    safe_to_repeat: bool
    doc: str


def _hire(
    name: str,
    method: str,
    path: str,
    limits: tuple[Limit, ...] = ECOSYSTEM,
    meanings: Mapping[int, Meaning] | None = None,
    *,
    safe_to_repeat: bool = True,
) -> Endpoint:
    doc = f"{DOC}/{name.replace('.', '/')}"
    return Endpoint(name, method, HIRE + path, limits, meanings or {}, safe_to_repeat, doc)


_REFERRAL_ACCOUNT = "/referral_account"
_ACCOUNT_FIELDS = "/eco_account_custom_fields"
_CHECK_FIELDS = "/eco_background_check_custom_fields"
_PACKAGES = "/eco_background_check_packages"
_CHECKS = "/eco_background_checks"
_PAPERS = "/eco_exam_papers"
_EXAM = "/eco_exams/{exam_id}"
_ORDERS = "/background_check_orders"

_ALL = (
    # Referral accounts (contract 2)
    _hire(
        "referral_account.create",
        "POST",
        _REFERRAL_ACCOUNT,
        PER_MINUTE_100,
        {1002551: codes.NO_EMPLOYEE, 1002552: codes.SEVERAL_EMPLOYEES},
    ),
    _hire(
        "referral_account.get_account_assets",
        "GET",
        f"{_REFERRAL_ACCOUNT}/get_account_assets",
        PER_SECOND_10,
        {1002553: codes.NO_REFERRAL_ACCOUNT},
    ),
    _hire(
        "referral_account.enable",
        "POST",
        f"{_REFERRAL_ACCOUNT}/enable",
        PER_SECOND_10,
        {1002553: codes.NO_REFERRAL_ACCOUNT},
    ),
    _hire(
        "referral_account.deactivate",
        "POST",
        f"{_REFERRAL_ACCOUNT}/{{referral_account_id}}/deactivate",
        PER_MINUTE_100,
        {1002553: codes.NO_REFERRAL_ACCOUNT},
    ),
    _hire(
        "referral_account.withdraw",
        "POST",
        f"{_REFERRAL_ACCOUNT}/{{referral_account_id}}/withdraw",
        PER_MINUTE_100,
        {1002553: codes.NO_REFERRAL_ACCOUNT, 1002555: codes.REFERRAL_ACCOUNT_DISABLED},
        # Which of these end a withdrawal is said by its Operation (definite_refusals).
        safe_to_repeat=True,  # with the same external_order_id
    ),
    _hire(
        "referral_account.reconciliation",
        "POST",
        f"{_REFERRAL_ACCOUNT}/reconciliation",
        PER_MINUTE_100,
        {1002553: codes.NO_ACCOUNT_IN_LIST},
    ),
    # Partner accounts (contract 3)
    _hire(
        "eco_account_custom_field.create",
        "POST",
        _ACCOUNT_FIELDS,
        meanings=codes.catch_all(codes.ACCOUNT_FIELDS_NOT_CREATED),
    ),
    _hire(
        "eco_account_custom_field.batch_update",
        "PATCH",
        f"{_ACCOUNT_FIELDS}/batch_update",
        meanings=codes.catch_all(codes.ACCOUNT_FIELDS_NOT_UPDATED),
    ),
    _hire(
        "eco_account_custom_field.batch_delete",
        "POST",
        f"{_ACCOUNT_FIELDS}/batch_delete",
        meanings=codes.catch_all(codes.ACCOUNT_FIELDS_NOT_DELETED),
    ),
    # Background checks (contract 4)
    _hire(
        "eco_background_check_custom_field.create",
        "POST",
        _CHECK_FIELDS,
        meanings={1002855: codes.ORDER_FORM_EXISTS},
    ),
    _hire(
        "eco_background_check_custom_field.batch_update",
        "PATCH",
        f"{_CHECK_FIELDS}/batch_update",
        meanings=codes.catch_all(codes.ORDER_FORM_NOT_UPDATED),
    ),
    _hire(
        "eco_background_check_custom_field.batch_delete",
        "POST",
        f"{_CHECK_FIELDS}/batch_delete",
        meanings={1002860: codes.ORDER_FORM_NOT_DELETED},
    ),
    _hire(
        "eco_background_check_package.create",
        "POST",
        _PACKAGES,
        meanings=codes.catch_all(codes.PACKAGES_NOT_CREATED),
        safe_to_repeat=False,
    ),
    _hire(
        "eco_background_check_package.batch_update",
        "PATCH",
        f"{_PACKAGES}/batch_update",
        meanings=codes.catch_all(codes.PACKAGES_NOT_UPDATED),
    ),
    _hire(
        "eco_background_check_package.batch_delete",
        "POST",
        f"{_PACKAGES}/batch_delete",
        meanings={1002859: codes.PACKAGES_NOT_DELETED},
    ),
    _hire(
        "eco_background_check.update_progress",
        "POST",
        f"{_CHECKS}/update_progress",
        meanings={1002858: codes.NO_PROGRESS_NOW, 1002862: codes.NO_ORDER},
        safe_to_repeat=False,
    ),
    _hire(
        "eco_background_check.update_result",
        "POST",
        f"{_CHECKS}/update_result",
        meanings={
            1002858: codes.NO_RESULT_NOW,
            1002862: codes.NO_ORDER,
            1002863: codes.RESULT_IN_APPROVAL,
        },
        safe_to_repeat=False,
    ),
    _hire(
        "eco_background_check.cancel",
        "POST",
        f"{_CHECKS}/cancel",
        meanings={1002862: codes.NO_ORDER},
        safe_to_repeat=False,  # nobody knows what cancelling twice does
    ),
    # Reading back what became of a background check (contract 4.12)
    _hire("background_check_order.list", "GET", _ORDERS),
    _hire("background_check_order.batch_query", "POST", f"{_ORDERS}/batch_query", PER_SECOND_10),
    # Exams (contract 5)
    _hire("eco_exam_paper.create", "POST", _PAPERS),
    _hire("eco_exam_paper.batch_update", "PATCH", f"{_PAPERS}/batch_update"),
    _hire("eco_exam_paper.batch_delete", "POST", f"{_PAPERS}/batch_delete"),
    _hire("eco_exam.login_info", "POST", f"{_EXAM}/login_info", meanings={1002851: codes.NO_LOGIN_NOW}),
    _hire(
        "eco_exam.update_result",
        "POST",
        f"{_EXAM}/update_result",
        meanings={1002855: codes.MARKING_FINISHED},
    ),
    # Where Feishu's deliveries come from (contract 6.1)
    Endpoint(
        "event.outbound_ip.list",
        "GET",
        "/open-apis/event/v1/outbound_ip",
        NOT_STATED,
        {1810001: codes.NO_SUCH_PAGE},
        safe_to_repeat=True,
        doc=f"{EVENT_DOC}/outbound_ip/list",
    ),
    # The app itself: what it may do, and which of its versions is in use
    Endpoint(
        "scope.list",
        "GET",
        "/open-apis/application/v6/scopes",
        NOT_STATED,
        {212100: codes.APP_NOT_INSTALLED},
        safe_to_repeat=True,
        doc=f"{APPLICATION_DOC}/scope/list",
    ),
    Endpoint(
        "application.get",
        "GET",
        "/open-apis/application/v6/applications/{app_id}",
        NOT_STATED,
        {},
        safe_to_repeat=True,
        doc=f"{APPLICATION_DOC}/application/get",
    ),
    # Messages of the app's bot. 5 a second to one person: calls about one person leave one at a time.
    Endpoint(
        "message.create",
        "POST",
        "/open-apis/im/v1/messages",
        ECOSYSTEM,
        {
            230001: codes.MESSAGE_NOT_UNDERSTOOD,
            230006: codes.BOT_IS_OFF,
            230013: codes.NOT_IN_RANGE,
            230020: codes.TOO_MANY_TO_ONE,
            230027: codes.NO_MESSAGES_ALLOWED,
            99991672: codes.NO_MESSAGES_ALLOWED,
        },
        safe_to_repeat=True,  # with the same uuid, and within an hour
        doc=f"{IM_DOC}/message/create",
    ),
)

ENDPOINTS = {endpoint.name: endpoint for endpoint in _ALL}
# What changes nothing at Feishu. Reconciling is asked by POST, and is a question all the same (contract 8.6).
ONLY_READ = {endpoint.name for endpoint in _ALL if endpoint.method == "GET"} | {
    "referral_account.reconciliation"
}
