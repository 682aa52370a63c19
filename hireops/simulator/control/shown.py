"""The parts of ``GET /_control/state``."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from hireops.simulator.gateway import the_gateway
from hireops.simulator.state import State
from hireops.simulator.world import World

PARTS: dict[str, Callable[[World, State], Any]] = {
    "now": lambda world, _: world.clock.now(),
    "fields": lambda _, state: {
        scope: [asdict(field) for field in fields] for scope, fields in state.fields.items()
    },
    "burned_keys": lambda _, state: {scope: sorted(keys) for scope, keys in state.burned_keys.items()},
    "accounts": lambda _, state: [asdict(account) for account in state.accounts.values()],
    "published": lambda _, state: {key: asdict(each) for key, each in state.published.items()},
    "employees": lambda _, state: [asdict(employee) for employee in state.staff],
    "withdrawals": lambda _, state: {key: asdict(each) for key, each in state.withdrawals.items()},
    "orders": lambda _, state: {key: asdict(order) for key, order in state.orders.items()},
    "exams": lambda _, state: {key: asdict(exam) for key, exam in state.exams.items()},
    "downloads": lambda _, state: {key: asdict(each) for key, each in state.downloads.items()},
    "messages": lambda _, state: [asdict(message) for message in state.messages],
    "tenants": lambda _, state: state.tenants,
    "events": lambda _, state: [asdict(event) for event in state.events.values()],
    "events_emitted": lambda _, state: state.events_emitted,
    "calls": lambda _, state: [asdict(call) for call in state.calls],
    "call_counts": lambda _, state: state.call_counts,
    "traffic": lambda world, _: world.traffic.shown(),
    "connections": lambda *_: the_gateway().shown(),
    "faults": lambda _, state: [asdict(fault) for fault in state.faults],
    "switches": lambda _, state: asdict(state.switches),
}
