"""How near to Feishu's limits do two workers come without crossing them? ``python -m tests.benchmarks.quota``

First 2,000 calls of an interface with 50/s and 1000/min, then 250 calls for each of 20 tenants of one with
100/min, each by two processes of four threads through ``client.call`` against the simulator, which counts
both windows sliding. No call may meet a 429, and the pace must reach 97 % of what is allowed. On SQLite,
and on PostgreSQL where DATABASE_URL names a server: four minutes each, two with ``--short`` (1,100 calls and
110 for each tenant).
"""

import multiprocessing
import os
import sys
import threading
from itertools import chain
from operator import itemgetter
from statistics import fmean
from time import monotonic, sleep
from typing import Any

import django

from tests.benchmarks.ground import Ground, ground, kinds, report
from tests.simulator_process import FIELDS

PROCESSES, THREADS = 2, 4
AT_LEAST = 97.0
TENANTS = [f"tenant-{number:02}" for number in range(20)]
REFERRALS = "/open-apis/hire/v1/referral_account"
BODIES: dict[str, dict[str, Any]] = {
    "eco_account_custom_field.create": {
        "scope": 1,
        "custom_field_list": [{"key": "k", "name": {"zh_cn": "公司"}, "is_required": True}],
    },
    "referral_account.create": {"email": "hire@open.com"},
}
LINE = "{:<12}{:<32}{:>7}{:>6}{:>10}{:>10}{:>8}"


def main(calls: int, calls_each: int) -> int:
    print(LINE.format("database", "limits", "calls", "429s", "seconds", "ideal", "pace"))  # noqa: T201 - the output of a script
    done = [row for kind in kinds() for row in (_both_windows(kind, calls), _many_tenants(kind, calls_each))]
    ok = all(refused == 0 and pace >= AT_LEAST for refused, pace in done)
    print(f"no 429 and at least {AT_LEAST:.0f} %: {'ok' if ok else 'FAILED'}")  # noqa: T201
    return int(not ok)


def _both_windows(kind: str, calls: int) -> tuple[int, float]:
    with ground(kind) as place:
        times = place.run(__spec__.name, "work", "eco_account_custom_field.create", str(calls))
        seconds = max(times[""]) - min(times[""])
        ideal = (calls - 1) // 1000 * 60 + (calls - 1) % 1000 // 50
        return _row(place, "50/s and 1000/min", FIELDS, calls=calls, seconds=seconds, ideal=ideal)


def _many_tenants(kind: str, calls_each: int) -> tuple[int, float]:
    store = {"FEISHU_APP_TYPE": "store", "SIMULATOR_TENANT_KEYS": ",".join(TENANTS)}
    with ground(kind, **store) as place:
        employees = [{"name": "李四", "email": "hire@open.com", "tenant_key": key} for key in TENANTS]
        place.simulator.add_employees(*employees)
        tokens = place.simulator.store_tokens(*TENANTS)
        given = [f"{key}={token}" for key, token in zip(TENANTS, tokens, strict=True)]
        times = place.run(__spec__.name, "work", "referral_account.create", str(calls_each), *given)
        rounds = [
            later - call for each in times.values() for call, later in zip(each, each[100:], strict=False)
        ]
        name = "100/min, 20 tenants: n to n+100"
        return _row(place, name, REFERRALS, calls=calls_each * len(TENANTS), seconds=fmean(rounds), ideal=60)


def _row(
    place: Ground, name: str, path: str, *, calls: int, seconds: float, ideal: float
) -> tuple[int, float]:
    traffic = place.simulator.state("traffic")["traffic"][f"POST {path}"].values()
    refused, pace = sum(meter["refused"] for meter in traffic), 100 * ideal / seconds
    print(LINE.format(place.kind, name, calls, refused, f"{seconds:.2f}", ideal, f"{pace:.1f} %"), flush=True)  # noqa: T201
    return refused, pace


# --- The workers -----------------------------------------------------------------------------------------

_inherited: list["Work"] = []  # in each worker the one that it works for


class Work:
    """The calls that are left for each tenant, shared by the processes, and when each was answered."""

    def __init__(self, endpoint: str, calls_each: int, tenants: list[str]) -> None:
        self.endpoint = endpoint
        self.tenants = tenants
        self.left: Any = multiprocessing.get_context("fork").Array("i", [calls_each] * len(tenants))

    def run(self) -> list[tuple[str, float]]:
        self.not_before = dict.fromkeys(range(len(self.tenants)), 0.0)
        self.answered: list[tuple[str, float]] = []
        threads = [threading.Thread(target=self._call_all) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self.answered

    def _call_all(self) -> None:
        while any(self.left):
            number = self._claim()
            if number is None:
                sleep(0.005)
            else:
                self._call(number)

    def _claim(self) -> int | None:
        """The tenant that has waited longest, of those that are not held back and have calls left."""
        with self.left.get_lock():
            now = monotonic()
            ready = [i for i, moment in self.not_before.items() if self.left[i] and moment <= now]
            if not ready:
                return None
            number = min(ready, key=lambda i: self.not_before[i])
            self.left[number] -= 1
            self.not_before[number] = now
            return number

    def _call(self, number: int) -> None:
        from hireops.feishu import client  # noqa: PLC0415 - only in the process that has settings
        from hireops.feishu.endpoints import ENDPOINTS  # noqa: PLC0415
        from hireops.feishu.errors import FeishuError  # noqa: PLC0415

        tenant_key = self.tenants[number]
        try:
            client.call(ENDPOINTS[self.endpoint], tenant_key=tenant_key, body=BODIES[self.endpoint])
            self.answered.append((tenant_key, monotonic()))
        except FeishuError as error:  # held back by our quota, or refused by Feishu's
            with self.left.get_lock():
                self.left[number] += 1
                self.not_before[number] = monotonic() + (error.retry_after_s or 0)


def _work(endpoint: str, calls_each: int, tokens: dict[str, str]) -> None:
    _keep(tokens)
    work = Work(endpoint, calls_each, list(tokens) or [""])
    with multiprocessing.get_context("fork").Pool(PROCESSES, _inherit, [work]) as pool:
        answered = chain.from_iterable(pool.map(_run, range(PROCESSES), chunksize=1))
    times: dict[str, list[float]] = {}
    for tenant_key, moment in sorted(answered, key=itemgetter(1)):
        times.setdefault(tenant_key, []).append(moment)
    report(times)


def _inherit(work: Work) -> None:
    _inherited.append(work)


def _run(_process: int) -> list[tuple[str, float]]:
    return _inherited[0].run()


def _keep(tokens: dict[str, str]) -> None:
    from django.conf import settings  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    from hireops.encryption import encrypt  # noqa: PLC0415
    from hireops.feishu.models import AccessToken  # noqa: PLC0415

    until: Any = "2999-01-01T00:00Z"
    for tenant_key, token in tokens.items():
        AccessToken.objects.create(
            app_id=settings.FEISHU_APP_ID,
            tenant_key=tenant_key,
            kind="tenant",
            sealed=encrypt(token),
            expires_at=until,
            renew_at=until,
        )
    connection.close()  # or the processes would share it


if __name__ == "__main__":
    if sys.argv[1:2] == ["work"]:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hireops.settings")
        django.setup()
        _work(sys.argv[2], int(sys.argv[3]), dict(pair.split("=") for pair in sys.argv[4:]))
    else:
        sys.exit(main(*((1100, 110) if "--short" in sys.argv else (2000, 250))))
