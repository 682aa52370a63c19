"""``manage.py doctor``: whether this installation stands as it should, and what to do where it does not."""

import json
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import translation

from hireops import VERSION
from hireops.desk.display import labelled
from hireops.desk.heartbeats import this_host
from hireops.doctor.findings import Finding, Level, examine, in_words, worst

MARKS = {Level.OK: "ok", Level.NOTICE: "note", Level.WARNING: "WARN", Level.ERROR: "FAIL"}
EXIT_STATUS = {Level.OK: 0, Level.NOTICE: 0, Level.WARNING: 1, Level.ERROR: 2}


class Command(BaseCommand):
    help = (
        "Asks Feishu, the database, the broker and this machine whether all is as it should be. "
        "Exit status: 0 well, 1 warnings, 2 something does not work."
    )
    # It says itself what is wrong with the database, in words.
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON document for machines")
        parser.add_argument("--language", choices=[code for code, _name in settings.LANGUAGES])

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override(options["language"] or settings.LANGUAGE_CODE):
            findings = [in_words(each) for each in examine()]
            level = worst(findings)
            self.stdout.write(_as_json(findings) if options["json"] else _as_lines(findings))
        sys.exit(EXIT_STATUS[level])


def _as_json(findings: list[Finding]) -> str:
    return json.dumps(
        {
            "version": VERSION,
            "host": this_host(),
            "worst": worst(findings).name.lower(),
            "findings": [
                {
                    "id": each.id,
                    "level": each.level.name.lower(),
                    "title": each.title,
                    "answer": each.answer,
                    "todo": each.todo,
                }
                for each in findings
            ],
        },
        ensure_ascii=False,
        indent=2,
    )


def _as_lines(findings: list[Finding]) -> str:
    lines: list[str] = []
    for each in findings:
        lines.append(f"{MARKS[each.level]:4}  {labelled(each.title, each.answer)}")
        if each.todo:
            lines.append(f"      -> {each.todo}")
    return "\n".join(lines)
