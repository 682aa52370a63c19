"""Where benchmarks of calls run: a migrated database of each kind that is at hand, and a simulator."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.databases import new_database
from tests.environment import pinned
from tests.processes import Hireops
from tests.simulator_process import Simulator, running_simulator

POSTGRESQL = os.environ.get("DATABASE_URL", "")


@dataclass
class Ground:
    """One kind of database; ``run`` starts a module of benchmarks on it and returns the JSON it prints."""

    kind: str
    hireops: Hireops
    simulator: Simulator

    def run(self, module: str, *arguments: str) -> Any:
        environment = {**self.simulator.environment, "FEISHU_BASE_URL": self.simulator.url}
        report = self.hireops.folder / "report.json"
        command = [sys.executable, "-m", module, *arguments]
        process = self.hireops.start(*command, REPORT=str(report), **environment)
        if process.wait():
            raise RuntimeError(self.hireops.output.read_text()[-3000:])
        return json.loads(report.read_text())


def kinds() -> list[str]:
    return ["SQLite", *(["PostgreSQL"] if POSTGRESQL.startswith("postgres") else [])]


@contextmanager
def ground(kind: str, **simulated: str) -> Iterator[Ground]:
    """On SQLite, or on the PostgreSQL server that DATABASE_URL names."""
    with (
        tempfile.TemporaryDirectory(prefix="hireops-bench-") as name,
        running_simulator(**simulated) as simulator,
    ):
        folder = Path(name)
        os.environ.update(pinned(folder))
        if kind == "PostgreSQL":
            os.environ["DATABASE_URL"] = POSTGRESQL
        with new_database(folder) as database:
            hireops = Hireops(database, folder)
            hireops.manage("migrate", "--verbosity", "0")
            try:
                yield Ground(kind, hireops, simulator)
            finally:
                hireops.kill_all()


def report(result: Any) -> None:
    """What a started module has measured, for ``Ground.run``."""
    Path(os.environ["REPORT"]).write_text(json.dumps(result))
