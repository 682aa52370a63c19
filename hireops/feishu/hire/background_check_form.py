"""What customers can order from a background-check account: the order form, packages, additional items
(contract 4.1 to 4.6).

1000 calls a minute and 50 a second. The answers carry no data.
"""

from collections.abc import Sequence
from typing import Literal, NotRequired, TypedDict

from hireops.feishu.client import Answer, call
from hireops.feishu.endpoints import ENDPOINTS
from hireops.feishu.hire.wire import I18n, content, require_length

PACKAGE_ID_MAX_CHARS = 36
PACKAGE_NAME_MAX_CHARS = 100
WITH_OPTIONS = {"select", "multiselect"}


class Option(TypedDict):
    key: str
    name: I18n


class OrderCustomField(TypedDict):
    """One field of the order form. ``key`` is unique within the account; a choice needs its options."""

    type: Literal["text", "textarea", "number", "boolean", "select", "multiselect", "date", "file", "resume"]
    key: str
    name: I18n
    is_required: bool
    description: NotRequired[I18n]
    options: NotRequired[list[Option]]


class Package(TypedDict):
    """``id`` is ours, at most 36 characters; ``name`` at most 100."""

    id: str
    name: str
    description: NotRequired[str]


class AdditionalItem(TypedDict):
    """``id`` is ours, at most 36 characters."""

    id: str
    name: str
    description: NotRequired[str]


def create_eco_background_check_custom_field(
    tenant_key: str, *, account_id: str, custom_field_list: Sequence[OrderCustomField]
) -> Answer:
    """Replace the whole order form of an account by this list.

    Sources disagree whether Feishu replaces a form or refuses with ``1002855`` where one exists: then update
    it if only texts change, otherwise delete it and create it with new keys. Contract 4.1, doc
    ``eco_background_check_custom_field/create``.
    """
    for field in custom_field_list:
        if field["type"] in WITH_OPTIONS and not field.get("options"):
            raise ValueError(f"the field {field['key']} is a choice without options")
    body = content(account_id=account_id, custom_field_list=custom_field_list)
    return call(ENDPOINTS["eco_background_check_custom_field.create"], tenant_key=tenant_key, body=body)


def batch_update_eco_background_check_custom_field(
    tenant_key: str, *, account_id: str, custom_field_list: Sequence[OrderCustomField]
) -> Answer:
    """Overwrite names and descriptions of the order form; the list must have all its fields.

    ``1002001``: a system error, or a field does not exist. Contract 4.2, doc
    ``eco_background_check_custom_field/batch_update``.
    """
    body = content(account_id=account_id, custom_field_list=custom_field_list)
    return call(ENDPOINTS["eco_background_check_custom_field.batch_update"], tenant_key=tenant_key, body=body)


def batch_delete_eco_background_check_custom_field(tenant_key: str, *, account_id: str) -> Answer:
    """Delete *all* fields of an account's order form for ever: their keys can never be used there again.

    Refused with ``1002860``. Contract 4.3, doc ``eco_background_check_custom_field/batch_delete``.
    """
    body = content(account_id=account_id)
    return call(ENDPOINTS["eco_background_check_custom_field.batch_delete"], tenant_key=tenant_key, body=body)


def create_eco_background_check_package(
    tenant_key: str,
    *,
    account_id: str,
    package_list: Sequence[Package],
    additional_item_list: Sequence[AdditionalItem] | None = None,
) -> Answer:
    """Add packages and items to those that the account has; an id can be created only once.

    Not safe to repeat. ``1002001``: a system error, or an id exists already. Contract 4.4, doc
    ``eco_background_check_package/create``.
    """
    body = _packages(account_id, package_list, additional_item_list)
    return call(ENDPOINTS["eco_background_check_package.create"], tenant_key=tenant_key, body=body)


def batch_update_eco_background_check_package(
    tenant_key: str,
    *,
    account_id: str,
    package_list: Sequence[Package],
    additional_item_list: Sequence[AdditionalItem] | None = None,
) -> Answer:
    """Overwrite packages and items that exist; orders that were placed show the new texts too.

    ``1002001``: a system error, or an id does not exist. Contract 4.5, doc
    ``eco_background_check_package/batch_update``.
    """
    body = _packages(account_id, package_list, additional_item_list)
    return call(ENDPOINTS["eco_background_check_package.batch_update"], tenant_key=tenant_key, body=body)


def batch_delete_eco_background_check_package(
    tenant_key: str,
    *,
    account_id: str,
    package_id_list: Sequence[str] | None = None,
    additional_item_id_list: Sequence[str] | None = None,
) -> Answer:
    """Take packages and items off the order form; orders that were placed keep them.

    Refused with ``1002859`` (an id does not exist). Contract 4.6, doc
    ``eco_background_check_package/batch_delete``.
    """
    body = content(
        account_id=account_id,
        package_id_list=package_id_list,
        additional_item_id_list=additional_item_id_list,
    )
    return call(ENDPOINTS["eco_background_check_package.batch_delete"], tenant_key=tenant_key, body=body)


def _packages(
    account_id: str,
    package_list: Sequence[Package],
    additional_item_list: Sequence[AdditionalItem] | None,
) -> dict[str, object]:
    body = content(
        account_id=account_id, package_list=package_list, additional_item_list=additional_item_list
    )
    for each in (*package_list, *(additional_item_list or ())):
        require_length(each["id"], "id", at_most=PACKAGE_ID_MAX_CHARS)
    for package in package_list:
        require_length(package["name"], "name", at_most=PACKAGE_NAME_MAX_CHARS)
    return body
