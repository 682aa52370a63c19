"""What drills do and ask: owe calls, run workers, let time pass, and compare both sides."""

import json
import time
from collections import Counter, defaultdict
from typing import Any

from hireops.outbox import timing
from tests.drills import operations
from tests.processes import Hireops, Process
from tests.simulator_process import Simulator

# A second --include takes the place of the first.
INCLUDED = "tests.worker_ready,tests.drills.operations"
PACKAGES_PATH = "/open-apis/hire/v1/eco_background_check_packages"
PROGRESS_PATH = "/open-apis/hire/v1/eco_background_checks/update_progress"
FORM_PATH = "/open-apis/hire/v1/eco_account_custom_fields"
# Beat asks for balances, too.
OF_DRILLS = "WHERE operation LIKE 'drill.%' AND operation <> 'drill.form'"
ENDED = {"succeeded", "refused", "superseded", "canceled", "waiting"}
TAKES_S = 15
BY_HAND = (operations.PACKAGES_BY_HAND, operations.PROGRESS_BY_HAND)


class World:
    def __init__(self, hireops: Hireops, simulator: Simulator) -> None:
        self.hireops, self.simulator = hireops, simulator
        hireops.environment |= {
            **{name: value for name, value in simulator.environment.items() if name.startswith("FEISHU_")},
            "FEISHU_BASE_URL": simulator.url,
        }
        self.simulator.control("switches", quota_enforced=False)
        self.number = 0
        self._seen: dict[str, dict[str, Any]] = {}

    # --- Owing -------------------------------------------------------------------------------------------

    def account(self) -> str:
        return str(self.simulator.add_account()["account_id"])

    def check(self) -> str:
        """A customer orders a background check; its id."""
        order = {"account_id": self.account(), "package_id": "p", "candidate_info": {"name": "张三"}}
        return str(self.simulator.control("checks", **order)["background_check_id"])

    def form(self, scope: int, target: str = "", **more: Any) -> dict[str, Any]:
        payload = {"scope": scope, "number": self._next()}
        return {
            "operation": operations.FORM,
            "target": target or f"form {scope}",
            "payload": payload,
            **more,
        }

    def packages(self, account_id: str, operation: str = operations.PACKAGES) -> dict[str, Any]:
        number = self._next()
        package = {"id": f"n{number}", "name": f"套餐{number}"}
        payload = {"account_id": account_id, "package_list": [package]}
        return {"operation": operation, "target": account_id, "payload": payload}

    def progress(self, check_id: str, operation: str = operations.PROGRESS) -> dict[str, Any]:
        number = self._next()
        payload = {
            "background_check_id": check_id,
            "stage_id": f"n{number}",
            "stage_name": f"阶段{number}",
            "stage_time": str(1_700_000_000_000 + number),
        }
        return {"operation": operation, "target": check_id, "payload": payload}

    def owe(self, calls: list[dict[str, Any]]) -> None:
        self.hireops.python("-m", "tests.drills.owe", stdin=json.dumps(calls))

    def _next(self) -> int:
        self.number += 1
        return self.number

    # --- Workers and time --------------------------------------------------------------------------------

    def worker(self, **variables: str) -> Process:
        return self.hireops.worker("--include", INCLUDED, **variables)

    def ring(self) -> None:
        self.owe([])

    def let_time_pass(self) -> None:
        """Leases, rests and pauses are over: their times are in the past now. The jump of a clock."""
        for column, table in (("not_before", "outbox_call"), ("open_from", "outbox_channel")):
            self._sql(f"UPDATE {table} SET {column} = {self._ago(600)} WHERE {column} > {self._ago(0)}")
        self._sql(f"UPDATE outbox_call SET lease_until = {self._ago(600)} WHERE lease_until > {self._ago(0)}")

    def give_up_the_dead(self) -> None:
        """Who has had a call for so long that no request lasts as long has died: its lease is over."""
        dead = f"lease_until BETWEEN {self._ago(0)} AND {self._ago(-(timing.LEASE_S - TAKES_S))}"
        self._sql(f"UPDATE outbox_call SET lease_until = {self._ago(600)} WHERE {dead}")

    def postpone(self) -> None:
        """The clock jumps back: what was due a moment ago is due in ten minutes."""
        self._sql(f"UPDATE outbox_call SET not_before = {self._ago(-600)} WHERE state = 'pending'")

    def finish(self, seconds: float = 120) -> None:
        """A healthy worker ends everything, with a jump of the clock when all that is left has to wait."""
        self.ring()
        worker = self.worker()
        until = time.monotonic() + seconds
        while self.open_calls():
            assert time.monotonic() < until, self.report()
            time.sleep(1)
            if not self._sql("SELECT 1 FROM outbox_call WHERE lease_key IS NOT NULL LIMIT 1"):
                self.let_time_pass()
                self.ring()
        self.hireops.stop(worker)

    def report(self) -> str:
        """What is left, for the message of a drill that failed."""
        calls = self.rows("operation, state, reason, tries, not_before, lease_key, lease_until")
        channels = self._sql("SELECT operation, open_from, failures, closed_by FROM outbox_channel")
        return "\n".join(map(str, [*calls, *channels, self.hireops.output.read_text()[-3000:]]))

    def wait_for_death(self, worker: Process, seconds: float = 30) -> None:
        assert worker.wait(seconds) == -9
        self.hireops.kill(worker)

    def _ago(self, seconds: float) -> str:
        if self.hireops.database.url.startswith("sqlite"):
            return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', '{-seconds} seconds')"
        return f"clock_timestamp() - interval '{seconds} seconds'"

    def _sql(self, statement: str) -> list[tuple[Any, ...]]:
        if not statement.startswith("SELECT") and not self.hireops.database.url.startswith("sqlite"):
            statement += " RETURNING 1"
        return self.hireops.database.rows(statement)

    # --- Asking ------------------------------------------------------------------------------------------

    def rows(self, columns: str, rest: str = "ORDER BY id") -> list[tuple[Any, ...]]:
        return self._sql(f"SELECT {columns} FROM outbox_call {rest}")

    def open_calls(self) -> int:
        return int(self.rows("count(*)", "WHERE state = 'pending'")[0][0])

    def states(self) -> Counter[str]:
        return Counter(state for (state,) in self.rows("state"))

    def remember(self) -> None:
        """Keep the simulator's log of calls, which has room for 500."""
        for call in self.simulator.state()["calls"]:
            self._seen[call["log_id"]] = call

    def arrivals(self) -> dict[str, list[str]]:
        """The numbers that reached Feishu in the order of their arrival, by interface and target."""
        self.remember()
        arrived: dict[str, list[str]] = defaultdict(list)
        for call in self._seen.values():
            body = call["request_body"]
            if not body:  # a fault struck before the body was read
                continue
            match call["path"]:
                case path if path == PACKAGES_PATH and call["method"] == "POST":
                    arrived[body["account_id"]] += [package["id"] for package in body["package_list"]]
                case path if path == PROGRESS_PATH:
                    arrived[body["background_check_id"]].append(body["stage_id"])
                case path if path == FORM_PATH:
                    arrived[f"form {body['scope']}"].append(body["custom_field_list"][0]["key"])
        return arrived

    def check_promises(self) -> None:
        """Each call ended once or waits visibly; nothing left out of order; nothing unsafe was sent twice."""
        assert {state for (state,) in self.rows("state")} <= ENDED
        reasons = self.rows("reason", "WHERE state = 'waiting'")
        assert all(reason for (reason,) in reasons)
        arrived = self.arrivals()
        for numbers in arrived.values():
            order = [int(number[1:]) for number in numbers]
            assert order == sorted(order), numbers
        self._check_by_hand(arrived)
        self._check_done(arrived)
        self.hireops.manage("check_invariants")

    def _check_by_hand(self, arrived: dict[str, list[str]]) -> None:
        sent = self._sql(
            "SELECT a.call_id FROM outbox_attempt a JOIN outbox_call c ON c.id = a.call_id "
            f"WHERE c.operation IN {BY_HAND} AND a.outcome NOT IN ('not_sent', 'refused')"
        )
        assert len(sent) == len(set(sent)), f"sent again although nobody knows what became of it: {sent}"
        for (target,) in self.rows("DISTINCT target", f"WHERE operation IN {BY_HAND}"):
            numbers = arrived.get(target, [])
            assert len(numbers) == len(set(numbers)), f"{target} got something unsafe twice: {numbers}"

    def _check_done(self, arrived: dict[str, list[str]]) -> None:
        """What hireops calls done is there; what it calls refused or never sent is not."""
        state = self.simulator.state()
        there = {each["stage_id"] for order in state["orders"].values() for each in order["stages"]}
        there |= {package for each in state["published"].values() for package in each["packages"]}
        for payload, call_state in self.rows("payload, state", OF_DRILLS):
            body = payload if isinstance(payload, dict) else json.loads(payload)
            number = body.get("stage_id") or body["package_list"][0]["id"]
            if call_state == "succeeded":
                assert number in there, f"{number} is called done, but Feishu has not got it"
            if call_state == "refused":
                assert number not in there, f"{number} is called refused, but Feishu has got it"
