"""The demo is for playing, so it never starts beside something real.

It is what hireops becomes without ``FEISHU_APP_ID`` and ``FEISHU_APP_SECRET``. If they were forgotten, what a
company owes Feishu would go to the simulator, and count as done. ``DEMO=true`` says that the demo is meant;
in a database that has rows of another app it does not work even then.
"""

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models import Model

from hireops.environment import csv, text

SECRETS = ("FEISHU_VERIFICATION_TOKEN", "FEISHU_ENCRYPT_KEY")
NEEDED = ("FEISHU_APP_ID", "FEISHU_APP_SECRET", *SECRETS, "SECRET_KEY")
LOOKED_AT = 1_000


def refuse_beside_something_real(*, own_database: str) -> None:
    """Raises ``ImproperlyConfigured`` if the environment names what a demo has no use for."""
    signs = [f"{name} is set" for name in ("FEISHU_BASE_URL", *SECRETS) if text(name)]
    if text("DATABASE_URL") not in {"", own_database}:
        signs.append("DATABASE_URL names another database than the demo's own")
    if any(origin.startswith("https://") for origin in csv("CSRF_TRUSTED_ORIGINS")):
        signs.append("CSRF_TRUSTED_ORIGINS has an https address")
    if signs:
        real = "; ".join(signs)
        raise ImproperlyConfigured(
            f"{_would_be_the_demo()}, but {real}. Set what is missing, or DEMO=true if it is meant."
        )


def refuse_rows_of_another_app() -> None:
    """Raises ``ImproperlyConfigured`` if this is the demo and its database has worked for an app of Feishu.

    A database that is away is asked when there is a connection.
    """
    try:
        connection.ensure_connection()
    except DatabaseError:
        return


def watch_connections() -> None:
    """No process of the demo gets a connection to a database that is not the demo's."""
    if settings.DEMO:
        connection_created.connect(_look_once, dispatch_uid="hireops.demo")


# --- Rows --------------------------------------------------------------------------------------------------

_looked = False


def _look_once(connection: BaseDatabaseWrapper, **_signal: object) -> None:
    global _looked  # noqa: PLW0603 - that this process's database is the demo's is a fact about the process
    if _looked:
        return
    if others := _other_apps():
        connection.close()  # or the next one to ask would find it open
        raise ImproperlyConfigured(
            f"{_would_be_the_demo()}, but the database has rows of the app {', '.join(sorted(others))}. "
            "Set what is missing, or name another DATABASE_URL."
        )
    _looked = True


def _other_apps() -> set[str]:
    """The apps for which the oldest or the newest rows were written, but for the demo's own."""
    models = [model for model in apps.get_models() if hasattr(model, "app_id")]
    ids = {app_id for model in models for order in ("pk", "-pk") for app_id in _app_ids(model, order)}
    return ids - {settings.FEISHU_APP_ID}


def _app_ids(model: type[Model], order: str) -> list[str]:
    rows = model._default_manager.order_by(order)  # noqa: SLF001 - documented, in spite of its name
    try:
        return list(rows.values_list("app_id", flat=True)[:LOOKED_AT])
    except DatabaseError:  # before the first migration
        return []


def _would_be_the_demo() -> str:
    missing = [name for name in NEEDED if not text(name)]
    return f"Not set: {', '.join(missing)}. Without an app of Feishu this would be the demo"
