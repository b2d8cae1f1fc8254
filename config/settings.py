"""Settings of every installation; what differs comes from the environment (deploy/README.md lists it).

`JIEFENG_MODE=embedded` (the default) needs no server and no configuration: SQLite, a file broker and the
secrets live under `var/`. `JIEFENG_MODE=production` names PostgreSQL, Redis, hosts and secrets in the
environment, and refuses to start when one is missing.
"""

import datetime as dt
from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import keys, unfold
from config.logs import logging_config

# Types say `QuerySet["Episode"]`, `TextField[str, str]`; Django's own classes take no subscript at runtime.
django_stubs_ext.monkeypatch()

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent

# -- Mode ------------------------------------------------------------------------------------------------

JIEFENG_MODE = env.str("JIEFENG_MODE", default="embedded")
if JIEFENG_MODE not in ("embedded", "production"):
    raise ImproperlyConfigured(f"JIEFENG_MODE is {JIEFENG_MODE!r}; it must be embedded or production.")
PRODUCTION = JIEFENG_MODE == "production"

_REQUIRED_IN_PRODUCTION = (
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "FIELD_KEYS",
    "INDEX_KEY",
    "ALLOWED_HOSTS",
)
_missing = [name for name in _REQUIRED_IN_PRODUCTION if PRODUCTION and not env.str(name, default="")]
if _missing:
    raise ImproperlyConfigured(
        f"JIEFENG_MODE=production also needs {', '.join(_missing)} in the environment (deploy/README.md)."
    )

DEBUG = env.bool("DEBUG", default=False) and not PRODUCTION

# -- The var folder --------------------------------------------------------------------------------------

VAR = Path(env.str("JIEFENG_VAR", default=str(BASE_DIR / "var"))).resolve()
BROKER_DIR = VAR / "broker"
MEDIA_ROOT = VAR / "files"
CACHE_DIR = VAR / "cache"
FILE_UPLOAD_TEMP_DIR = VAR / "tmp"
try:
    for _folder in (VAR, MEDIA_ROOT, FILE_UPLOAD_TEMP_DIR):
        _folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not PRODUCTION:
        for _folder in (
            *(BROKER_DIR / name for name in ("queue", "control", "processed")),
            CACHE_DIR,
            VAR / "static",
        ):
            _folder.mkdir(mode=0o700, parents=True, exist_ok=True)
except OSError as refusal:
    raise ImproperlyConfigured(f"The folder {VAR} cannot be written: {refusal.strerror}.") from refusal
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

DEMO_CLOCK_FILE: Path | None = None if PRODUCTION else VAR / "demo-clock"
"""A file that shifts "now" for a demo (policy.clock); no production installation has one."""

# -- Secrets ---------------------------------------------------------------------------------------------

_generated = keys.Keys(secret_key="", field_keys=(), index_key="")
if not all(env.str(name, default="") for name in ("SECRET_KEY", "FIELD_KEYS", "INDEX_KEY")):
    try:
        _generated = keys.load_or_create(VAR / "keys.json")
    except (OSError, ValueError) as refusal:
        raise ImproperlyConfigured(f"The keys cannot be read: {refusal}.") from refusal
SECRET_KEY = env.str("SECRET_KEY", default="") or _generated.secret_key
FIELD_KEYS = tuple(env.list("FIELD_KEYS", default=[])) or _generated.field_keys
INDEX_KEY = env.str("INDEX_KEY", default="") or _generated.index_key

# -- Applications ----------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "config.apps.HouseConfig",
    "desk",
    "complaints",
    "supplies",
    "cases",
    "zones",
    "notices",
    "accounts",
    "policy",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "axes",
    "csp",
    "django_altcha",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    # Pages, and in the embedded default the static files too, go compressed to the phones.
    "django.middleware.gzip.GZipMiddleware",
    "config.middleware.RequestLogMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.ContentSecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "config.middleware.ChosenLocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.middleware.NoEditionMiddleware",
    # Last: it turns a locked-out login into its page, whatever the view answered.
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
FORM_RENDERER = "config.forms.HouseRenderer"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

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
                "django.template.context_processors.i18n",
                "desk.context.staff_frame",
            ],
        },
    },
]

# -- Database --------------------------------------------------------------------------------------------


def _database() -> dict[str, Any]:
    """SQLite under var/ unless `DATABASE_URL` names a PostgreSQL."""
    if not env.str("DATABASE_URL", default=""):
        return _sqlite(VAR / "db.sqlite3")
    named = env.db_url("DATABASE_URL")
    if named["ENGINE"] == "django.db.backends.postgresql":
        return _postgresql(named)
    if named["ENGINE"] == "django.db.backends.sqlite3" and not PRODUCTION:
        return _sqlite(Path(named["NAME"]))
    raise ImproperlyConfigured("DATABASE_URL must begin with postgres:// in production.")


