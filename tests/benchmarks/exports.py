"""What does an export of a long list cost? ``python -m tests.benchmarks.exports [rows]``

Exports the list of 100,000 referral accounts as CSV and as XLSX, as the worker does, and downloads the file
as a browser would: seconds, CPU seconds, and by how much the process has grown beyond what it takes for a
tenth of the rows. With DATABASE_URL naming a PostgreSQL server also there. A growth of more than 64 MB ends
with status 1.
"""

import resource
import sys
from time import perf_counter, process_time
from typing import Any

import django

from tests.benchmarks.ground import ground, kinds, report

ROWS = 100_000
MOST_GROWTH_MB = 64


def main(rows: int = ROWS) -> int:
    worst = 0.0
    print("database    format    rows       s   CPU s  download s    file MB  growth MB")  # noqa: T201 - the output of a script
    for kind in kinds():
        for file_format in ("csv", "xlsx"):
            with ground(kind) as place:
                run = place.run("tests.benchmarks.exports", "measure", file_format, str(rows))
            worst = max(worst, run[-1])
            took, cpu, download, size, growth = run
            print(  # noqa: T201
                f"{kind:<12}{file_format:<6}{rows:>8}{took:>8.1f}{cpu:>8.1f}{download:>12.1f}"
                f"{size:>11.1f}{growth:>11.1f}"
            )
    print(f"at most {MOST_GROWTH_MB} MB allowed: {'ok' if worst <= MOST_GROWTH_MB else 'FAILED'}")  # noqa: T201
    return int(worst > MOST_GROWTH_MB)


def measure(file_format: str, rows: int) -> None:
    browser = _browser()
    _fill(rows // 10)
    _export(browser, file_format)
    before = _megabytes()
    _fill(rows - rows // 10)
    began, cpu = perf_counter(), process_time()
    export = _export(browser, file_format)
    took, cpu = perf_counter() - began, process_time() - cpu
    began = perf_counter()
    size = _download(browser, export)
    report([took, cpu, perf_counter() - began, size / 1e6, _megabytes() - before])


def _browser() -> Any:
    from django.contrib.auth.models import Group, User  # noqa: PLC0415 - only in the process that has settings
    from django.test import Client  # noqa: PLC0415

    from hireops.desk.roles import ROLES  # noqa: PLC0415

    hira = User.objects.create_user("hira", is_staff=True)
    hira.groups.add(Group.objects.get(name=ROLES["hr_officer"]))
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(hira)
    return browser


def _fill(rows: int) -> None:
    from hireops.feishu.models import Tenant  # noqa: PLC0415
    from referrals.models import ReferralAccount  # noqa: PLC0415
    from tests.benchmarks.filling import multiply  # noqa: PLC0415

    tenant, there = Tenant.objects.own(), ReferralAccount.objects.count()
    example = ReferralAccount.objects.create(
        tenant=tenant,
        account_id=f"6942778198054{there:06}",
        source=ReferralAccount.Source.REGISTERED,
        name="张三丰",
        mobile=f"+8613800{there:06}",
        email=f"worker{there}@example.com",
    )
    differ = {name: f"'{text}' || ({there + 1_000_000} + n)" for name, text in _texts().items()}
    multiply(example, rows - 1, **differ)


def _texts() -> dict[str, str]:
    return {"account_id": "694277819805", "mobile": "+861380", "email": "worker@"}


def _export(browser: Any, file_format: str) -> Any:
    from tests.exports.files import ask  # noqa: PLC0415
    from tests.long_work import work  # noqa: PLC0415

    export = ask(browser, file_format=file_format)
    work()
    export.refresh_from_db()
    return export


def _download(browser: Any, export: Any) -> int:
    from tests.exports.files import download  # noqa: PLC0415

    size = sum(map(len, download(browser, export).streaming_content))
    assert size == export.size
    return size


def _megabytes() -> float:
    """The most that the process has ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        django.setup()
        measure(sys.argv[2], int(sys.argv[3]))
    else:
        sys.exit(main(*map(int, sys.argv[1:2])))
