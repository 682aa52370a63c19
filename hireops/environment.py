"""Reading the environment. A mistake raises ``ImproperlyConfigured`` in one line that names the variable."""

import contextlib
import os
import secrets
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

import environ
from django.core.exceptions import ImproperlyConfigured

from hireops import private_files

MOST_SECONDS = 10 * 365 * 24 * 3600.0
STAFF_ROLES = {"administrator", "auditor", "hr_approver", "hr_officer", "vendor_operator"}
KEY_MIN_CHARS, KEY_MIN_DIFFERENT = 50, 5
WITHOUT_HOST = {"sqlite", "embedded", "locmemcache", "dbcache", "filecache"}


def text(name: str, default: str = "") -> str:
    # Not environ.Env.str(): it takes a value that begins with "$" for the name of another variable.
    return os.environ.get(name, "").strip() or default


def required(name: str) -> str:
    if not text(name):
        raise ImproperlyConfigured(f"{name} is missing.")
    return text(name)


def strong_key(name: str) -> str:
    """As strong as ``manage.py check --deploy`` asks for."""
    value = required(name)
    is_strong = len(value) >= KEY_MIN_CHARS and len(set(value)) >= KEY_MIN_DIFFERENT
    if not is_strong or value.startswith("django-insecure-"):
        raise ImproperlyConfigured(
            f"{name} can be guessed: it must be {KEY_MIN_CHARS} random characters or more. "
            f"Name the one until now in {name}_FALLBACKS, so that what is encrypted stays readable."
        )
    return value