def _sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {
            "timeout": 20,
            # A write transaction takes the lock at its start; one that starts by reading and then writes
            # would fail at once, without waiting, when another process wrote in between.
            "transaction_mode": "IMMEDIATE",
            # synchronous=FULL: a committed release survives a power cut. secure_delete: what the purge
            # removes is overwritten in the file too.
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
                "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16000"
            ),
        },
    }


def _postgresql(named: dict[str, Any]) -> dict[str, Any]:
    options = dict(named.get("OPTIONS", {}))
    # The pool stands in each process: web and worker machines × this must stay below max_connections.
    options["pool"] = {"min_size": 1, "max_size": env.int("DATABASE_POOL_SIZE", default=8), "timeout": 10}
    # Compiling a query takes a tenth of a second, more than any of ours runs.
    options.setdefault("options", "-c jit=off")
    return {**named, "OPTIONS": options, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}


DATABASES = {"default": {**_database(), "ATOMIC_REQUESTS": False}}

# -- Cache (docs/decisions/0004-cache-without-redis.md) ----------------------------------------------------

REDIS_URL = env.str("REDIS_URL", default="")
CACHES: dict[str, dict[str, Any]] = {
    "default": (
        {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "jiefeng",
            "OPTIONS": {"socket_connect_timeout": 3, "socket_timeout": 3},
        }
        if REDIS_URL
        else {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": CACHE_DIR,
            "OPTIONS": {"MAX_ENTRIES": 5000},
        }
    )
}

# -- People who log in -----------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
SESSION_COOKIE_AGE = 12 * 60 * 60
"""One shift: the phone in the stairwell and the old office computer are shared."""

# A whole office sits behind one address: an address alone is never locked, only a name at an address.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = dt.timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "config.lockout.locked_out"
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# -- Language and time -----------------------------------------------------------------------------------

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
USE_I18N = True
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

REMINDER_EVENING = dt.time.fromisoformat(env.str("REMINDER_EVENING", default="19:00"))
REMINDER_MORNING = dt.time.fromisoformat(env.str("REMINDER_MORNING", default="08:00"))
"""When reminders of a test go out, the evening before and the same morning, in Asia/Shanghai."""
PURGE_AT = dt.time(3, 30)
AUDIT_AT = dt.time(4, 30)
"""When the self-audit looks for whatever restricts beyond its rule; late, it is made up for."""
AUDIT_GRACE_HOURS = env.int("AUDIT_GRACE_HOURS", default=24)
"""So long a released person may wait for code, journey and notice before it is a lead against ourselves."""
SPREAD_JUDGED_WITHIN = dt.timedelta(hours=env.float("HOURS_TO_JUDGE_SPREAD", default=4))
"""From a positive at home until its spread is judged. No clause names hours: a local setting, like these."""
EARLIES_WITHIN = {
    "resulted": dt.timedelta(hours=env.float("HOURS_TO_RESULT", default=24)),
    "reported": dt.timedelta(hours=env.float("HOURS_TO_REPORT", default=2)),
    "judged": dt.timedelta(hours=env.float("HOURS_TO_JUDGE_CONTACTS", default=4)),
    "isolated": dt.timedelta(hours=env.float("HOURS_TO_ISOLATE", default=2)),
    "admitted": dt.timedelta(hours=env.float("HOURS_TO_ADMIT", default=8)),
}
"""How long each step of the four earlies may take (N二(十五), cases/earlies.py): practice of the time."""
REBOUND_DAYS = env.int("REBOUND_DAYS", default=30)
"""The same office and behaviour again so many days after closing is a rebound. Local settings, like these."""
HOT_SPOT_COUNT = env.int("HOT_SPOT_COUNT", default=3)
HOT_SPOT_DAYS = env.int("HOT_SPOT_DAYS", default=7)
"""So many complaints about one office and behaviour in so many days propose a public naming (P5)."""
NAMING_VERIFIED = max(1, env.int("NAMING_VERIFIED", default=1))
"""So many of the matters behind a public naming are verified before it is approved; never none."""
NAMING_DAYS = env.int("NAMING_DAYS", default=90)
"""A naming written by hand rests on what came in the so many days before the draft, or since."""
COMPLAINT_KEEP_DAYS = env.int("COMPLAINT_KEEP_DAYS", default=180)
"""How long after its end a complaint keeps its texts, files and the complainant's identity."""
COMPLAINTS_FROM_ADDRESS = env.int("COMPLAINTS_FROM_ADDRESS", default=120)
"""So many complaints an hour from one network address: whole compounds share one."""
COMPLAINTS_WITHOUT_SCRIPT = env.int("COMPLAINTS_WITHOUT_SCRIPT", default=300)
COMPLAINTS_WITHOUT_SCRIPT_FROM_ADDRESS = env.int("COMPLAINTS_WITHOUT_SCRIPT_FROM_ADDRESS", default=30)
"""The same an hour, in all and from one address, for browsers that can't compute a proof of work."""
COMPLAINT_FILES_FROM_ADDRESS = env.int("COMPLAINT_FILES_FROM_ADDRESS", default=600)
COMPLAINT_QUESTIONS_FROM_ADDRESS = env.int("COMPLAINT_QUESTIONS_FROM_ADDRESS", default=3000)
"""Files, and questions about places while somebody writes, an hour from one address."""
COMPLAINTS_CALM = env.int("COMPLAINTS_CALM", default=300)
"""More complaints in ten minutes only make the proof of work harder; the form is never closed by them."""
COMPLAINT_PROOF = env.int("COMPLAINT_PROOF", default=300_000)
"""How far a browser counts at most for its proof of work: a second or two on an old telephone."""
ALTCHA_HMAC_KEY = keys.derived(SECRET_KEY, "altcha")
ALTCHA_CHALLENGE_EXPIRE = 2 * 60 * 60 * 1000
"""Milliseconds: somebody who writes for an hour with one thumb need not begin again."""
RESIDENT_LINK_DAYS = env.int("RESIDENT_LINK_DAYS", default=60)
"""How long the private link of a household opens its page, from the day it was made or renewed."""
IMPORT_FILE_DAYS = env.int("IMPORT_FILE_DAYS", default=7)
"""How long the content of an uploaded list is kept, and the answer given to a system for a repeated call."""

