"""Every setting of hireops. Each value that differs between machines comes from the environment.

``.env.example`` lists the variables. A wrong or missing one raises ``ImproperlyConfigured`` with one
line that names it, so that nothing starts half-configured.

Without ``FEISHU_APP_ID`` and ``FEISHU_APP_SECRET`` this is the *demo*: it talks to the simulator on this
machine, with secrets derived from a random key that is kept in ``VAR_DIR`` and known to nobody else. Beside
something real it does not start (``hireops.demo``).
"""

import hashlib
import hmac
import os
import socket
import sys
from pathlib import Path
from urllib.parse import quote, urlsplit

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from kombu import Queue

from hireops import VERSION, demo, private_files
from hireops.environment import (
    boolean,
    csv,
    database_of,
    host_names,
    integer,
    is_this_machine,
    one_of,
    origins,
    port,
    private_folder,
    random_key,
    region,
    required,
    roles,
    s3_storage,
    strong_key,
    text,
    time_zone,
    traces_are_possible,
    url,
)

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
env.read_env(BASE_DIR / ".env")


# --- Feishu ----------------------------------------------------------------------------------------------

VAR_DIR = private_folder("VAR_DIR", BASE_DIR / text("VAR_DIR", "var"))
WEB_HOST = text("WEB_HOST", "127.0.0.1")
WEB_PORT = port("WEB_PORT", 8000)
SIMULATOR_PORT = port("SIMULATOR_PORT", 8100)

FEISHU_APP_ID = text("FEISHU_APP_ID")
FEISHU_APP_SECRET = text("FEISHU_APP_SECRET")
FEISHU_APP_TYPE = one_of("FEISHU_APP_TYPE", "custom", ("custom", "store"))
FEISHU_EVENTS = one_of("FEISHU_EVENTS", "webhook", ("webhook", "long_connection"))
FEISHU_ENCRYPT_KEY = text("FEISHU_ENCRYPT_KEY")
FEISHU_ENCRYPT_KEY_PREVIOUS = text("FEISHU_ENCRYPT_KEY_PREVIOUS")
FEISHU_VERIFICATION_TOKEN = text("FEISHU_VERIFICATION_TOKEN")
FEISHU_VERIFICATION_TOKEN_PREVIOUS = text("FEISHU_VERIFICATION_TOKEN_PREVIOUS")
FEISHU_ALLOW_UNENCRYPTED = boolean("FEISHU_ALLOW_UNENCRYPTED", default=False)
FEISHU_CONNECT_TIMEOUT = 3.0
FEISHU_READ_TIMEOUT = 10.0
LISTEN_SILENCE_SECONDS = integer("LISTEN_SILENCE_SECONDS", 300, most=3_600)

if FEISHU_EVENTS == "long_connection" and FEISHU_APP_TYPE == "store":
    raise ImproperlyConfigured("FEISHU_EVENTS must be webhook: a store app has no long connection.")

DEBUG = boolean("DEBUG", default=False)
SECRET_KEY_FALLBACKS = csv("SECRET_KEY_FALLBACKS")
DEFAULT_DATABASE_URL = f"sqlite:///{VAR_DIR / 'hireops.sqlite3'}"

DEMO = not FEISHU_APP_ID and not FEISHU_APP_SECRET
if DEMO:
    if not boolean("DEMO", default=False):
        demo.refuse_beside_something_real(own_database=DEFAULT_DATABASE_URL)
    if WEB_PORT == SIMULATOR_PORT:
        raise ImproperlyConfigured(f"WEB_PORT and SIMULATOR_PORT must differ; both are {WEB_PORT}.")
    SECRET_KEY = text("SECRET_KEY") or random_key(VAR_DIR / "demo-secret-key")

    def _demo_secret(purpose: str) -> str:
        return hmac.new(SECRET_KEY.encode(), purpose.encode(), hashlib.sha256).hexdigest()[:32]

    FEISHU_BASE_URL = f"http://127.0.0.1:{SIMULATOR_PORT}"
    FEISHU_APP_ID = "cli_demo00000000001"
    FEISHU_APP_SECRET = _demo_secret("app secret")
    FEISHU_ENCRYPT_KEY = _demo_secret("encrypt key")
    FEISHU_VERIFICATION_TOKEN = _demo_secret("verification token")
