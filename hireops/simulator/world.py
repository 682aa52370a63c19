"""The one simulated Feishu of this process: its state, its clock, and the lock that guards both."""

import threading
from functools import cache

from hireops.simulator.clock import Clock
from hireops.simulator.environment import Environment, read_environment
from hireops.simulator.quotas import Quotas
from hireops.simulator.signing_in import AuthorizationCodes
from hireops.simulator.state import State, TenantState
from hireops.simulator.store import StateFile
from hireops.simulator.tokens import Tokens
from hireops.simulator.traffic import Traffic

TICKET_EVERY_S = 3600.0  # contract 1.4
LONGEST_DELIVERY_S = 5.0


class World:
    """Take ``lock`` around every look at or change of the state; never hold it while waiting for somebody."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.clock = Clock()
        self.lock = threading.RLock()
        self.wake = threading.Condition(self.lock)  # notified when an event may be due
        self.log_version = 1
        self.form_version = 1
        self.unsaved = False
        self.under_way = 0  # deliveries that wait for the receiver
        self._file = StateFile(environment.state_file) if environment.state_file else None
        self.state = self._file.load(self.clock) if self._file else State()
        self._begin()

    @property
    def tenant_key(self) -> str:
        """The customer that plays along unless another is named."""
        return self.environment.tenant_keys[0]

    @property
    def tenant_keys(self) -> tuple[str, ...]:
        """Every customer that has ever had the app."""
        return tuple(self.state.tenants)

    def log_changed(self) -> None:
        """Lets open pages fetch the logs again."""
        self.log_version += 1

    def form_changed(self) -> None:
        self.form_version += 1
        self.log_changed()

    def changed(self) -> None:
        """Lets open pages look again, and has the state file written within a second."""
        self.unsaved = True
        self.log_changed()

    def save(self) -> None:
        """Writes the state file now, if there is one; callers hold the lock."""
        self.unsaved = False
        if self._file:
            self._file.save(self.state, self.clock)

    def move_clock(self, seconds: float) -> None:
        with self.lock:
            self.clock.move(seconds)
            self.log_changed()
            self.wake.notify_all()

    def reset(self) -> None:
        """Back to a Feishu that has never heard of the app; returns when nothing of before is on its way."""
        with self.wake:
            self.clock.ahead_s = 0.0
            self.state = State()
            self.wake.wait_for(lambda: self.under_way == 0, timeout=LONGEST_DELIVERY_S)
            self._begin()
            self.form_changed()
            self.save()

    def _begin(self) -> None:
        self.tokens = Tokens(self.environment.token_seconds)
        self.codes = AuthorizationCodes()
        self.quotas = Quotas()
        self.traffic = Traffic()
        self.ticket_due_at = self.clock.now() + TICKET_EVERY_S
        for tenant_key in self.environment.tenant_keys:
            self.state.tenants.setdefault(tenant_key, TenantState.ACTIVE)


@cache
def the_world() -> World:
    """The world of this process, made from the environment at first use."""
    return World(read_environment())
