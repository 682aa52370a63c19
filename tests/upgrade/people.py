"""Staff at their browsers, and the tasks that beat would ring for: the doors that people and clocks use.

No name of the application is imported but its Celery app, so this works in a checkout of any commit.
"""

import os
import re
import subprocess
import sys
from html import unescape
from io import StringIO
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client

from hireops.celery import app

RUN_ALONE = (
    "import sys, django; django.setup(); from hireops.celery import app; "
    "app.loader.import_default_modules(); app.tasks[sys.argv[1]]()"
)


class Person:
    """One of the staff, signed in, with pages in English."""

    def __init__(self, username: str) -> None:
        self.browser = Client()
        self.browser.force_login(User.objects.get(username=username))
        self.browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"

    def page(self, path: str) -> str:
        answer = self.browser.get(f"/admin/{path}")
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.content.decode()

    def submit(self, path: str, /, **fields: Any) -> HttpResponse:
        """Sends a form. Whatever is not taken is shown again, so only a way onwards is success."""
        answer = self.browser.post(f"/admin/{path}", fields)
        assert answer.status_code == 302, (path, answer.status_code, errors_on(answer.content.decode()))
        return answer  # type: ignore[return-value]  # the test client's, which is more

    def see(self, path: str, /, **fields: Any) -> str:
        """Sends a form that is answered with another page."""
        answer = self.browser.post(f"/admin/{path}", fields)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.content.decode()

    def act(self, model: str, action: str, *pks: object, reason: str = "as agreed") -> None:
        """Presses the button ``action`` of these rows of ``app.model``, and confirms."""
        page = f"{model.replace('.', '/').lower()}/actions/{action}/"
        chosen = {"_selected_action": [str(pk) for pk in pks]}
        figures = hidden_field(self.see(page, **chosen), "figures")
        self.submit(page, back="/admin/", confirmed="yes", reason=reason, figures=figures, **chosen)
        said = self.page("")
        assert 'class="error"' not in said, (model, action, errors_on(said))


def errors_on(page: str) -> list[str]:
    """What the page complains of."""
    lists = re.findall(r'<ul class="errorlist[^>]*>(.*?)</ul>|<li class="error">(.*?)</li>', page, re.DOTALL)
    return [unescape(re.sub(r"<[^>]+>", " ", "".join(each))).strip() for each in lists]


def hidden_field(page: str, name: str) -> str:
    """The value of ``<input type="hidden" name=...>``."""
    (tag,) = re.findall(rf'<input[^>]*name="{name}"[^>]*>', page)
    (value,) = re.findall(r'value="([^"]*)"', tag)
    return unescape(value)


def rows(model: str, **conditions: Any) -> Any:
    """Of ``app.Model``, by primary key."""
    return apps.get_model(model)._default_manager.filter(**conditions).order_by("pk")


def run(*tasks: str) -> None:
    """As a worker would that hears of them."""
    app.loader.import_default_modules()
    for task in tasks:
        app.tasks[task]()


def die_in(task: str, at: str) -> None:
    """A worker of its own runs the task and is killed at that place."""
    environment = {**os.environ, "HIREOPS_DIE_AT": at}
    done = subprocess.run([sys.executable, "-c", RUN_ALONE, task], env=environment, check=False)
    assert done.returncode == -9, f"the worker was to die at {at}, and ended with {done.returncode}"


def work() -> None:
    """Workers look at everything until nothing more comes of it: an import is checked and sent bit by bit."""
    from tests.long_work import let_rests_pass  # noqa: PLC0415 - there was no such work in early commits

    for _ in range(4):
        let_rests_pass()
        run(*settings.SWEEPS.values())


def proves(command: str) -> None:
    """The command finds nothing, or the test says what it found."""
    said = StringIO()
    try:
        call_command(command, stdout=said)
    except SystemExit:
        raise AssertionError(said.getvalue()) from None
