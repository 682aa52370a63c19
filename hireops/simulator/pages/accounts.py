"""The customer adds partner accounts."""

from itertools import islice

from django.http import QueryDict

from hireops.simulator.forms import SCOPE_LABELS, USAGE_LABELS, AccountForm
from hireops.simulator.pages.logs import SHOWN, Context
from hireops.simulator.pages.place import Place
from hireops.simulator.state import SCOPES, BoundAccount
from hireops.simulator.world import World


def form_part(world: World, place: Place) -> Context:
    with world.lock:
        pushed = {each for each in SCOPES if world.state.fields[each]}
        form = account_form(world, place.scope, None)
    tabs = [{"scope": each, "label": SCOPE_LABELS[each]} for each in SCOPES]
    return {
        "tabs": tabs,
        "scope_label": SCOPE_LABELS[place.scope],
        "account_form": form,
        "pushed": place.scope in pushed,
    }


def accounts_part(world: World, place: Place) -> Context:
    with world.lock:
        newest = list(islice(reversed(world.state.accounts.values()), SHOWN))
        number = len(world.state.accounts)
    return {"accounts": [_account_row(account) for account in newest], "number_of_accounts": number}


def account_form(world: World, scope: int, data: QueryDict | None) -> AccountForm:
    with world.lock:
        return AccountForm(
            data, scope=scope, custom_fields=world.state.fields[scope], tenants=world.tenant_keys
        )


def _account_row(account: BoundAccount) -> Context:
    usages = [USAGE_LABELS[usage] for usage in account.usages if usage in USAGE_LABELS]
    return {"account": account, "scope_label": SCOPE_LABELS[account.scope], "usages": usages}
