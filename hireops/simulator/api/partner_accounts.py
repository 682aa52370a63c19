"""The partner account that a call of sections 4 and 5 names, and what the partner has published behind it."""

from collections.abc import Callable, Iterable

from hireops.simulator.api.answers import Json, Refusal
from hireops.simulator.records import Published
from hireops.simulator.world import World

BACKGROUND_CHECK, EXAM = 1, 2  # scope (contract 3)

Refuse = Callable[[str], Refusal]


def refusals(code: int) -> Refuse:
    """What makes refusals with HTTP 400 and this code out of a reason."""
    return lambda why: Refusal(400, code, why)


def published(world: World, body: Json, tenant_key: str, *, scope: int, refuse: Refuse) -> Published:
    """What is behind ``body["account_id"]``; refused when the tenant has no such account of this scope.

    The documents name no code for an unknown account: it is the call's own code for a wrong parameter.
    """
    account = world.state.accounts.get(body["account_id"])
    if account is None or (account.tenant_key, account.scope) != (tenant_key, scope):
        raise refuse("account does not exist")
    return world.state.published.setdefault(account.account_id, Published())


def refuse_if(refuse: Refuse, what: str, names: Iterable[str]) -> None:
    if listed := ", ".join(sorted(names)):
        raise refuse(f"{what}: {listed}")


def distinct(refuse: Refuse, names: list[str]) -> list[str]:
    refuse_if(refuse, "appear twice", {name for name in names if names.count(name) > 1})
    return names


def done(world: World) -> Json:
    """The empty answer to a change, which is written down first."""
    world.log_changed()
    world.save()
    return {}
