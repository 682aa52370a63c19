"""The custom fields of partner accounts (contract 3.2 to 3.4). They belong to the app and a scope.

Where the documents leave two readings open, the stricter one holds here: a key that a full replace
drops is burned like a deleted one, and nothing may be sent that the documents do not name. Whether a create
replaces at all is a switch.
"""

from collections.abc import Iterable
from typing import Any

from hireops.simulator.api.answers import Json, refused_operation
from hireops.simulator.api.shapes import boolean, each, i18n, integer, record, text
from hireops.simulator.state import SCOPES, FormField
from hireops.simulator.world import World

_FIELD = record(
    {"key": text(), "name": i18n(), "is_required": boolean()},
    {"description": i18n(may_be_empty=True)},
)
FIELDS_BODY = record({"scope": integer(*SCOPES), "custom_field_list": each(_FIELD, at_least=1)})
KEYS_BODY = record({"scope": integer(*SCOPES)}, {"custom_field_key_list": each(text())})


def create_custom_fields(world: World, body: Json, tenant_key: str) -> Json:
    """Full replace; the keys that it drops can never be used again. Or, by a switch, older fields stay."""
    scope, sent = body["scope"], body["custom_field_list"]
    keys = _distinct([field["key"] for field in sent])
    burned = world.state.burned_keys[scope]
    _refuse_if("keys were deleted and cannot be used again", burned.intersection(keys))
    left_out = [field for field in world.state.fields[scope] if field.key not in keys]
    stay = left_out if world.state.switches.account_form_keeps else []
    burned.update(field.key for field in left_out if field not in stay)
    world.state.fields[scope] = [*(_custom_field(field) for field in sent), *stay]
    return _changed(world)


def update_custom_fields(world: World, body: Json, tenant_key: str) -> Json:
    """Overwrites names, and descriptions that are sent; ``is_required`` has no effect."""
    present = {field.key: field for field in world.state.fields[body["scope"]]}
    sent = body["custom_field_list"]
    keys = _distinct([field["key"] for field in sent])
    _refuse_if("keys do not exist", set(keys).difference(present))
    for field in sent:
        present[field["key"]].name = field["name"]
        if "description" in field:
            present[field["key"]].description = field["description"]
    return _changed(world)


def delete_custom_fields(world: World, body: Json, tenant_key: str) -> Json:
    """Burns the keys. At least one field must remain."""
    scope, fields = body["scope"], world.state.fields[body["scope"]]
    keys = _distinct(body.get("custom_field_key_list", []))
    if not keys:
        raise refused_operation("no key to delete")
    _refuse_if("keys do not exist", set(keys).difference(field.key for field in fields))
    remaining = [field for field in fields if field.key not in keys]
    if not remaining:
        raise refused_operation("at least one field must remain")
    world.state.fields[scope] = remaining
    world.state.burned_keys[scope].update(keys)
    return _changed(world)


def _custom_field(sent: dict[str, Any]) -> FormField:
    return FormField(sent["key"], sent["name"], sent["is_required"], sent.get("description", {}))


def _distinct(keys: list[str]) -> list[str]:
    _refuse_if("keys appear twice", {key for key in keys if keys.count(key) > 1})
    return keys


def _refuse_if(what: str, keys: Iterable[str]) -> None:
    if listed := ", ".join(sorted(keys)):
        raise refused_operation(f"{what}: {listed}")


def _changed(world: World) -> Json:
    world.form_changed()
    world.save()
    return {}