def csv(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def boolean(name: str, *, default: bool) -> bool:
    value = text(name, "true" if default else "false").lower()
    if value not in {"true", "false", "1", "0", "yes", "no", "on", "off"}:
        raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")
    return value in {"true", "1", "yes", "on"}


def integer(name: str, default: int, *, most: int) -> int:
    value = text(name, str(default))
    if not value.isdecimal() or int(value) not in range(1, most + 1):
        raise ImproperlyConfigured(f"{name} must be a whole number from 1 to {most}, not {value!r}.")
    return int(value)


def seconds(name: str, default: str) -> list[float]:
    """Lengths of time, none below 0, separated by commas."""
    values = csv(name, default)
    try:
        lengths = [float(value) for value in values]
    except ValueError:
        lengths = [-1.0]
    if not all(0 <= length < MOST_SECONDS for length in lengths):
        raise ImproperlyConfigured(f"{name} must be seconds, such as {default}, not {','.join(values)!r}.")
    return lengths


def one_length(name: str, default: str) -> float:
    """One length of time in seconds, at least 1."""
    lengths = seconds(name, default)
    if len(lengths) != 1 or lengths[0] < 1:
        raise ImproperlyConfigured(f"{name} must be one number of seconds, at least 1.")
    return lengths[0]


def port(name: str, default: int) -> int:
    return integer(name, default, most=65535)


def one_of(name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = text(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
    return value


def url(name: str, default: str, schemes: tuple[str, ...]) -> str:
    value = text(name, default)
    parts = urlsplit(value)
    if "://" not in value or parts.scheme not in schemes:
        raise ImproperlyConfigured(f"{name} must be a URL that starts with {'://, '.join(schemes)}://.")
    try:
        _ = parts.port
    except ValueError:
        raise ImproperlyConfigured(f"{name} must have a number as its port.") from None
    elsewhere = "" if parts.scheme in {"http", "https"} else parts.path.strip("/")
    if parts.scheme not in WITHOUT_HOST and not (parts.hostname or elsewhere):
        raise ImproperlyConfigured(f"{name} must name a host.")
    return value


def is_this_machine(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def database_of(url: str) -> dict[str, Any]:
    """Django's settings of a database, whose host may be the folder of PostgreSQL's socket.

    As libpq writes it, ``postgres://user@%2Fvar%2Frun%2Fpostgresql/name`` or ``postgres://user@/name?host=…``,
    or as django-environ does, ``postgres://user@//var/run/postgresql/name``.
    """
    parts = urlsplit(url)
    user, at, address = parts.netloc.rpartition("@")
    folder, colon, port = address.partition(":")
    if not unquote(folder).startswith("/"):
        config: dict[str, Any] = environ.Env.db_url_config(url)
        host = config.get("OPTIONS", {}).pop("host", config.get("HOST", ""))
        return {**config, "HOST": host}
    config = environ.Env.db_url_config(parts._replace(netloc=f"{user}{at}localhost{colon}{port}").geturl())
    return {**config, "HOST": unquote(folder)}


def origins(name: str) -> list[str]:
    values = csv(name)
    for value in values:
        if urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).hostname:
            raise ImproperlyConfigured(f"{name} must list origins such as https://hireops.example.com.")
    return values


def host_names(name: str, default: str) -> list[str]:
    values = csv(name, default)
    for value in values:
        if "/" in value:
            raise ImproperlyConfigured(f"{name} must list host names such as hireops.example.com, no URLs.")
    return values


def roles(name: str, default: str) -> frozenset[str]:
    """Roles of staff, separated by commas; ``none`` for nobody."""
    wanted = frozenset(csv(name, default))
    if wanted == {"none"}:
        return frozenset()
    if unknown := wanted - STAFF_ROLES:
        known = ", ".join(sorted(STAFF_ROLES))
        raise ImproperlyConfigured(
            f"{name} must be none or some of {known}, not {', '.join(sorted(unknown))}."
        )
    return wanted


def time_zone(name: str, default: str) -> str:
    value = text(name, default)
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ImproperlyConfigured(f"{name} must be a time zone such as {default}, not {value!r}.") from None
    return value


def region(name: str, default: str) -> str:
    """A country by its two letters (ISO 3166)."""
    value = text(name, default)
    if not (len(value) == 2 and value.isascii() and value.isalpha()):  # noqa: PLR2004
        raise ImproperlyConfigured(
            f"{name} must be the two letters of a country such as {default}, not {value!r}."
        )
    return value.upper()


def private_folder(name: str, path: Path) -> Path:
    """``path``, made if it is not there; it and all that is in it is closed to everybody but its owner."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"{name}: {path} cannot be made ({error.strerror}).") from None
    private_files.refuse_shared(name, path)
    return path


def traces_are_possible(name: str) -> None:
    """Looked for by what only these requirements bring; importing it would be for those who trace."""
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.instrumentation.celery") is None:
        raise ImproperlyConfigured(
            f"{name} needs what requirements-otel.txt names: pip install -r requirements-otel.txt."
        )


def s3_storage(prefix: str) -> dict[str, Any]:
    """Django's settings of a bucket that only hireops reads, from ``PREFIX_BUCKET``, ``_ENDPOINT``, ...

    Checksums only where they are required: compatible stores refuse what newer clients add by themselves.
    """
    if find_spec("storages") is None or find_spec("boto3") is None:
        raise ImproperlyConfigured(
            f"{prefix}_BUCKET needs what requirements-s3.txt names: pip install -r requirements-s3.txt."
        )
    from botocore.config import Config  # noqa: PLC0415 - installed only where it is wanted

    options = {
        "bucket_name": required(f"{prefix}_BUCKET"),
        "endpoint_url": url(f"{prefix}_ENDPOINT", "", ("https", "http"))
        if text(f"{prefix}_ENDPOINT")
        else None,
        "region_name": text(f"{prefix}_REGION") or None,
        "access_key": text(f"{prefix}_ACCESS_KEY") or None,
        "secret_key": text(f"{prefix}_SECRET_KEY") or None,
        "location": text(f"{prefix}_PREFIX"),
        "file_overwrite": False,
        "default_acl": None,
        "querystring_auth": True,
        "max_memory_size": 0,
        "client_config": Config(
            connect_timeout=3,
            read_timeout=10,
            retries={"total_max_attempts": 3, "mode": "standard"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            signature_version="s3v4",
            s3={"addressing_style": one_of(f"{prefix}_ADDRESSING", "auto", ("auto", "virtual", "path"))},
        ),
    }
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}


def random_key(path: Path) -> str:
    """The key in ``path``, made on first use; processes that start at the same moment agree on one."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(48))
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(draft)
    draft.unlink()
    return path.read_text()
