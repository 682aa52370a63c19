"""Processes that need not import the libraries: forked from one that has, by multiprocessing's server.

``Forked([sys.executable, "manage.py", "migrate"], environment=…, output=…)`` is a process as that command
would be, with an environment, a session and an output of its own, and has the methods of ``Popen`` that tests
need. What is our own it imports itself; nothing of Django is set up in the server.
"""

import contextlib
import multiprocessing
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.environment import ROOT

LIBRARIES = [
    *("asyncio", "cryptography.hazmat.primitives.ciphers", "csp.middleware", "environ", "openpyxl"),
    *("celery.apps.beat", "celery.apps.worker", "celery.bin.beat", "celery.bin.celery", "celery.bin.worker"),
    *("celery.concurrency.thread", "celery.worker.consumer"),
    *("django.contrib.admin.helpers", "django.core.management", "django.core.serializers.json"),
    *("django.db.backends.postgresql.psycopg_any", "django.db.models", "django.forms"),
    *("django.template.response", "gunicorn.app.wsgiapp", "gunicorn.workers.gthread"),
    *("kombu.transport.pyamqp", "kombu.transport.redis", "kombu.transport.virtual"),
    *("phonenumbers", "psycopg", "psycopg_binary", "requests", "sqlparse", "whitenoise.middleware"),
]

server = multiprocessing.get_context("forkserver")
server.set_forkserver_preload(LIBRARIES)


class Forked:
    """``output`` is appended to; ``{listening}`` in the command becomes the number of that socket there."""

    def __init__(
        self,
        command: list[str],
        *,
        environment: dict[str, str],
        output: Path,
        stdin: bytes = b"",
        listening: socket.socket | None = None,
    ) -> None:
        self.args = command
        output.touch()
        arguments = (command, environment, output, stdin, listening)
        self._process = server.Process(target=_become, args=arguments)
        self._process.start()
        self.pid: int = self._process.ident or 0

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if (code := self._process.exitcode) is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it has just ended, and we are not told yet
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _become(
    command: list[str],
    environment: dict[str, str],
    output: Path,
    stdin: bytes,
    listening: socket.socket | None,
) -> None:
    """In the new process."""
    os.setsid()
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    _redirect(output, stdin)
    number = str(listening.fileno()) if listening else ""
    command = [part.replace("{listening}", number) for part in command]
    # From this a process starts itself again.
    sys.orig_argv = command if command[0] == sys.executable else [sys.executable, *command]
    _run(command)


def _redirect(output: Path, stdin: bytes) -> None:
    written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number in (sys.stdout.fileno(), sys.stderr.fileno()):
        os.dup2(written, number)
    os.close(written)
    with tempfile.TemporaryFile() as given:
        given.write(stdin)
        given.seek(0)
        os.dup2(given.fileno(), 0)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)


def _run(command: list[str]) -> None:
    match command:
        case [sys.executable, "-c", program, *rest]:
            sys.argv = ["-c", *rest]
            exec(compile(program, "-c", "exec"), {"__name__": "__main__"})
        case [sys.executable, "-m", module, *rest]:
            sys.argv = [module, *rest]
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        case [sys.executable, script, *rest] | [script, *rest]:
            sys.argv = [script, *rest]
            runpy.run_path(script, run_name="__main__")
