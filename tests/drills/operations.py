"""Operations of a business app that does not exist yet, on the real calls of Hire. Workers include this.

Package create and progress are not safe to repeat. Each has a resolver as such an app would have it, and a
twin without one, whose calls are left for a person.
"""

from django.utils.translation import gettext_noop

from hireops.feishu import hire
from hireops.feishu.client import Answer
from hireops.feishu.codes import CATCH_ALL_CODES
from hireops.feishu.endpoints import ENDPOINTS
from hireops.feishu.errors import FeishuError, Outcome
from hireops.outbox.models import Call
from hireops.outbox.registry import Found, Operation, Resolution, register

FORM = "drill.form"
PACKAGES = "drill.packages"
PACKAGES_BY_HAND = "drill.packages_by_hand"
PROGRESS = "drill.progress"
PROGRESS_BY_HAND = "drill.progress_by_hand"


def resolve_packages(call: Call) -> Resolution:
    """Send the ids again; if they are refused, an update of the same ids says whether they exist (4.4, 4.5).

    A second create of ids that exist is refused as a whole, so nothing is doubled.
    """
    try:
        return Resolution(
            found=Found.DONE, answer=hire.create_eco_background_check_package(call.tenant_key, **call.payload)
        )
    except FeishuError as error:
        if error.code not in CATCH_ALL_CODES:
            raise
    try:
        answer = hire.batch_update_eco_background_check_package(call.tenant_key, **call.payload)
    except FeishuError as error:
        if error.outcome is Outcome.REFUSED and error.code in CATCH_ALL_CODES:
            why = gettext_noop("Feishu neither creates these packages nor knows all of them.")
            return Resolution(found=Found.UNCLEAR, why=why)
        raise
    return Resolution(found=Found.DONE, answer=answer)


def resolve_progress(call: Call) -> Resolution:
    """Read the order back (4.12). Whether a partner may, and whether the ids are equal, is not documented."""
    wanted = call.payload["background_check_id"]
    answer = hire.batch_query_background_check_orders(
        call.tenant_key, background_check_order_id_list=[wanted]
    )
    orders = [order for order in hire.OrderPage.of(answer.data).items if order.order_id == wanted]
    if not orders:
        return Resolution(
            found=Found.UNCLEAR, why=gettext_noop("Feishu does not show this order to hireops.")
        )
    done = call.payload["stage_name"] in orders[0].stages
    return Resolution(found=Found.DONE if done else Found.NOT_DONE)


def create_form(tenant_key: str, *, scope: int, number: int) -> Answer:
    """A form of one field whose key tells which call sent it."""
    name = {"zh_cn": f"字段{number}", "en_us": f"Field {number}"}
    field = {"key": f"k{number}", "name": name, "is_required": True}
    return hire.create_eco_account_custom_field(tenant_key, scope=scope, custom_field_list=[field])  # type: ignore[list-item]


# Their labels are in no language: pages of other tests may show them.
for _operation in (
    Operation(
        name=FORM,
        label=FORM,
        send=create_form,
        endpoint=ENDPOINTS["eco_account_custom_field.create"],
    ),
    Operation(
        name=PACKAGES,
        label=PACKAGES,
        send=hire.create_eco_background_check_package,
        endpoint=ENDPOINTS["eco_background_check_package.create"],
        resolve=resolve_packages,
    ),
    Operation(
        name=PACKAGES_BY_HAND,
        label=PACKAGES_BY_HAND,
        send=hire.create_eco_background_check_package,
        endpoint=ENDPOINTS["eco_background_check_package.create"],
    ),
    Operation(
        name=PROGRESS,
        label=PROGRESS,
        send=hire.update_eco_background_check_progress,
        endpoint=ENDPOINTS["eco_background_check.update_progress"],
        resolve=resolve_progress,
    ),
    Operation(
        name=PROGRESS_BY_HAND,
        label=PROGRESS_BY_HAND,
        send=hire.update_eco_background_check_progress,
        endpoint=ENDPOINTS["eco_background_check.update_progress"],
    ),
):
    register(_operation)