else:
    FEISHU_BASE_URL = url("FEISHU_BASE_URL", "https://open.feishu.cn", ("https", "http")).rstrip("/")
    for name in ("FEISHU_APP_ID", "FEISHU_APP_SECRET", "FEISHU_VERIFICATION_TOKEN"):
        required(name)
    SECRET_KEY = strong_key("SECRET_KEY")
    if not FEISHU_ENCRYPT_KEY and not FEISHU_ALLOW_UNENCRYPTED:
        raise ImproperlyConfigured(
            "FEISHU_ENCRYPT_KEY is missing. Without it events are neither signed nor encrypted; "
            "set FEISHU_ALLOW_UNENCRYPTED=true if that is meant."
        )
    if FEISHU_BASE_URL.startswith("http://") and not is_this_machine(FEISHU_BASE_URL):
        raise ImproperlyConfigured("FEISHU_BASE_URL must begin with https://: App Secret and tokens travel.")
    if DEBUG:
        raise ImproperlyConfigured("DEBUG must be false but in the demo: its error pages show people's data.")

# The page on which people agree to be signed in is on a host of its own, at Feishu and at Lark.
FEISHU_ACCOUNTS_URL = url(
    "FEISHU_ACCOUNTS_URL",
    {
        "https://open.feishu.cn": "https://accounts.feishu.cn",
        "https://open.larksuite.com": "https://accounts.larksuite.com",
    }.get(FEISHU_BASE_URL, FEISHU_BASE_URL),
    ("https", "http"),
).rstrip("/")
FEISHU_SIGN_IN = boolean("FEISHU_SIGN_IN", default=DEMO)
FEISHU_SIGN_IN_CONTACTS = boolean("FEISHU_SIGN_IN_CONTACTS", default=True)
FEISHU_SIGN_IN_IS_SECOND_FACTOR = boolean("FEISHU_SIGN_IN_IS_SECOND_FACTOR", default=False)
FEISHU_SIGN_IN_TENANT_KEY = text("FEISHU_SIGN_IN_TENANT_KEY", "2ca1d211f64f6438" if DEMO else "")
FEISHU_MESSAGES = boolean("FEISHU_MESSAGES", default=DEMO and FEISHU_SIGN_IN)
INVITATION_DAYS = integer("INVITATION_DAYS", 14, most=365)

# --- Django ----------------------------------------------------------------------------------------------

ALLOWED_HOSTS = host_names("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = origins("CSRF_TRUSTED_ORIGINS")
ROOT_URLCONF = "hireops.urls"
WSGI_APPLICATION = "hireops.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "hireops.desk.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "hireops",
    "hireops.guards",
    "hireops.desk",
    "hireops.people",
    "hireops.feishu",
    "hireops.jobs",
    "hireops.doctor",
    "hireops.imports",
    "hireops.exports",
    "hireops.inbox",
    "hireops.outbox",
    "hireops.notices",
    "bindings",
    "referrals",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "hireops.desk.language.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",  # sets Content-Length: no body changes outside it
    "hireops.desk.readable.ReadableMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "hireops.desk.bodies.BodyLimitMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "hireops.people.refused_pages.RefusedPagesMiddleware",
    "hireops.people.first_things.FirstThingsMiddleware",
    "hireops.desk.signed_out.SignedOutMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "hireops.people.middleware.LastSeenMiddleware",
    "hireops.people.hashing.TooManyPasswordsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database and cache ----------------------------------------------------------------------------------

DATABASE_URL = url("DATABASE_URL", DEFAULT_DATABASE_URL, ("sqlite", "postgres", "postgresql"))
CACHE_URL = url("CACHE_URL", "locmemcache://", ("locmemcache", "redis", "rediss", "dbcache", "filecache"))
try:
    database = database_of(DATABASE_URL)
except (ImproperlyConfigured, KeyError, ValueError) as mistake:
    raise ImproperlyConfigured(f"DATABASE_URL cannot be read: {mistake}") from mistake
try:
    CACHES = {"default": env.cache_url_config(CACHE_URL)}
except (ImproperlyConfigured, KeyError, ValueError) as mistake:
    raise ImproperlyConfigured(f"CACHE_URL cannot be read: {mistake}") from mistake

match urlsplit(DATABASE_URL).scheme:
    case "sqlite":
        if not Path(database["NAME"]).parent.is_dir():
            raise ImproperlyConfigured("DATABASE_URL: the folder of the SQLite file does not exist.")
        for part in ("", "-wal", "-shm"):
            private_files.close_to_others(Path(f"{database['NAME']}{part}"))
        database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # FULL: what was answered with 200 has reached the disk, not only the operating system.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
            # What was emptied or encrypted is not left behind in the file either.
            "PRAGMA secure_delete=ON;",
        }
    case _:
        # A server that has vanished without a word is noticed within a minute.
        keepalives = {"keepalives_idle": 20, "keepalives_interval": 10, "keepalives_count": 3}
        # Prepared is what asks for it (hireops.database.prepared), and nothing else, however often it comes.
        prepared = {"prepare_threshold": sys.maxsize}
        database["OPTIONS"] = {"connect_timeout": 2, **keepalives, **prepared, **database.get("OPTIONS", {})}
        # Said while connecting, so that Django needs no query for it before a query deadline can begin.
        os.environ.setdefault("PGTZ", "UTC")
