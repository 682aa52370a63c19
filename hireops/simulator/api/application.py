"""The app itself: its permissions and its versions (Feishu's pages application-v6/scope and application)."""

from hireops.simulator.api.answers import Json, Refusal
from hireops.simulator.api.shapes import choice, record
from hireops.simulator.world import World

LANGUAGE_QUERY = record({"lang": choice("zh_cn", "en_us", "ja_jp")})
NO_PERMISSION, NOT_THIS_APP = 99991672, 210504
SELF_MANAGE = "application:application:self_manage"
GRANTED, NOT_GRANTED = 1, 2
SCOPES = (
    "hire:background_check_order",
    "hire:background_check_order:readonly",
    "hire:exam",
    "hire:exam:readonly",
    "hire:referral_account",
    "hire:referral_account:readonly",
    "contact:user.phone:readonly",
    "contact:user.email:readonly",
    "im:message:send_as_bot",
    SELF_MANAGE,
)


def list_scopes(world: World, query: Json, tenant_key: str) -> Json:
    withheld = world.state.switches.scopes_withheld
    return {
        "scopes": [
            {"scope_name": scope, "grant_status": NOT_GRANTED if scope in withheld else GRANTED}
            for scope in SCOPES
        ]
    }


def get_application(world: World, query: Json, tenant_key: str) -> Json:
    switches = world.state.switches
    if SELF_MANAGE in switches.scopes_withheld:
        raise Refusal(
            400, NO_PERMISSION, f"Access denied. One of the following scopes is required: [{SELF_MANAGE}]"
        )
    if query["app_id"] not in {"me", world.environment.app_id}:
        raise Refusal(400, NOT_THIS_APP, "app not found")
    unaudited = "oav_unaudited" if switches.version_waits else ""
    return {
        "app": {
            "app_id": world.environment.app_id,
            "status": 1,
            "online_version_id": "oav_online",
            "unaudit_version_id": unaudited,
        }
    }
