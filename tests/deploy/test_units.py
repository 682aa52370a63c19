"""The units as systemd reads them, where systemd-analyze is installed; no systemd has to be running."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.environment import ROOT

ANALYZE = shutil.which("systemd-analyze")
UNITS = ROOT / "deploy" / "systemd"
SERVICES = ("beat", "listen", "migrate", "web", "worker")
# 0 is nothing to attack, 10 everything; 1.5 is what they have (systemd 252).
MOST_EXPOSED = 2.0
PROGRAM = re.compile(r"^ExecStart=/opt/hireops/current/\S+", re.MULTILINE)

with_systemd = pytest.mark.skipif(
    not ANALYZE, reason="systemd-analyze is not installed here, so the units were not looked at"
)


def analyze(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(ANALYZE), "--no-pager", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The folder as it is copied, but for the programs, which are not installed here."""
    shutil.copytree(UNITS, tmp_path / "units")
    for service in (tmp_path / "units").glob("*.service"):
        text, found = PROGRAM.subn("ExecStart=/bin/true", service.read_text())
        assert found == 1, service
        service.write_text(text)
    return tmp_path / "units"


@with_systemd
def test_systemd_finds_nothing_wrong_with_the_units(units: Path):
    for unit in (*(f"hireops-{name}.service" for name in SERVICES), "hireops.target"):
        found = analyze("verify", units / unit, folder=units)
        assert (found.returncode, found.stdout, found.stderr) == (0, "", ""), unit


@with_systemd
@pytest.mark.parametrize("name", SERVICES)
def test_no_service_is_more_exposed_than_it_was(units: Path, name: str):
    threshold = f"--threshold={MOST_EXPOSED * 10:.0f}"
    service = units / f"hireops-{name}.service"
    found = analyze("security", "--offline=yes", threshold, service, folder=units)
    assert found.returncode == 0, found.stdout[-2000:] + found.stderr


def test_a_worker_that_is_stopped_has_longer_than_what_it_has_in_hand():
    unit = (UNITS / "hireops-worker.service").read_text()
    allowed = re.search(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)
    assert allowed
    assert int(allowed[1]) > 30  # hireops/outbox/timing.py


def test_the_programs_are_started_as_supervisor_starts_them():
    supervised = (ROOT / "supervisord.conf").read_text()
    for name, program in (("web", "gunicorn"), ("worker", "celery"), ("beat", "celery")):
        unit = (UNITS / f"hireops-{name}.service").read_text()
        [here] = re.findall(rf"^ExecStart=\S+/{program} (.*)$", unit, re.MULTILINE)
        section = supervised.split(f"[program:{name}]")[1]
        [there] = re.findall(rf'^command="\S+/{program}" (.*)$', section.split("[program:")[0], re.MULTILINE)
        there = re.sub(r"%\(ENV_(\w+)\)s", r"${\1}", there).replace('"', "")
        assert here == there


def test_threads_share_what_glibc_keeps_wherever_hireops_runs():
    unit = (UNITS / "hireops-.service.d" / "common.conf").read_text()
    image = (ROOT / "deploy" / "container" / "Dockerfile").read_text()
    supervised = (ROOT / "supervisord.conf").read_text().split("[program:")[0]
    assert re.search(r"^Environment=(.* )?MALLOC_ARENA_MAX=1$", unit, re.MULTILINE)
    assert re.search(r"^(ENV| ) .*MALLOC_ARENA_MAX=1 ", image, re.MULTILINE)
    assert re.search(r'^environment=MALLOC_ARENA_MAX="1"$', supervised, re.MULTILINE)
