"""What Feishu says of the app itself (Feishu's pages application-v6/scope/list and application/get).

Not in the contract: as the pages and the official SDK's types have it.
"""

from typing import Any

from django.conf import settings

from hireops.feishu.client import call
from hireops.feishu.endpoints import ENDPOINTS

GRANTED = 1


def granted_scopes(tenant_key: str) -> dict[str, bool]:
    """Each permission that the app asks this tenant for, by Feishu's name, and whether it has it.

    Needs no permission itself. Refused with 212100 where the app is not installed.
    """
    answer = call(ENDPOINTS["scope.list"], tenant_key=tenant_key)
    scopes = answer.data.get("scopes")
    rows = [row for row in scopes if isinstance(row, dict)] if isinstance(scopes, list) else []
    return {str(row.get("scope_name")): row.get("grant_status") == GRANTED for row in rows}


def has_unpublished_version(tenant_key: str) -> bool:
    """Whether a version of the app waits for its review. Needs ``application:application:self_manage``."""
    answer = call(
        ENDPOINTS["application.get"],
        tenant_key=tenant_key,
        path_params={"app_id": settings.FEISHU_APP_ID},
        query={"lang": "zh_cn"},
    )
    app: Any = answer.data.get("app")
    return isinstance(app, dict) and bool(str(app.get("unaudit_version_id") or ""))
