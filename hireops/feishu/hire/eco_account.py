"""The form that customers fill in when they add a partner account (contract 3).

1000 calls a minute and 50 a second. The answers carry no data. Error ``1002001`` is a system error or a
refusal, and only trying again tells which.
"""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

from hireops.feishu.client import Answer, call
from hireops.feishu.endpoints import ENDPOINTS
from hireops.feishu.hire.wire import I18n, content, require_scope


class AccountCustomField(TypedDict):
    """One field of the form. ``key`` is unique within the scope."""

    key: str
    name: I18n
    is_required: bool
    description: NotRequired[I18n]


def create_eco_account_custom_field(
    tenant_key: str, *, scope: int, custom_field_list: Sequence[AccountCustomField]
) -> Answer:
    """Replace the whole form of a scope (1 background check, 2 exam) by this list.

    The customer must have added a custom app first. Contract 3.2, doc ``eco_account_custom_field/create``.
    """
    require_scope(scope)
    body = content(scope=scope, custom_field_list=custom_field_list)
    return call(ENDPOINTS["eco_account_custom_field.create"], tenant_key=tenant_key, body=body)


def batch_update_eco_account_custom_field(
    tenant_key: str, *, scope: int, custom_field_list: Sequence[AccountCustomField]
) -> Answer:
    """Overwrite names and descriptions of fields that exist; ``is_required`` has no effect.

    Contract 3.3, doc ``eco_account_custom_field/batch_update``.
    """
    require_scope(scope)
    body = content(scope=scope, custom_field_list=custom_field_list)
    return call(ENDPOINTS["eco_account_custom_field.batch_update"], tenant_key=tenant_key, body=body)


def batch_delete_eco_account_custom_field(
    tenant_key: str, *, scope: int, custom_field_key_list: Sequence[str]
) -> Answer:
    """Delete fields for ever: their keys can never be used again, and one field must stay.

    Contract 3.4, doc ``eco_account_custom_field/batch_delete``.
    """
    require_scope(scope)
    body = content(scope=scope, custom_field_key_list=custom_field_key_list)
    return call(ENDPOINTS["eco_account_custom_field.batch_delete"], tenant_key=tenant_key, body=body)
