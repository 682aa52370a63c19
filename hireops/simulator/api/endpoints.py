"""The table of endpoints: all that this Feishu answers to. A new call is one line here and one function."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from hireops.simulator.api import application, auth, authen, eco_account, im, outbound_ip
from hireops.simulator.api import background_check_order as orders
from hireops.simulator.api import eco_background_check as checks
from hireops.simulator.api import eco_background_check_custom_field as form
from hireops.simulator.api import eco_background_check_package as packages
from hireops.simulator.api import eco_exam as exams
from hireops.simulator.api import eco_exam_paper as papers
from hireops.simulator.api import referral_account as referrals
from hireops.simulator.api.answers import Json, Refusal
from hireops.simulator.api.shapes import Check, record
from hireops.simulator.quotas import CallLimit
from hireops.simulator.tokens import TokenKind
from hireops.simulator.world import World

NOTHING = record({})


@dataclass(frozen=True, slots=True)
class ApiRoute:
    """``handler`` runs under the lock; it gets query, body and path parameters in one, and the tenant_key; of
    a user's token also ``employee_id`` and ``scope``.

    ``body`` and ``query`` say what may be sent, ``invalid_code`` answers anything else; ``flat`` puts the
    result beside ``code`` instead of into ``data``.
    """

    method: str
    path: str
    body: Check
    handler: Callable[[World, Json, str], Json]
    query: Check = NOTHING
    quota: CallLimit | None = None
    needs_token: bool = True
    token_kind: TokenKind = TokenKind.TENANT
    flat: bool = False
    msg: str = "ok"
    invalid_code: int = 99992402
    pattern: re.Pattern[str] = field(init=False)

    @property
    def api(self) -> str:
        """How logs and quotas name it: ``POST /open-apis/...``."""
        return f"{self.method} {self.path}"

    def __post_init__(self) -> None:
        pattern = re.sub(r":(\w+)", r"(?P<\1>[^/]+)", self.path)
        object.__setattr__(self, "pattern", re.compile(pattern))


TIER_3, TIER_4, TIER_7 = (
    CallLimit(per_minute=100),
    CallLimit(per_second=50, per_minute=1000),
    CallLimit(per_second=10),
)

_auth = partial(ApiRoute, "POST", needs_token=False, flat=True, invalid_code=10003)
_referral = partial(ApiRoute, msg="SUCCESS", invalid_code=1002002)
_account = partial(ApiRoute, quota=TIER_4)
_check = partial(ApiRoute, quota=TIER_4, msg="success")
_exam = partial(ApiRoute, quota=TIER_4, msg="SUCCESS")

AUTH, HIRE = "/open-apis/auth/v3", "/open-apis/hire/v1"
REFERRAL = f"{HIRE}/referral_account"
ACCOUNT = f"{REFERRAL}/:referral_account_id"
FIELDS = f"{HIRE}/eco_account_custom_fields"
FORM = f"{HIRE}/eco_background_check_custom_fields"
PACKAGES = f"{HIRE}/eco_background_check_packages"
CHECKS = f"{HIRE}/eco_background_checks"
PAPERS = f"{HIRE}/eco_exam_papers"
EXAM = f"{HIRE}/eco_exams/:exam_id"
ORDERS = f"{HIRE}/background_check_orders"

ENDPOINTS: tuple[ApiRoute, ...] = (
    _auth(f"{AUTH}/tenant_access_token/internal", auth.APP_BODY, auth.tenant_access_token_internal),
    _auth(f"{AUTH}/app_access_token/internal", auth.APP_BODY, auth.app_access_token_internal),
    _auth(f"{AUTH}/app_ticket/resend", auth.APP_BODY, auth.resend_app_ticket, msg="success"),
    _auth(f"{AUTH}/app_access_token", auth.STORE_APP_BODY, auth.app_access_token, msg="success"),
    _auth(f"{AUTH}/tenant_access_token", auth.STORE_TENANT_BODY, auth.tenant_access_token, msg="success"),
    ApiRoute(
        "POST",
        "/open-apis/authen/v2/oauth/token",
        authen.TOKEN_BODY,
        authen.oauth_token,
        quota=TIER_4,
        needs_token=False,
        flat=True,
        invalid_code=authen.INVALID_PARAMETERS,
    ),
    ApiRoute(
        "GET",
        "/open-apis/authen/v1/user_info",
        NOTHING,
        authen.user_info,
        token_kind=TokenKind.USER,
        msg="success",
    ),
    _referral("POST", REFERRAL, referrals.CONTACT_BODY, referrals.create, quota=TIER_3),
    _referral(
        "GET",
        f"{REFERRAL}/get_account_assets",
        NOTHING,
        referrals.get_account_assets,
        query=referrals.ACCOUNT_QUERY,
        quota=TIER_7,
    ),
    _referral("POST", f"{REFERRAL}/enable", referrals.ACCOUNT_BODY, referrals.enable, quota=TIER_7),
    _referral("POST", f"{ACCOUNT}/deactivate", NOTHING, referrals.deactivate, quota=TIER_3),
    _referral("POST", f"{ACCOUNT}/withdraw", referrals.WITHDRAW_BODY, referrals.withdraw, quota=TIER_3),
    _referral(
        "POST", f"{REFERRAL}/reconciliation", referrals.RECONCILE_BODY, referrals.reconcile, quota=TIER_3
    ),
    _account("POST", FIELDS, eco_account.FIELDS_BODY, eco_account.create_custom_fields),
    _account("PATCH", f"{FIELDS}/batch_update", eco_account.FIELDS_BODY, eco_account.update_custom_fields),
    _account("POST", f"{FIELDS}/batch_delete", eco_account.KEYS_BODY, eco_account.delete_custom_fields),
    _check("POST", FORM, form.FIELDS_BODY, form.create, invalid_code=form.CREATE_CODE),
    _check("PATCH", f"{FORM}/batch_update", form.FIELDS_BODY, form.update, invalid_code=form.UPDATE_CODE),
    _check("POST", f"{FORM}/batch_delete", form.ACCOUNT_BODY, form.delete, invalid_code=form.DELETE_CODE),
    _check("POST", PACKAGES, packages.PACKAGES_BODY, packages.create, invalid_code=packages.CHANGE_CODE),
    _check(
        "PATCH",
        f"{PACKAGES}/batch_update",
        packages.PACKAGES_BODY,
        packages.update,
        invalid_code=packages.CHANGE_CODE,
    ),
    _check(
        "POST",
        f"{PACKAGES}/batch_delete",
        packages.DELETE_BODY,
        packages.delete,
        msg="SUCCESS",
        invalid_code=packages.DELETE_CODE,
    ),
    _check("POST", f"{CHECKS}/update_progress", checks.PROGRESS_BODY, checks.update_progress),
    _check("POST", f"{CHECKS}/update_result", checks.RESULT_BODY, checks.update_result),
    _check("POST", f"{CHECKS}/cancel", checks.ORDER_BODY, checks.cancel),
    _check("GET", ORDERS, NOTHING, orders.list_orders, query=orders.LIST_QUERY),
    _check(
        "POST",
        f"{ORDERS}/batch_query",
        orders.BATCH_BODY,
        orders.batch_query,
        query=orders.BATCH_QUERY,
        quota=TIER_7,
    ),
    _exam("POST", PAPERS, papers.PAPERS_BODY, papers.create),
    _exam("PATCH", f"{PAPERS}/batch_update", papers.PAPERS_BODY, papers.update),
    _exam("POST", f"{PAPERS}/batch_delete", papers.DELETE_BODY, papers.delete),
    _exam("POST", f"{EXAM}/login_info", exams.LOGIN_BODY, exams.report_login_info),
    _exam("POST", f"{EXAM}/update_result", exams.RESULT_BODY, exams.update_result),
    ApiRoute(
        "GET",
        "/open-apis/event/v1/outbound_ip",
        NOTHING,
        outbound_ip.list_outbound_ips,
        query=outbound_ip.PAGE_QUERY,
        msg="success",
        invalid_code=outbound_ip.INVALID_PAGING,
    ),
    ApiRoute("GET", "/open-apis/application/v6/scopes", NOTHING, application.list_scopes, msg="success"),
    ApiRoute(
        "GET",
        "/open-apis/application/v6/applications/:app_id",
        NOTHING,
        application.get_application,
        query=application.LANGUAGE_QUERY,
        msg="success",
    ),
    ApiRoute(
        "POST",
        "/open-apis/im/v1/messages",
        im.MESSAGE_BODY,
        im.create_message,
        query=im.MESSAGE_QUERY,
        quota=TIER_4,
        msg="success",
        invalid_code=im.INVALID_MESSAGE,
    ),
)


def find_endpoint(method: str, path: str) -> tuple[ApiRoute, dict[str, str]]:
    """The endpoint and its path parameters; refuses unknown paths and methods (contract 8.4)."""
    found = [(each, match) for each in ENDPOINTS if (match := each.pattern.fullmatch(path))]
    if not found:
        raise Refusal(404, 99991201, "path not found")
    for endpoint, match in found:
        if endpoint.method == method:
            return endpoint, match.groupdict()
    raise Refusal(405, 99991301, "method not allowed")
