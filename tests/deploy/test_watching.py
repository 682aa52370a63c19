"""What Prometheus and Grafana are given to watch: nothing that ``/metrics`` does not say."""

import json
import re
import shutil
import subprocess

import pytest

from hireops.desk import health
from hireops.desk.metrics import PREFIX
from tests.environment import ROOT

RULES = ROOT / "deploy" / "prometheus" / "hireops.rules.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "hireops.json"
PROMTOOL = shutil.which("promtool")
NAMED = re.compile(rf"\b{PREFIX}(\w+)(?:\{{([^}}]*)\}})?")
# Of all figures that there can be, those of which an empty database has none.
SAID_LATER = {
    "broken_promises": set[str](),
    "clock_ahead_of_feishu_seconds": set[str](),
    "event_last_of_type_seconds": {"event_type"},
    "last_check_seconds": set[str](),
    "process_last_seen_seconds": {"process", "host"},
}
EVERY_SAMPLE = {"job", "instance"}  # Prometheus's own


@pytest.fixture
def figures(db: None) -> dict[str, set[str]]:
    """By name of the metric its labels."""
    said = {name: set(labels) for name, labels in SAID_LATER.items()}
    for section in health.sections():
        for figure in section.figures:
            said.setdefault(figure.metric.name, set()).update(figure.labels)
    return said


def expressions() -> list[str]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [
        *re.findall(r"^ +expr: (.+)$", RULES.read_text(), re.MULTILINE),
        *(target["expr"] for panel in panels for target in panel["targets"]),
    ]


def test_every_figure_that_is_watched_is_said_with_its_labels(figures: dict[str, set[str]]) -> None:
    asked = [found for each in expressions() for found in NAMED.finditer(each)]
    assert len(asked) > 20
    for found in asked:
        assert found[1] in figures, found[0]
        labels = set(re.findall(r"(\w+)=", found[2] or ""))
        assert labels <= figures[found[1]] | EVERY_SAMPLE, found[0]


def test_every_figure_stands_on_the_dashboard_but_these(figures: dict[str, set[str]]) -> None:
    shown = {found[1] for each in expressions() for found in NAMED.finditer(each)}
    assert {name for name in figures if name not in shown} <= {
        "events_kept",
        "events_late",
        "feishu_messages_allowed",
        "feishu_messages_out_of_range",
        "hours_without_event",
        "jobs_failing",
        "report_storage_reached_seconds",
    }


def test_what_a_legend_names_is_a_label(figures: dict[str, set[str]]) -> None:
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            (metric,) = [each[1] for each in NAMED.finditer(target["expr"])] or [""]
            for label in re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", "")):
                assert label in figures[metric], target


@pytest.mark.skipif(not PROMTOOL, reason="promtool is not installed here, so the rules were not looked at")
def test_prometheus_reads_the_rules() -> None:
    command = [str(PROMTOOL), "check", "rules", str(RULES)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert checked.returncode == 0, checked.stdout + checked.stderr
