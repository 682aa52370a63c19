"""How long do 10,000 customers from a file take a worker? ``python -m tests.benchmarks.customers``

A person uploads the file, waits until it is checked, confirms, and waits until all are there: over HTTP, with
a real web server and a real worker. Then the same file once more, changed in each row, as an update; and at
last all of them as a file. The worker's memory is the most that it ever had, beside what it had before. On
SQLite, and on the PostgreSQL that DATABASE_URL names.
"""

import io
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from tests.benchmarks.ground import Ground, ground, kinds
from tests.pages import Browser
from tests.processes import Hireops

CUSTOMERS = 10_000
AT_MOST_S, AT_MOST_MB = 120.0, 100.0
HEADER = ["客户编码", "客户名称", "等级", "负责人", "联系人", "手机号", "邮箱", "备注"]
LINE = "{:<12}{:<34}{:>10}{:>14}"
ADD = "/admin/bindings/customerimport/add/"
PASSWORD = "a long one for the bench"
NEW_PERSON = f"""
import django
django.setup()
from django.contrib.auth.models import Group, User
person = User.objects.create_user("bench", password={PASSWORD!r}, is_staff=True)
person.groups.set(Group.objects.filter(name__contains="Vendor operator"))
"""


def main() -> int:
    print(LINE.format("database", f"{CUSTOMERS:,} customers", "seconds", "worker's MB"))  # noqa: T201 - the output of a script
    passed = [_measure(kind) for kind in kinds()]
    print("ok" if all(passed) else "FAILED")  # noqa: T201
    return int(not all(passed))


def _measure(kind: str) -> bool:
    with ground(kind) as place:
        place.hireops.python("-c", NEW_PERSON)
        browser = Browser(place.hireops.web())
        worker = place.hireops.worker()
        browser.submit("/admin/", "login", login="bench", password=PASSWORD)
        import_ = _Import(place, browser, worker.pid)
        passed = [
            import_.step("checked", lambda: import_.upload("第一版", update=False)),
            import_.step("added", import_.confirm),
            import_.step("checked as an update", lambda: import_.upload("第二版", update=True)),
            import_.step("changed", import_.confirm),
            import_.step("as an XLSX file", import_.export),
        ]
    return all(passed)


class _Import:
    def __init__(self, place: Ground, browser: Browser, worker: int) -> None:
        self.kind, self.hireops, self.browser, self.worker = place.kind, place.hireops, browser, worker
        self.memory = _memory(worker)
        self.page = ""

    def step(self, name: str, do: Callable[[], None]) -> bool:
        started = time.monotonic()
        do()
        seconds = time.monotonic() - started
        grown = _memory(self.worker) - self.memory
        print(LINE.format(self.kind, name, f"{seconds:.1f}", f"+{grown:.0f}"), flush=True)  # noqa: T201
        return seconds <= AT_MOST_S and grown <= AT_MOST_MB

    def upload(self, version: str, *, update: bool) -> None:
        answer = self._post(
            ADD,
            {"update_existing": "on"} if update else {},
            files={"file": ("customers.xlsx", io.BytesIO(_file(version)))},
        )
        self.page = answer.url
        self._wait("checked")

    def confirm(self) -> None:
        self.browser.press(self.page, "/actions/confirm/")
        self._wait("done")
        assert _rows(self.hireops, "SELECT COUNT(*) FROM bindings_customer") == [(CUSTOMERS,)]

    def export(self) -> None:
        list_ = "/admin/bindings/customer/"
        answer = self._post(f"{list_}export.xlsx", {}, page=list_)
        assert answer.content.startswith(b"PK")

    def _wait(self, state: str) -> None:
        number = re.search(r"/(\d+)/change/", self.page)
        assert number, self.page
        wanted = f"SELECT state FROM bindings_customerimport WHERE id = {number[1]}"
        until = time.monotonic() + 10 * AT_MOST_S
        while _rows(self.hireops, wanted) != [(state,)]:
            assert time.monotonic() < until, self.hireops.output.read_text()[-3000:]
            time.sleep(0.2)

    def _post(self, path: str, data: dict[str, str], *, page: str = "", **more: Any) -> Any:
        """A form that is sent with a file, or to where a button says."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.browser.get(page or path))
        assert token
        url = urljoin(self.browser.site, path)
        fields = {"csrfmiddlewaretoken": token[1], **data}
        answer = self.browser.http.post(url, data=fields, headers={"Referer": url}, timeout=60, **more)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:500])
        return answer


def _file(version: str) -> bytes:
    from hireops.spreadsheets.writing import write_xlsx  # noqa: PLC0415 - after the environment is pinned

    rows = (
        [
            f"C{n:05}",
            f"客户{n}{version}",
            f"等级{n % 5}",
            "bench",
            f"联系人{n}",
            f"139{n:08}",
            f"c{n}@open.com",
            "",
        ]
        for n in range(CUSTOMERS)
    )
    with write_xlsx({"S": [HEADER, *rows]}) as file:
        return file.read()


def _rows(hireops: Hireops, statement: str) -> list[tuple[Any, ...]]:
    return hireops.database.rows(statement)


def _memory(pid: int) -> float:
    """The most that the process has had, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


if __name__ == "__main__":
    sys.exit(main())
