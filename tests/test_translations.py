"""Chinese for every string that staff can see, and compiled as it stands in the .po file."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest

from tests.environment import pinned

ROOT = Path(__file__).resolve().parent.parent
MESSAGES = Path("locale", "zh_Hans", "LC_MESSAGES", "django.po")
SOURCES = ("bindings", "hireops", "referrals", "locale", "templates", "manage.py")

Key = tuple[str | None, str]


@pytest.fixture
def catalogue() -> polib.POFile:
    return polib.pofile(str(ROOT / MESSAGES))


def keys(entries: list[polib.POEntry]) -> set[Key]:
    return {(entry.msgctxt, entry.msgid) for entry in entries}


def test_every_message_is_translated(catalogue: polib.POFile) -> None:
    assert len(catalogue) > 0
    assert keys(catalogue.untranslated_entries()) == set()


def test_no_translation_is_a_guess(catalogue: polib.POFile) -> None:
    assert keys(catalogue.fuzzy_entries()) == set()


def test_the_compiled_messages_are_those_of_the_source(catalogue: polib.POFile) -> None:
    compiled = polib.mofile(str(ROOT / MESSAGES.with_suffix(".mo")))

    def meaning(entries: list[polib.POEntry]) -> dict[Key, object]:
        return {(entry.msgctxt, entry.msgid): entry.msgstr_plural or entry.msgstr for entry in entries}

    assert meaning(list(compiled)) == meaning(catalogue.translated_entries())


@pytest.mark.skipif(not shutil.which("xgettext"), reason="gettext is not installed")
def test_every_string_in_the_source_is_in_the_catalogue(catalogue: polib.POFile, tmp_path: Path) -> None:
    for source in SOURCES:
        _copy(ROOT / source, tmp_path / source)

    command = [sys.executable, "manage.py", "makemessages", "--locale", "zh_Hans", "--no-obsolete"]
    environment = os.environ | pinned(tmp_path / "var") | {"DJANGO_SETTINGS_MODULE": "hireops.settings"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert keys(list(polib.pofile(str(tmp_path / MESSAGES)))) - keys(list(catalogue)) == set()


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    elif source.exists():
        shutil.copy(source, target)
