"""Packages and additional items of a background-check account (contract 4.4 to 4.6).

Where the documents leave two readings open, and unless a switch says otherwise: one repeated id refuses the
whole batch, an id that was deleted cannot come back, an update without ``description`` clears it,
``package_list`` may be empty beside items.
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
from hireops.simulator.api.shapes import also, each, record, text
from hireops.simulator.records import Published
from hireops.simulator.world import World

ID_MAX, NAME_MAX = 36, 100


def _names_something(body: Json) -> tuple[str, str] | None:
    return None if body["package_list"] or body.get("additional_item_list") else ("package_list", "is empty")


def _deletes_something(body: Json) -> tuple[str, str] | None:
    named = body.get("package_id_list") or body.get("additional_item_id_list")
    return None if named else ("package_id_list", "or additional_item_id_list must name something")


_PACKAGE = record(
    {"id": text(at_most=ID_MAX), "name": text(at_most=NAME_MAX)}, {"description": text(may_be_empty=True)}
)
_ITEM = record({"id": text(at_most=ID_MAX), "name": text()}, {"description": text(may_be_empty=True)})
PACKAGES_BODY = also(
    record({"account_id": text(), "package_list": each(_PACKAGE)}, {"additional_item_list": each(_ITEM)}),
    _names_something,
)
DELETE_BODY = also(
    record(
        {"account_id": text()},
        {"package_id_list": each(text()), "additional_item_id_list": each(text())},
    ),
    _deletes_something,
)

CHANGE_CODE, DELETE_CODE = 1002001, 1002859
_not_changed, _not_deleted = refusals(CHANGE_CODE), refusals(DELETE_CODE)


def create(world: World, body: Json, tenant_key: str) -> Json:
    """Adds to what is there. Packages and items have their ids apart."""
    behind = _behind(world, body, tenant_key, _not_changed)
    packages, items = _sent(body)
    switches = world.state.switches
    if switches.items_need_a_package and not packages:
        raise _not_changed("package_list is empty")
    taken = _taken(behind, packages, items, deleted_are_free=switches.deleted_ids_are_free)
    if switches.refused_creates_are_partial or not taken:
        _add(behind.packages, behind.used_ids, "package", packages, taken)
        _add(behind.items, behind.used_ids, "item", items, taken)
        done(world)
    refuse_if(_not_changed, "ids were created before", taken)
    return {}


def _taken(
    behind: Published, packages: dict[str, Json], items: dict[str, Json], *, deleted_are_free: bool
) -> set[str]:
    used = {f"package {each}" for each in packages} | {f"item {each}" for each in items}
    there = {f"package {each}" for each in behind.packages} | {f"item {each}" for each in behind.items}
    return used & (there if deleted_are_free else set(behind.used_ids))


def _add(
    there: dict[str, Json], used_ids: list[str], kind: str, sent: dict[str, Json], taken: set[str]
) -> None:
    new = {key: value for key, value in sent.items() if f"{kind} {key}" not in taken}
    there |= new
    used_ids += [name for key in sorted(new) if (name := f"{kind} {key}") not in used_ids]


def update(world: World, body: Json, tenant_key: str) -> Json:
    """Overwrites what is named and leaves the rest."""
    behind = _behind(world, body, tenant_key, _not_changed)
    packages, items = _sent(body)
    _refuse_unknown(behind, list(packages), list(items), _not_changed)
    stay = world.state.switches.left_out_descriptions_stay
    for there, sent in ((behind.packages, packages), (behind.items, items)):
        for key, value in sent.items():
            there[key] = {**(there[key] if stay else {}), **value}
    return done(world)


def delete(world: World, body: Json, tenant_key: str) -> Json:
    behind = _behind(world, body, tenant_key, _not_deleted)
    packages = distinct(_not_deleted, body.get("package_id_list", []))
    items = distinct(_not_deleted, body.get("additional_item_id_list", []))
    _refuse_unknown(behind, packages, items, _not_deleted)
    behind.packages = {key: value for key, value in behind.packages.items() if key not in packages}
    behind.items = {key: value for key, value in behind.items.items() if key not in items}
    return done(world)


def _behind(world: World, body: Json, tenant_key: str, refuse: Refuse) -> Published:
    return published(world, body, tenant_key, scope=BACKGROUND_CHECK, refuse=refuse)


def _sent(body: Json) -> tuple[dict[str, Json], dict[str, Json]]:
    packages, items = body["package_list"], body.get("additional_item_list", [])
    for sent in (packages, items):
        distinct(_not_changed, [each["id"] for each in sent])
    return {each["id"]: each for each in packages}, {each["id"]: each for each in items}


def _refuse_unknown(behind: Published, packages: list[str], items: list[str], refuse: Refuse) -> None:
    refuse_if(refuse, "packages not found in account", set(packages) - set(behind.packages))
    refuse_if(refuse, "items not found in account", set(items) - set(behind.items))
