"""One version, wherever it is said."""

import subprocess
import sys
import tomllib
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from hireops import VERSION


def test_the_version_is_the_same_wherever_it_is_said() -> None:
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())
    said = subprocess.run(
        [sys.executable, "manage.py", "--version"], cwd=settings.BASE_DIR, capture_output=True, check=True
    )

    assert project["project"]["version"] == VERSION
    assert said.stdout.decode() == f"hireops {VERSION}\n"


def test_every_page_says_it_at_its_foot(eve: User, client_of: Callable[[User], Client]) -> None:
    assert f"hireops {VERSION}" in client_of(eve).get("/admin/").content.decode()