# -- Static files ----------------------------------------------------------------------------------------

STATIC_URL = "/static/"
# collectstatic gathers here in production; the embedded default serves from the finders, and an empty folder
# keeps whitenoise from asking for one.
STATIC_ROOT = (
    Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))) if PRODUCTION else VAR / "static"
)
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        # The embedded default serves straight from the packages, without a collectstatic step.
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage",
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 60 if not PRODUCTION else 24 * 60 * 60

# -- Security --------------------------------------------------------------------------------------------

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
if not PRODUCTION:
    ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
TRUSTED_PROXIES: list[str] = env.list("TRUSTED_PROXIES", default=["127.0.0.1", "::1"] if PRODUCTION else [])
"""Addresses whose X-Forwarded-For is believed; throttles and the login lock go by the client's address."""
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "config.stale.stale_form"
SESSION_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if PRODUCTION:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^health/$"]
    SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=365 * 24 * 60 * 60)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    LANGUAGE_COOKIE_SECURE = True

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF, "tel:"],  # tap to call: the form is answered with the number, and logged
        "frame-ancestors": [NONE],
    }
}

# -- REST API --------------------------------------------------------------------------------------------

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    # Systems bring a key, staff their session. The first one decides that a 401 asks for a key.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.tokens.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "EXCEPTION_HANDLER": "accounts.api.exception_handler",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    # Only a view that names its `throttle_scope` is throttled.
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.ScopedRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"public": "600/min", "system": "1200/min"},
    # The client's address is REMOTE_ADDR (config.wsgi), never a header that the client can write.
    "NUM_PROXIES": 0,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Jiefeng 解封",
    "DESCRIPTION": (
        "Persons, episodes, tests, infections, high-risk zones, complaints, areas and places under the "
        "Twenty Measures; rules as plans. A key stands for an account: its area, its roles. Dates are civil "
        "dates of Asia/Shanghai."
    ),
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False},
    "COMPONENT_SPLIT_REQUEST": True,
    # Fields of one name whose words differ.
    "ENUM_NAME_OVERRIDES": {
        "EpisodeState": "cases.rules.STATES.items",
        "TestState": "cases.api.shapes.TEST_STATE_CHOICES",
        "HomeCheck": "cases.rules.HOME_CHECKS.items",
        "HomeCheckFound": "cases.api.inputs.CHECKED",
        "Result": "cases.api.shapes.GIVEN_RESULTS",
        "ResultEntered": "cases.api.inputs.ENTERED_RESULTS",
        "ContactKind": "cases.rules.CONTACT_KINDS.items",
        "FoundWhere": "zones.rules.FOUND_WHERE.items",
        "Purpose": "zones.rules.PURPOSES.items",
        "SealState": "zones.rules.SEAL_STATES.items",
        "WiderReason": "zones.rules.WIDER_REASONS.items",
        "ProposalState": "zones.zone_shapes.PROPOSAL_STATES",
        "VerdictEnum": "cases.api.shapes.ANSWERED",
        "TracedVerdict": "cases.actions.judging.VERDICTS.items",
        "NeedKind": "supplies.rules.needs.NEED_KINDS.items",
        "NeedState": "supplies.rules.needs.NEED_STATES.items",
        "NeedStepKind": "supplies.rules.needs.NEED_EVENT_KINDS.items",
        "ComplaintState": "complaints.rules.handling.STATES.items",
        "ComplaintStepKind": "complaints.api.shapes.STEP_CHOICES",
        "ComplaintAnswerKind": "complaints.api.shapes.ANSWER_KINDS",
    },
    "TAGS": [
        {"name": "persons", "description": "Files of people; numbers are always masked."},
        {
            "name": "episodes",
            "description": "The time of a person under a rule, until release.",
        },
        {"name": "tests", "description": "Nucleic acid tests: planned, sampled, answered."},
        {
            "name": "infections",
            "description": "Infected people: stays, contacts, what is sealed because of them.",
        },
        {"name": "zones", "description": "High-risk zones and the clock of each unit; reading is public."},
        {
            "name": "needs",
            "description": "What people behind a closed door need, from request to door; no names.",
        },
        {
            "name": "complaints",
            "description": "Complaints of over-enforcement: filed, followed, handled; never who complained.",
        },
        {"name": "places", "description": "Areas, offices, compounds, buildings, units, sites and rooms."},
        {"name": "policy", "description": "What the rules allow; public, nothing is stored."},
    ],
}

