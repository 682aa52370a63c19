"""Outside the demo the first superuser chooses the password, and no output has one."""

import os
import subprocess
import sys
from io import StringIO

import pytest
from django.contrib.auth.models import User

from hireops.management.commands.run import Command
from tests.template import ROOT

pytestmark = pytest.mark.django_db


def said_at_the_start() -> str:
    output = StringIO()
    Command(stdout=output)._make_sure_somebody_can_sign_in()
    return output.getvalue()


def test_without_a_terminal_the_one_command_is_said_and_nobody_is_made() -> None:
    said = said_at_the_start()

    assert "manage.py createsuperuser" in said
    assert "password" not in said.lower()
    assert not User.objects.exists()


def test_where_there_is_one_nothing_is_said() -> None:
    User.objects.create_superuser("root", password="chosen by root")

    assert said_at_the_start() == ""


def test_one_who_was_switched_off_lets_nobody_in() -> None:
    User.objects.create_superuser("root", is_active=False)

    assert "manage.py createsuperuser" in said_at_the_start()


def test_the_command_that_is_said_is_there() -> None:
    command = [os.path.relpath(sys.executable, ROOT), "manage.py", "createsuperuser", "--help"]

    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout

    assert "Used to create a superuser" in told
