"""``manage.py run``: everything hireops needs, on this machine, under one process manager."""

import os
import secrets
import socket
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import QuerySet

FIRST_LOGIN = "admin"


def _superusers() -> QuerySet[User]:
    return User.objects.filter(is_superuser=True, is_active=True)


class Command(BaseCommand):
    help = (
        "Migrate, then start web, worker, beat, the listener (if events come over a long connection) and "
        "(in the demo) the Feishu simulator. Ctrl-C ends them."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self._make_sure_ports_are_free()
        try:
            self._migrate()
        except OperationalError as error:
            first_line = str(error).strip().splitlines()[0]
            raise CommandError(f"DATABASE_URL: the database does not answer ({first_line}).") from error
        except KeyboardInterrupt as stopped:
            raise CommandError("Stopped before the database was ready. The next start goes on.") from stopped
        password = self._password_of_the_demo() if settings.DEMO else ""
        if not settings.DEMO:
            self._make_sure_somebody_can_sign_in()
        self._welcome(password=password)
        supervisord = Path(sys.executable).with_name("supervisord")
        sys.stdout.flush()
        os.chdir(settings.BASE_DIR)
        os.execve(  # noqa: S606 - our own supervisord, without a shell on purpose
            supervisord,
            [str(supervisord), "--configuration", str(settings.BASE_DIR / "supervisord.conf")],
            {**os.environ, **self._environment()},
        )

    def _migrate(self) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("\n  Preparing the database. The first time this takes up to a minute ...")
            self.stdout.flush()
        # Nothing of ours runs yet that could have to wait.
        call_command("migrate", interactive=False, verbosity=0, despite_locks=True)

    def _make_sure_ports_are_free(self) -> None:
        wanted = {"WEB_PORT": (settings.WEB_HOST, settings.WEB_PORT)}
        if settings.DEMO:
            wanted["SIMULATOR_PORT"] = ("127.0.0.1", settings.SIMULATOR_PORT)
        for name, address in wanted.items():
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(address)
                except OSError as error:
                    raise CommandError(
                        f"{name}: cannot listen on {address[0]}:{address[1]} ({error.strerror}). "
                        f"End the program that uses it, or set {name} in .env."
                    ) from error

    def _password_of_the_demo(self) -> str:
        """Of the login made at the first start; kept, to be printed every time."""
        kept = settings.VAR_DIR / "demo-password"
        if _superusers().exists():
            return kept.read_text() if kept.exists() else ""
        password = secrets.token_urlsafe(9)
        User.objects.create_superuser(FIRST_LOGIN, password=password)
        kept.touch(mode=0o600)
        kept.write_text(password)
        return password

    def _make_sure_somebody_can_sign_in(self) -> None:
        """The first superuser chooses the password: no output of ours, which may be a log, ever has one."""
        if _superusers().exists():
            return
        if sys.stdin.isatty():
            self.stdout.write("\n  Nobody can sign in yet. Who is the first superuser?\n")
            call_command("createsuperuser")
        else:
            python = os.path.relpath(sys.executable)
            self.stdout.write(
                f"\n  Nobody can sign in yet. On a terminal: {python} manage.py createsuperuser"
            )

    def _welcome(self, *, password: str) -> None:
        say = self.stdout.write
        web = f"http://{settings.WEB_HOST}:{settings.WEB_PORT}"
        say("")
        say(f"  hireops            {web}/admin/")
        if password:
            say(f"  login              {FIRST_LOGIN} / {password}")
        if settings.DEMO:
            say(f"  Feishu simulator   http://127.0.0.1:{settings.SIMULATOR_PORT}/")
        else:
            say(f"  Feishu             {settings.FEISHU_BASE_URL}, app {settings.FEISHU_APP_ID}")
            if settings.FEISHU_EVENTS == "webhook":
                say(f"  request URL        {web}/webhook/event (as Feishu reaches it from outside)")
        if settings.FEISHU_EVENTS == "long_connection":
            say("  events             over a long connection that hireops opens")
        say("  Ctrl-C ends everything.")
        say("")

    def _environment(self) -> dict[str, str]:
        """What supervisord.conf reads as ``%(ENV_...)s``."""
        return {
            "BIN": str(Path(sys.executable).parent),
            "RUN_AS": str(os.getuid()),
            "VAR_DIR": str(settings.VAR_DIR),
            "WEB_HOST": settings.WEB_HOST,
            "WEB_PORT": str(settings.WEB_PORT),
            "SIMULATOR_PORT": str(settings.SIMULATOR_PORT),
            "EVENTS": settings.FEISHU_EVENTS,
            "WITH_LISTENER": "true" if settings.FEISHU_EVENTS == "long_connection" else "false",
            "WITH_SIMULATOR": "true" if settings.DEMO else "false",
            "SIMULATED_APP_ID": settings.FEISHU_APP_ID if settings.DEMO else "",
            "SIMULATED_APP_SECRET": settings.FEISHU_APP_SECRET if settings.DEMO else "",
            "SIMULATED_ENCRYPT_KEY": settings.FEISHU_ENCRYPT_KEY if settings.DEMO else "",
            "SIMULATED_VERIFICATION_TOKEN": settings.FEISHU_VERIFICATION_TOKEN if settings.DEMO else "",
        }
