"""Which app the simulator plays Feishu for, and where it delivers: read from the environment at start."""

from dataclasses import dataclass
from pathlib import Path

from hireops.environment import csv, one_length, one_of, required, seconds, text, time_zone, url


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
    redirect_urls: tuple[str, ...]
    tenant_keys: tuple[str, ...]
    state_file: Path | None
    retry_seconds: tuple[float, ...]
    token_seconds: float
    ping_seconds: int
    language: str
    time_zone: str


def read_environment() -> Environment:
    """The environment as one object; ``ImproperlyConfigured`` names the first variable that is wrong."""
    state_file = text("SIMULATOR_STATE_FILE")
    return Environment(
        app_id=required("FEISHU_APP_ID"),
        app_secret=required("FEISHU_APP_SECRET"),
        app_type=one_of("FEISHU_APP_TYPE", "custom", ("custom", "store")),
        encrypt_key=text("FEISHU_ENCRYPT_KEY"),
        verification_token=required("FEISHU_VERIFICATION_TOKEN"),
        events=one_of("SIMULATOR_EVENTS", "webhook", ("webhook", "long_connection")),
        webhook_url=url("SIMULATOR_WEBHOOK_URL", required("SIMULATOR_WEBHOOK_URL"), ("http", "https")),
        redirect_urls=tuple(csv("SIMULATOR_REDIRECT_URLS")),
        tenant_keys=tuple(csv("SIMULATOR_TENANT_KEYS", "2ca1d211f64f6438")),
        state_file=Path(state_file) if state_file else None,
        retry_seconds=tuple(seconds("SIMULATOR_RETRY_SECONDS", "15,300,3600,21600")),
        token_seconds=one_length("SIMULATOR_TOKEN_SECONDS", "7200"),
        ping_seconds=round(one_length("SIMULATOR_PING_SECONDS", "120")),
        language=one_of("LANGUAGE_CODE", "zh-hans", ("zh-hans", "en")),
        time_zone=time_zone("TIME_ZONE", "Asia/Shanghai"),
    )
