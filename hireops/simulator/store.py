"""The state file: what survives a restart. Not in it: logs, faults, switches, events that are through."""

import fcntl
import json
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from django.core.exceptions import ImproperlyConfigured

from hireops import private_files
from hireops.simulator.clock import Clock
from hireops.simulator.records import (
    BotMessage,
    CustomerOrder,
    CustomerOrderStatus,
    Download,
    Employee,
    Exam,
    ExamState,
    Published,
    ReferralStatus,
    TakenWithdrawal,
)
from hireops.simulator.staff import Staff
from hireops.simulator.state import (
    BoundAccount,
    DeliveryAttempt,
    EventState,
    FormField,
    PushedEvent,
    State,
    TenantState,
    schedule,
)

LOCK_PATIENCE_S = 3


class StateFile:
    """One JSON file, replaced whole at every save so that a killed process leaves the old or the new one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = self._locked()
        private_files.close_to_others(path)  # written by a version that left it open

    def load(self, clock: Clock) -> State:
        """The state as saved, or an empty one; ``ImproperlyConfigured`` when the file cannot be read."""
        if not self._path.exists():
            return State()
        try:
            saved = json.loads(self._path.read_bytes())
            clock.ahead_s = float(saved["ahead_s"])
            return _state(saved, clock)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as mistake:
            raise ImproperlyConfigured(
                f"SIMULATOR_STATE_FILE {self._path} cannot be read ({type(mistake).__name__}: {mistake}). "
                "Remove it to start anew."
            ) from mistake

    def save(self, state: State, clock: Clock) -> None:
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}.draft")
        draft.write_text(json.dumps(_saved(state, clock), ensure_ascii=False))
        draft.replace(self._path)

    def _locked(self) -> TextIO:
        """Held open for the life of the process: two simulators would overwrite each other's file."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock = self._path.with_name(f"{self._path.name}.lock").open("w")
            _lock(lock)
        except OSError as mistake:
            raise ImproperlyConfigured(
                f"SIMULATOR_STATE_FILE {self._path} cannot be used: another simulator has it, "
                f"or it may not be written ({mistake.strerror})."
            ) from mistake
        return lock


def _lock(file: TextIO) -> None:
    """Takes the lock; a worker whose master was killed may need a second to notice and let go."""
    deadline = time.monotonic() + LOCK_PATIENCE_S
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.1)


def _saved(state: State, clock: Clock) -> dict[str, Any]:
    waiting = [event for event in state.events.values() if event.state is EventState.WAITING]
    return {
        "ahead_s": clock.ahead_s,
        "fields": {str(scope): [asdict(each) for each in fields] for scope, fields in state.fields.items()},
        "burned_keys": {str(scope): sorted(keys) for scope, keys in state.burned_keys.items()},
        "accounts": [asdict(account) for account in state.accounts.values()],
        "events": [asdict(event) for event in waiting],
        "app_ticket": state.app_ticket,
        "tenants": state.tenants,
        "published": {account_id: asdict(each) for account_id, each in state.published.items()},
        "employees": [asdict(employee) for employee in state.staff],
        "withdrawals": [asdict(withdrawal) for withdrawal in state.withdrawals.values()],
        "orders": [asdict(order) for order in state.orders.values()],
        "exams": [asdict(exam) for exam in state.exams.values()],
        "downloads": [asdict(download) for download in state.downloads.values()],
        "messages": [asdict(message) for message in state.messages],
    }


def _state(saved: dict[str, Any], clock: Clock) -> State:
    state = State()
    for scope in state.fields:
        state.fields[scope] = [FormField(**each) for each in saved["fields"][str(scope)]]
        state.burned_keys[scope] = set(saved["burned_keys"][str(scope)])
    state.accounts = {each["account_id"]: BoundAccount(**each) for each in saved["accounts"]}
    _load_work(state, saved)
    for each in saved["events"]:
        each["state"] = EventState(each["state"])
        each["attempts"] = [DeliveryAttempt(**attempt) for attempt in each["attempts"]]
        event = state.events[each["event_id"]] = PushedEvent(**each)
        schedule(state, event, clock.now() if event.next_at is None else event.next_at)
    state.app_ticket = str(saved["app_ticket"])
    return state


def _load_work(state: State, saved: dict[str, Any]) -> None:
    """What a file of an older version does not have yet stays empty."""
    state.tenants = {key: TenantState(each) for key, each in saved.get("tenants", {}).items()}
    state.published = {key: Published(**each) for key, each in saved.get("published", {}).items()}
    state.staff = Staff(
        Employee(**{**each, "status": ReferralStatus(each["status"])}) for each in saved.get("employees", [])
    )
    for each in saved.get("withdrawals", []):
        state.withdrawals[each["external_order_id"]] = TakenWithdrawal(**each)
    for each in saved.get("orders", []):
        order = CustomerOrder(**{**each, "status": CustomerOrderStatus(each["status"])})
        state.orders[order.background_check_id] = order
    for each in saved.get("exams", []):
        exam = Exam(**{**each, "state": ExamState(each["state"])})
        state.exams[exam.exam_id] = exam
    state.downloads = {each["url"]: Download(**each) for each in saved.get("downloads", [])}
    state.messages = [BotMessage(**each) for each in saved.get("messages", [])]