# Django's own word for such a pooler, in DATABASE_URL, says the same.
DATABASE_POOLER = one_of(
    "DATABASE_POOLER",
    "transaction" if database.get("DISABLE_SERVER_SIDE_CURSORS") else "none",
    ("none", "transaction"),
)
database["DISABLE_SERVER_SIDE_CURSORS"] = DATABASE_POOLER == "transaction"
DATABASES = {"default": {**database, "CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}}

# --- Celery: the broker is only a doorbell, so nothing here has to be durable -----------------------------

CELERY_BROKER_URL = url(
    "CELERY_BROKER_URL",
    f"embedded://{quote(str(VAR_DIR / 'doorbell'))}",
    ("embedded", "redis", "rediss", "amqp", "amqps", "pyamqp"),
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Nobody steers workers from afar. The queue for that is exclusive at RabbitMQ and named after the host: of
# two workers on hosts of one name, or on one host, the second could not start.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
# Celery would open a connection to the database for each task; hireops.celery lets go of them as Django does.
CELERY_DB_REUSE_MAX = sys.maxsize
if CELERY_BROKER_URL.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "socket_connect_timeout": 3,
        "socket_timeout": 10,
        "socket_keepalive": True,
        "health_check_interval": 10,
    }
# What must be looked at even if nobody rings, by the queue in which is rung for it: beat asks for it, and
# each worker looks by itself now and then. All else that is done by the clock is in "celery", Celery's own
# queue. A worker takes up all of them, or those in CELERY_WORKER_QUEUES, which Celery reads by itself.
SWEEPS = {
    "events": "hireops.inbox.tasks.drain",
    "calls": "hireops.outbox.tasks.drain",
    "long_work": "hireops.jobs.tasks.work",
}
QUEUES = ["celery", *SWEEPS]
CELERY_TASK_QUEUES = [Queue(name) for name in QUEUES]
CELERY_TASK_ROUTES = {task: {"queue": queue} for queue, task in SWEEPS.items()}
CELERY_TASK_CREATE_MISSING_QUEUES = False
if unknown := set(csv("CELERY_WORKER_QUEUES")) - set(QUEUES):
    raise ImproperlyConfigured(
        f"CELERY_WORKER_QUEUES must name some of {', '.join(QUEUES)}, not {', '.join(sorted(unknown))}."
    )
CELERY_BEAT_SCHEDULE = {
    **{sweep: {"task": sweep, "schedule": 5.0, "options": {"expires": 5}} for sweep in SWEEPS.values()},
    "show that beat lives": {
        "task": "hireops.desk.tasks.beat_lives",
        "args": [socket.gethostname()[:64], VERSION],
        "schedule": 20.0,
        "options": {"expires": 60},  # longer than its turn: a busy worker is no beat that has stopped
    },
    "sum up what was repeated": {
        "task": "hireops.desk.tasks.sum_up_repeated",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "count days for the charts": {
        "task": "hireops.desk.tasks.count_days",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "forget wrong passwords": {
        "task": "hireops.people.tasks.forget_tries",
        "schedule": crontab(minute="10"),
    },
    "prove the promises": {
        "task": "hireops.desk.tasks.check_invariants",
        "schedule": crontab(hour="18", minute="40"),
    },
    "settle payout rights": {
        "task": "hireops.people.tasks.settle_payout_rights",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "remove ended sessions": {
        "task": "hireops.people.tasks.remove_ended_sessions",
        "schedule": crontab(minute="*/15"),
    },
    "tell staff in Feishu": {
        "task": "hireops.notices.tasks.tell_staff",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    "remove old messages": {
        "task": "hireops.notices.tasks.trim",
        "schedule": crontab(hour="19", minute="35"),
    },
    "empty old calls": {"task": "hireops.outbox.tasks.trim", "schedule": crontab(hour="19", minute="20")},
    "empty old rows of imports": {
        "task": "hireops.imports.tasks.empty_rows",
        "schedule": crontab(hour="20", minute="15"),
    },
    "remove old exports": {"task": "hireops.exports.tasks.trim", "schedule": crontab(minute="25")},
    "empty old contacts": {
        "task": "referrals.registrations.tasks.empty_contacts",
        "schedule": crontab(hour="20", minute="10"),
    },
    "empty old payees": {
        "task": "referrals.payments.tasks.empty_payees",
        "schedule": crontab(hour="20", minute="20"),
    },
    "empty old reports": {
        "task": "bindings.reports.tasks.empty_reports",
        "schedule": crontab(hour="20", minute="30"),
    },
    "look at report files": {
        "task": "bindings.reports.tasks.look_at_files",
        "schedule": crontab(hour="21", minute="10"),
    },
    "reach the storage of reports": {
        "task": "bindings.reports.tasks.reach_storage",
        "schedule": 300.0,
        "options": {"expires": 60},
    },
    "notice papers that are over": {
        "task": "bindings.exams.tasks.notice_ended_windows",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "empty old candidates of exams": {
        "task": "bindings.exams.tasks.empty_candidates",
        "schedule": crontab(hour="20", minute="25"),
    },
    "look after results of background checks": {
        "task": "bindings.checks.tasks.look_after_results",
        "schedule": crontab(hour="20", minute="30"),
    },
    "empty old candidates of background checks": {
        "task": "bindings.checks.tasks.empty_candidates",
        "schedule": crontab(hour="20", minute="35"),
    },
    "empty old events": {"task": "hireops.inbox.tasks.trim", "schedule": crontab(hour="19", minute="50")},
    "remove old work": {"task": "hireops.jobs.tasks.trim", "schedule": crontab(hour="20", minute="5")},
    "ask for balances": {
        "task": "referrals.accounts.tasks.sweep_accounts",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    # Every closed day that has not been reconciled, or in which something has happened since.
    "reconcile": {
        "task": "referrals.reconciliation.tasks.reconcile_closed_days",
        "schedule": crontab(minute="30"),
    },
}

# --- People ----------------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["hireops.people.backends.StaffBackend"]
SESSION_ENGINE = "hireops.people.sessions"
SESSION_IDLE_HOURS = integer("SESSION_IDLE_HOURS", 8, most=720)
SESSION_DAYS = integer("SESSION_DAYS", 7, most=90)
SESSION_COOKIE_AGE = SESSION_DAYS * 24 * 3600
# None in the demo, unless it is set there too.
PEOPLE_PAYOUT_DELAY_HOURS = (
    0
    if DEMO and not text("PEOPLE_PAYOUT_DELAY_HOURS")
    else integer("PEOPLE_PAYOUT_DELAY_HOURS", 24, most=720)
)

# --- The inbox -------------------------------------------------------------------------------------------

INBOX_KEEP_DAYS = integer("INBOX_KEEP_DAYS", 180, most=36_500)
INBOX_KEEP_UNHANDLED_DAYS = integer("INBOX_KEEP_UNHANDLED_DAYS", 720, most=36_500)
INBOX_SILENCE_HOURS = integer("INBOX_SILENCE_HOURS", 72, most=8_760)
# Not made here: a disk that is away keeps nobody from starting, and shows in Health.
EVENT_JOURNAL = text("EVENT_JOURNAL") and str(BASE_DIR / text("EVENT_JOURNAL"))
EVENT_JOURNAL_KEEP_DAYS = integer("EVENT_JOURNAL_KEEP_DAYS", 30, most=36_500)
METRICS_TOKEN = text("METRICS_TOKEN")

# --- The outbox ------------------------------------------------------------------------------------------

OUTBOX_SENDERS = integer("OUTBOX_SENDERS", 8, most=64)
OUTBOX_KEEP_DAYS = integer("OUTBOX_KEEP_DAYS", 180, most=36_500)

# --- Long work -------------------------------------------------------------------------------------------

JOBS_KEEP_DAYS = integer("JOBS_KEEP_DAYS", 180, most=36_500)
IMPORTS_KEEP_DAYS = integer("IMPORTS_KEEP_DAYS", 180, most=36_500)
EXPORTS_KEEP_DAYS = integer("EXPORTS_KEEP_DAYS", 7, most=365)

# --- Referrals -------------------------------------------------------------------------------------------

REFERRALS_SELF_APPROVAL = boolean("REFERRALS_SELF_APPROVAL", default=False)
REFERRALS_SWEEP_HOURS = integer("REFERRALS_SWEEP_HOURS", 24, most=8_760)
REFERRALS_PHONE_REGION = region("REFERRALS_PHONE_REGION", "CN")
REFERRALS_KEEP_CONTACTS_DAYS = integer("REFERRALS_KEEP_CONTACTS_DAYS", 730, most=36_500)
# Thirty years, as long as accounting records are kept in China.
REFERRALS_KEEP_PAYEES_DAYS = integer("REFERRALS_KEEP_PAYEES_DAYS", 10_958, most=36_500)

# --- The vendor's half -----------------------------------------------------------------------------------

# Where customers and Feishu reach hireops from outside: report links begin with it.
PUBLIC_URL = f"http://{WEB_HOST}:{WEB_PORT}" if DEMO else ""
if text("PUBLIC_URL"):
    PUBLIC_URL = url("PUBLIC_URL", "", ("https", "http")).rstrip("/")
if PUBLIC_URL.startswith("http://") and not (DEMO or is_this_machine(PUBLIC_URL)):
    raise ImproperlyConfigured("PUBLIC_URL must begin with https://: reports about candidates travel.")
if FEISHU_MESSAGES and not (FEISHU_SIGN_IN and PUBLIC_URL):
    raise ImproperlyConfigured(
        "FEISHU_MESSAGES needs FEISHU_SIGN_IN=true, by which people are known, and PUBLIC_URL, to which "
        "messages lead."
    )
PUBLIC_URL_CHECK = boolean("PUBLIC_URL_CHECK", default=True)
REPORT_MAX_MB = integer("REPORT_MAX_MB", 10, most=50)
REPORT_LINK_DAYS = integer("REPORT_LINK_DAYS", 30, most=3_650)
REPORT_SCANNER = text("REPORT_SCANNER")
REPORTS_KEEP_DAYS = integer("REPORTS_KEEP_DAYS", 730, most=36_500)
# What comes at or after this hour of the vendor's day counts as received on the day after; 24: no such hour.
PROMISE_CUTOFF_HOUR = integer("PROMISE_CUTOFF_HOUR", 24, most=24)
PROMISE_TIME_ZONE = time_zone("PROMISE_TIME_ZONE", "Asia/Shanghai")
REPORTS_STORAGE = one_of("REPORTS_STORAGE", "folder", ("folder", "s3"))
REPORTS_FOLDER = private_folder("VAR_DIR", VAR_DIR / "reports")

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "reports": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": REPORTS_FOLDER,
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    }
    if REPORTS_STORAGE == "folder"
    else s3_storage("REPORTS_S3"),
}
CANDIDATES_KEEP_DAYS = integer("CANDIDATES_KEEP_DAYS", 730, most=36_500)
# When a result of which Feishu says nothing is for a person to look at.
CHECKS_ASK_AFTER_DAYS = integer("CHECKS_ASK_AFTER_DAYS", 5, most=365)
# What Feishu is given where it wants a link to an exam that could not be arranged.
EXAMS_NO_LINK_URL = text("EXAMS_NO_LINK_URL", "https://www.feishu.cn/")

# --- Personal data ---------------------------------------------------------------------------------------

PERSONAL_DATA_ASKS_REASON = boolean("PERSONAL_DATA_ASKS_REASON", default=False)

# --- Language and time -----------------------------------------------------------------------------------

LANGUAGE_CODE = one_of("LANGUAGE_CODE", "zh-hans", ("zh-hans", "en"))
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "hireops.formats"
USE_TZ = True
TIME_ZONE = time_zone("TIME_ZONE", "Asia/Shanghai")

# --- Pages -----------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static", ("manual", BASE_DIR / "docs" / "images")]
WHITENOISE_USE_FINDERS = True  # serves each app's files where they lie; there is no collectstatic step
# No other: each would take a core without taking its turn.
PASSWORD_HASHERS = ["hireops.people.hashing.TurnTakingHasher"]
# The largest file of a form, and what goes with it. None is put down in a folder: it is personal data.
UPLOAD_MAX_BYTES = FILE_UPLOAD_MAX_MEMORY_SIZE = (2 + max(10, REPORT_MAX_MB)) * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
HTTPS = any(origin.startswith("https://") for origin in CSRF_TRUSTED_ORIGINS)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_SSL_REDIRECT = HTTPS
# Asked by machines, also beside the proxy; and Feishu's doors, which Django's middleware never sees (0012).
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$", "^metrics$", "^webhook/event$", "^reports/"]
# What else lies below our host's name, and whether browsers are to know it by heart, is not ours to say.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
DEFAULT_EXCEPTION_REPORTER_FILTER = "hireops.debug_page.MaskingFilter"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None

# --- Signing in: django-allauth, behind the admin's own login ---------------------------------------------

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "admin:index"
ACCOUNT_ADAPTER = "hireops.people.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}  # the adapter takes an address for the user name of who has it
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]  # nobody signs up; without it there is no password field
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
SOCIALACCOUNT_ADAPTER = "hireops.people.feishu.adapter.SocialAccountAdapter"
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False  # hireops.people.limits counts, in the database
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "hireops"
MFA_TOTP_TOLERANCE = 1  # a phone whose clock is half a minute off
MFA_ADAPTER = "hireops.people.adapters.MFAAdapter"
MFA_FORMS = {
    "authenticate": "hireops.people.forms.CodeForm",
    "reauthenticate": "hireops.people.forms.CodeAgainForm",
    "activate_totp": "hireops.people.forms.SetUpAppForm",
    "add_webauthn": "hireops.people.forms.AddKeyForm",
    "authenticate_webauthn": "hireops.people.forms.KeyForm",
    "login_webauthn": "hireops.people.forms.PasskeyForm",
}
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS  # browsers allow it for localhost alone

ACCOUNT_FORMS = {
    "login": "hireops.people.forms.SignInForm",
    "reset_password": "hireops.people.forms.ForgottenPasswordForm",
    "reset_password_from_key": "hireops.people.forms.NewPasswordForm",
}
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = "hireops: "

LOCK_OUT_TRIES = integer("LOCK_OUT_TRIES", 5, most=100)
LOCK_OUT_TRIES_OF_ADDRESS = integer("LOCK_OUT_TRIES_OF_ADDRESS", 30, most=10_000)
LOCK_OUT_MINUTES = integer("LOCK_OUT_MINUTES", 15, most=1_440)
TRUSTED_PROXIES = int(one_of("TRUSTED_PROXIES", "0", ("0", "1", "2", "3")))
PROOF_MINUTES = integer("PROOF_MINUTES", 15, most=1_440)
SECOND_FACTOR_ROLES = roles("SECOND_FACTOR_ROLES", "none" if DEMO else "hr_approver,administrator")
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{validator}"}
    for validator in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
] + [{"NAME": "hireops.people.credentials.OwnPassword"}]

# --- Mail: without it nobody is offered to reset a forgotten password -------------------------------------

EMAIL_URL = text("EMAIL_URL")
MAIL = bool(EMAIL_URL)
if MAIL:
    try:
        vars().update(env.email_url_config(EMAIL_URL))
    except (ImproperlyConfigured, KeyError, ValueError) as mistake:
        raise ImproperlyConfigured(f"EMAIL_URL cannot be read: {type(mistake).__name__}") from mistake
DEFAULT_FROM_EMAIL = text("EMAIL_FROM", "hireops@localhost")
EMAIL_TIMEOUT = 5

# --- Traces: where to and how many, OpenTelemetry's own variables say ---------------------------------------

TRACES = boolean("TRACES", default=False)
if TRACES:
    traces_are_possible("TRACES")

# --- Logs: one line each, on standard error, without bodies -------------------------------------------------

LOG_FORMAT = one_of("LOG_FORMAT", "text", ("text", "json"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {
            "()": "hireops.log_format.OneLineFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        },
        "json": {"()": "hireops.log_format.JsonFormatter"},
    },
    "filters": {"without stack": {"()": "hireops.log_format.WithoutStack"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.request": {"level": "ERROR"},  # the view that refuses says why
        "celery": {"level": "WARNING"},
        "celery.beat": {"filters": ["without stack"]},
        "kombu": {"level": "WARNING"},
        "kombu.connection": {"level": "ERROR"},  # it misses a host name, which a folder does not have
    },
}