# -- Admin site ------------------------------------------------------------------------------------------

UNFOLD = unfold.UNFOLD

# -- Mail ------------------------------------------------------------------------------------------------

_mail = env.email_url("EMAIL_URL", default="smtp://localhost:25" if PRODUCTION else "consolemail://")
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_HOST = _mail["EMAIL_HOST"]
EMAIL_PORT = _mail["EMAIL_PORT"]
EMAIL_HOST_USER = _mail["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = _mail.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _mail.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = _mail.get("EMAIL_FILE_PATH") or None
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="jiefeng@localhost")

# -- Channels: nothing leaves the machine by one that is not configured (docs/channels.md) ---------------

EMAIL_ON = bool(env.str("EMAIL_URL", default=""))
"""Digests to staff go out by e-mail only where a mail server is named, not to a console or a guess."""
SMS_URL = env.str("SMS_URL", default="")
"""Gateway of the SMS provider: takes POST {"id", "to", "text"} and drops an id that it knows already."""
SMS_TOKEN = env.str("SMS_TOKEN", default="")
SMS_TEMPLATES: dict[str, str] = env.dict("SMS_TEMPLATES", default={})
"""The provider's approved templates by kind of message: `test_tomorrow=SMS_1001,released=SMS_1002`."""
HEALTH_CODE_URL = env.str("HEALTH_CODE_URL", default="")
HEALTH_CODE_SECRET = env.str("HEALTH_CODE_SECRET", default="")
"""Key of the HMAC-SHA256 signature over what is sent to the health-code system."""
if HEALTH_CODE_URL and len(HEALTH_CODE_SECRET) < 16:
    raise ImproperlyConfigured("HEALTH_CODE_URL also needs HEALTH_CODE_SECRET, of at least 16 characters.")
GROUP_BOT_SCHEMES = env.list("GROUP_BOT_SCHEMES", default=["wecombot", "dingtalk", "feishu", "lark"])
"""What a supervisor may enter as a group bot: whatever else apprise can reach stays out of reach."""
CHANNEL_CONNECT_TIMEOUT = env.float("CHANNEL_CONNECT_TIMEOUT", default=3.0)
CHANNEL_READ_TIMEOUT = env.float("CHANNEL_READ_TIMEOUT", default=10.0)

# -- Celery: the schedule stands in config/celery.py -------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost//"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {
        # A worker that died gives its tasks back after this; the sweeps are safe twice, so soon.
        "visibility_timeout": 600,
        "socket_connect_timeout": 3,
        "socket_timeout": 10,
    }
    if REDIS_URL
    else {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "control_folder": str(BROKER_DIR / "control"),
        "processed_folder": str(BROKER_DIR / "processed"),
        "store_processed": False,
    }
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_BACKEND = None
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = TIME_ZONE
CELERY_ENABLE_UTC = True
# Acknowledged when done: a task whose worker was killed is delivered again. Truth is in the database, so
# what a broker loses all the same costs the minute until the next sweep.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 480
CELERY_TASK_TIME_LIMIT = 540
"""Below the visibility timeout, so that a task is never running in two workers."""
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 2, "interval_start": 0, "interval_step": 0.2}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = PRODUCTION
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR / "beat-schedule")
CELERY_BEAT_MAX_LOOP_INTERVAL = 30

# -- Logs ------------------------------------------------------------------------------------------------

LOGGING = logging_config(
    as_json=env.bool("LOG_JSON", default=PRODUCTION), level=env.str("LOG_LEVEL", default="INFO")
)
LOGGING_CONFIG = "logging.config.dictConfig"
