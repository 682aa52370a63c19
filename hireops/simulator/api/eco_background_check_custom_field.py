"""The fields of a background-check order form (contract 4.1 to 4.3). They belong to one account.

Where the documents leave two readings open, the stricter one holds: dropped keys are burned, an update that
would change anything but texts is refused. Whether a second create replaces or is refused is a switch.
"""

from hireops.simulator.api.answers import Json
from hireops.simulator.api.partner_accounts import (
    BACKGROUND_CHECK,
    Refuse,
    distinct,
    done,
    published,
    refusals,
    refuse_if,
)
from hireops.simulator.api.shapes import also, boolean, choice, each, i18n, record, text
from hireops.simulator.records import Published
from hireops.simulator.world import World

FIELD_TYPES = ("text", "textarea", "number", "boolean", "select", "multiselect", "date", "file", "resume")
_WITH_OPTIONS = {"select", "multiselect"}


def _has_the_options_of_its_type(field: Json) -> tuple[str, str] | None:
    if field["type"] in _WITH_OPTIONS:
        return None if field.get("options") else ("options", "is required for this type")
    return ("options", "is for select and multiselect only") if "options" in field else None


_FIELD = also(
    record(
        {"type": choice(*FIELD_TYPES), "key": text(), "name": i18n(), "is_required": boolean()},
        {"description": i18n(may_be_empty=True), "options": each(record({"key": text(), "name": i18n()}))},
    ),
    _has_the_options_of_its_type,
)
FIELDS_BODY = record({"account_id": text(), "custom_field_list": each(_FIELD, at_least=1)})
ACCOUNT_BODY = record({"account_id": text()})

CREATE_CODE, UPDATE_CODE, DELETE_CODE = 1002855, 1002001, 1002860
_not_created, _not_updated, _not_deleted = refusals(CREATE_CODE), refusals(UPDATE_CODE), refusals(DELETE_CODE)


def create(world: World, body: Json, tenant_key: str) -> Json:
    """Full replace; the keys that it drops can never be used again."""
    behind = _behind(world, body, tenant_key, _not_created)
    if behind.fields and world.state.switches.order_form_is_final:
        raise _not_created("custom fields already exist for this account")
    keys = _keys(body, _not_created)
    refuse_if(_not_created, "keys were deleted and cannot be used again", set(behind.burned_keys) & set(keys))
    behind.burned_keys += sorted(set(_present(behind)) - set(keys))
    behind.fields = body["custom_field_list"]
    return done(world)


def update(world: World, body: Json, tenant_key: str) -> Json:
    """New names and descriptions for all fields at once; ``is_required`` has no effect."""
    behind, sent = _behind(world, body, tenant_key, _not_updated), body["custom_field_list"]
    keys, present = _keys(body, _not_updated), _present(behind)
    refuse_if(_not_updated, "keys do not exist", set(keys) - set(present))
    if len(keys) != len(present):
        raise _not_updated("the list must be as long as the created one")
    refuse_if(
        _not_updated,
        "type and options cannot change",
        (field["key"] for field in sent if _frozen(field) != _frozen(present[field["key"]])),
    )
    texts = {field["key"]: field for field in sent}
    behind.fields = [
        {**field, **texts[field["key"]], "is_required": field["is_required"]} for field in behind.fields
    ]
    return done(world)


def delete(world: World, body: Json, tenant_key: str) -> Json:
    """All fields of the account, for ever."""
    behind = _behind(world, body, tenant_key, _not_deleted)
    if not behind.fields:
        raise _not_deleted("there are no custom fields")
    behind.burned_keys += sorted(_present(behind))
    behind.fields = []
    return done(world)


def _behind(world: World, body: Json, tenant_key: str, refuse: Refuse) -> Published:
    return published(world, body, tenant_key, scope=BACKGROUND_CHECK, refuse=refuse)


def _keys(body: Json, refuse: Refuse) -> list[str]:
    for field in body["custom_field_list"]:
        distinct(refuse, [option["key"] for option in field.get("options", [])])
    return distinct(refuse, [field["key"] for field in body["custom_field_list"]])


def _present(behind: Published) -> dict[str, Json]:
    return {field["key"]: field for field in behind.fields}


def _frozen(field: Json) -> tuple[str, list[str]]:
    return field["type"], [option["key"] for option in field.get("options", [])]
