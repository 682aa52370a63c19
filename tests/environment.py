"""The environment that tests run in: the demo, in a temporary folder, deaf to the developer's ``.env``.

``hireops.settings`` reads ``.env`` without overriding what is set already, so every variable it knows is
set here; an empty one means its default.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEFAULTS = (
    "ALLOWED_HOSTS",
    "CELERY_WORKER_QUEUES",
    "CHECKS_ASK_AFTER_DAYS",
    "CSRF_TRUSTED_ORIGINS",
    "DATABASE_POOLER",
    "DEBUG",
    "EMAIL_FROM",
    "EMAIL_URL",
    "FEISHU_ACCOUNTS_URL",
    "FEISHU_ALLOW_UNENCRYPTED",
    "FEISHU_APP_ID",
    "FEISHU_APP_SECRET",
    "FEISHU_APP_TYPE",
    "FEISHU_BASE_URL",
    "FEISHU_ENCRYPT_KEY",
    "FEISHU_ENCRYPT_KEY_PREVIOUS",
    "FEISHU_EVENTS",
    "FEISHU_MESSAGES",
    "FEISHU_SIGN_IN",
    "FEISHU_SIGN_IN_CONTACTS",
    "FEISHU_SIGN_IN_IS_SECOND_FACTOR",
    "FEISHU_SIGN_IN_TENANT_KEY",
    "FEISHU_VERIFICATION_TOKEN",
    "FEISHU_VERIFICATION_TOKEN_PREVIOUS",
    "INBOX_KEEP_DAYS",
    "INBOX_KEEP_UNHANDLED_DAYS",
    "INBOX_SILENCE_HOURS",
    "CANDIDATES_KEEP_DAYS",
    "EVENT_JOURNAL",
    "EVENT_JOURNAL_KEEP_DAYS",
    "EXAMS_NO_LINK_URL",
    "JOBS_KEEP_DAYS",
    "IMPORTS_KEEP_DAYS",
    "EXPORTS_KEEP_DAYS",
    "INVITATION_DAYS",
    "LANGUAGE_CODE",
    "LISTEN_SILENCE_SECONDS",
    "LOCK_OUT_MINUTES",
    "LOCK_OUT_TRIES",
    "LOCK_OUT_TRIES_OF_ADDRESS",
    "METRICS_TOKEN",
    "OUTBOX_KEEP_DAYS",
    "OUTBOX_SENDERS",
    "PEOPLE_PAYOUT_DELAY_HOURS",
    "PERSONAL_DATA_ASKS_REASON",
    "PROMISE_CUTOFF_HOUR",
    "PROMISE_TIME_ZONE",
    "PROOF_MINUTES",
    "PUBLIC_URL",
    "LOG_FORMAT",
    "PUBLIC_URL_CHECK",
    "REFERRALS_KEEP_CONTACTS_DAYS",
    "REFERRALS_KEEP_PAYEES_DAYS",
    "REFERRALS_PHONE_REGION",
    "REFERRALS_SELF_APPROVAL",
    "REPORTS_KEEP_DAYS",
    "REPORTS_S3_ACCESS_KEY",
    "REPORTS_S3_ADDRESSING",
    "REPORTS_S3_BUCKET",
    "REPORTS_S3_ENDPOINT",
    "REPORTS_S3_PREFIX",
    "REPORTS_S3_REGION",
    "REPORTS_S3_SECRET_KEY",
    "REPORTS_STORAGE",
    "REPORT_LINK_DAYS",
    "REPORT_MAX_MB",
    "REPORT_SCANNER",
    "REFERRALS_SWEEP_HOURS",
    "SECRET_KEY_FALLBACKS",
    "SESSION_DAYS",
    "SESSION_IDLE_HOURS",
    "SECOND_FACTOR_ROLES",
    "SIMULATOR_PORT",
    "TIME_ZONE",
    "TRACES",
    "TRUSTED_PROXIES",
    "WEB_HOST",
    "WEB_PORT",
)


def pinned(var_dir: Path) -> dict[str, str]:
    """Every variable of ``.env.example``, so that nothing is left to the machine the tests run on."""
    return dict.fromkeys(DEFAULTS, "") | {
        "CACHE_URL": "locmemcache://",
        "CELERY_BROKER_URL": f"embedded://{var_dir / 'doorbell'}",
        "DATABASE_URL": f"sqlite:///{var_dir / 'hireops.sqlite3'}",
        "DEMO": "true",
        "SECRET_KEY": "for-tests-only-and-long-enough-to-please-every-check-of-django",
        "VAR_DIR": str(var_dir),
    }


def prepare() -> None:
    """Pins the environment of this process and its children; only a given ``DATABASE_URL`` is kept."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return  # it has inherited what the process that started it prepared
    folder = Path(tempfile.mkdtemp(prefix="hireops-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database = os.environ.get("DATABASE_URL")
    os.environ.update(pinned(folder))
    os.environ["HIREOPS_TEST_RUN"] = folder.name.replace("-", "_")  # a part of the name of all it makes
    if database:
        os.environ["DATABASE_URL"] = database
