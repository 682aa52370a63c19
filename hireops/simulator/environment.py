"""Which app the simulator plays Feishu for, and where it delivers: read from the environment at start."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.core.exceptions import ImproperlyConfigured

_FOREVER_S = 10 * 365 * 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One app in Feishu's developer console, plus the simulator's own choices."""

    app_id: str
    app_secret: str
    app_type: str
    encrypt_key: str
    verification_token: str
    events: str
    webhook_url: str
    tenant_keys: tuple[str, ...]
    state_file: Path | None
    retry_seconds: tuple[float, ...]
    token_seconds: float
    ping_seconds: int
    language: str
    time_zone: str


def read_environment(variables: Mapping[str, str]) -> Environment:
    """The environment as one object; ``ImproperlyConfigured`` names the first variable that is wrong."""
    state_file = variables.get("SIMULATOR_STATE_FILE", "").strip()
    return Environment(
        app_id=_required(variables, "FEISHU_APP_ID"),
        app_secret=_required(variables, "FEISHU_APP_SECRET"),
        app_type=_one_of(variables, "FEISHU_APP_TYPE", ("custom", "store")),
        encrypt_key=variables.get("FEISHU_ENCRYPT_KEY", "").strip(),
        verification_token=_required(variables, "FEISHU_VERIFICATION_TOKEN"),
        events=_one_of(variables, "SIMULATOR_EVENTS", ("webhook", "long_connection")),
        webhook_url=_webhook_url(variables),
        tenant_keys=_words(variables, "SIMULATOR_TENANT_KEYS", "2ca1d211f64f6438"),
        state_file=Path(state_file) if state_file else None,
        retry_seconds=_seconds(variables, "SIMULATOR_RETRY_SECONDS", "15,300,3600,21600"),
        token_seconds=_one_number(variables, "SIMULATOR_TOKEN_SECONDS", "7200"),
        ping_seconds=round(_one_number(variables, "SIMULATOR_PING_SECONDS", "120")),
        language=_one_of(variables, "LANGUAGE_CODE", ("zh-hans", "en")),
        time_zone=_time_zone(variables),
    )


def _required(variables: Mapping[str, str], name: str) -> str:
    value = variables.get(name, "").strip()
    if not value:
        raise ImproperlyConfigured(f"{name} is missing: the simulator needs it to play Feishu for an app.")
    return value


def _one_of(variables: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = variables.get(name, "").strip() or allowed[0]
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
    return value


def _time_zone(variables: Mapping[str, str]) -> str:
    value = variables.get("TIME_ZONE", "").strip() or "Asia/Shanghai"
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as mistake:
        raise ImproperlyConfigured(
            f"TIME_ZONE must be a name such as Asia/Shanghai, not {value!r}."
        ) from mistake
    return value


def _webhook_url(variables: Mapping[str, str]) -> str:
    value = _required(variables, "SIMULATOR_WEBHOOK_URL")
    if urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).hostname:
        raise ImproperlyConfigured(
            f"SIMULATOR_WEBHOOK_URL must start with http:// or https://, not {value!r}."
        )
    return value


def _words(variables: Mapping[str, str], name: str, default: str) -> tuple[str, ...]:
    value = variables.get(name, "").strip() or default
    return tuple(word.strip() for word in value.split(",") if word.strip())


def _seconds(variables: Mapping[str, str], name: str, default: str) -> tuple[float, ...]:
    words = _words(variables, name, default)
    try:
        numbers = tuple(float(word) for word in words)
    except ValueError:
        numbers = (-1.0,)
    if not all(0 <= number < _FOREVER_S for number in numbers):
        raise ImproperlyConfigured(f"{name} must be seconds, such as {default}, not {','.join(words)!r}.")
    return numbers


def _one_number(variables: Mapping[str, str], name: str, default: str) -> float:
    numbers = _seconds(variables, name, default)
    if len(numbers) != 1 or numbers[0] < 1:
        raise ImproperlyConfigured(f"{name} must be one number of seconds, at least 1.")
    return numbers[0]
