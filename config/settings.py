"""The one settings file. Everything that differs between hosts comes from the environment, strictly typed.

A missing secret or a misspelled value stops the start. Any variable `NAME` may be given as `NAME_FILE`,
a path to a file that holds the value (Docker and Kubernetes secrets).
"""

import os
from pathlib import Path

from django.templatetags.static import static
from django.urls import reverse_lazy

from config import content_policy
from config.env import Env
from config.logs import log_settings
from config.public import refuse_unsafe
from config.queues import ROUTES, schedule
from config.rest import SPECTACULAR, rest_framework
from config.web.doors import doors

env = Env()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = env.path("TOUCHSTONE_VAR", BASE_DIR / "var")
EMBEDDED = env.bool("TOUCHSTONE_EMBEDDED", False)
# Texts, models and logs are for this account alone, whichever process writes them.
os.umask(0o077)

SECRET_KEY = env.str("SECRET_KEY")
DEBUG = env.bool("DEBUG", False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", [])

refuse_unsafe(SECRET_KEY, DEBUG, ALLOWED_HOSTS)

# Behind a proxy that ends TLS set HTTPS=true: cookies become secure and plain requests are redirected.
HTTPS = env.bool("HTTPS", False)
# Whose X-Forwarded-For and X-Forwarded-Proto are believed: the proxy's address, or * where nobody else gets here.
TRUSTED_PROXY = env.str("TRUSTED_PROXY", "127.0.0.1" if HTTPS else "")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
CSRF_FAILURE_VIEW = "config.refusals.csrf_failure"
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", 31_536_000 if HTTPS else 0)
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# The path below which a proxy shows it, such as /label; the proxy may pass it on or take it off.
PATH_PREFIX = env.prefix("SCRIPT_NAME")
FORCE_SCRIPT_NAME = PATH_PREFIX or None
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = f"{PATH_PREFIX}/"
CONTENT_SECURITY_POLICY = {"DIRECTIVES": content_policy.PAGES}

# Shows /readyz in full to who sends it as `Authorization: Bearer`, such as a monitor.
HEALTH_KEY = env.str("HEALTH_KEY", "")

INSTALLED_APPS = [
    "unfold",
    # Before Django's own, whose commands it replaces.
    "labeling.apps.LabelingConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.usersessions",
    "pgtrigger",
    "django_htmx",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "config.apps.ConfigConfig",
    "training.apps.TrainingConfig",
    "deployment.apps.DeploymentConfig",
    "evaluation.apps.EvaluationConfig",
    "demo.apps.DemoConfig",
]

MIDDLEWARE = [
    # Before all that asks for a known host, TLS or the database.
    "config.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.RequestIdMiddleware",
    "config.middleware.PrivateAnswersMiddleware",
    "config.middleware.PatienceMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "labeling.login.middleware.SessionLimitsMiddleware",
    "config.middleware.UnsentWorkMiddleware",
    "config.once.OnceMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.sessions.LostSessionMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

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
                "training.context.workers",
            ],
        },
    }
]

DATABASES = {"default": env.database("DATABASE_URL")}
# What a page waits for, in seconds: a connection, a lock, a statement. Workers and commands wait as long as it takes.
DATABASE_CONNECT_SECONDS = env.int("DATABASE_CONNECT_SECONDS", 3)
DATABASE_LOCK_SECONDS = env.float("DATABASE_LOCK_SECONDS", 5.0)
DATABASE_STATEMENT_SECONDS = env.float("DATABASE_STATEMENT_SECONDS", 15.0)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "labeling.User"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "labeling:home"
LOGOUT_REDIRECT_URL = "account_login"
_VALIDATORS: dict[str, dict[str, int]] = {
    "UserAttributeSimilarityValidator": {},
    "MinimumLengthValidator": {"min_length": 10},
    "CommonPasswordValidator": {},
    "NumericPasswordValidator": {},
}
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in _VALIDATORS.items()
]
PASSWORD_HASHERS = ["labeling.login.hashing.BoundedHasher"]
# A link for a new password, mailed or made by an administrator, is valid so long.
PASSWORD_RESET_TIMEOUT = env.int("PASSWORD_LINK_SECONDS", 24 * 3600)

# A session ends when nothing was done for so long, and in any case so long after its log-in.
SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_SECONDS", 12 * 3600)
SESSION_ABSOLUTE_SECONDS = env.int("SESSION_ABSOLUTE_SECONDS", 7 * 24 * 3600)
SESSION_COOKIE_AGE = SESSION_ABSOLUTE_SECONDS

ACCOUNT_ADAPTER = "labeling.login.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
# allauth counts in the cache, whose loss must neither lock anybody out nor open the door: labeling/services/logins.py.
ACCOUNT_RATE_LIMITS = False
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105
ACCOUNT_FORMS = {
    "login": "labeling.login.forms.LoginForm",
    "change_password": "labeling.login.forms.ChangePasswordForm",
    "reset_password": "labeling.login.forms.ResetForm",
    "reset_password_from_key": "labeling.login.forms.SetPasswordForm",
    "user_token": "labeling.login.forms.LinkForm",
}

# --- mail: links for new passwords, news ----------------------------------------------------------------
PUBLIC_URL = env.str("PUBLIC_URL", "")
MAIL_IS_SET_UP = bool(env.str("EMAIL_URL", ""))
if MAIL_IS_SET_UP:
    globals().update(env.mail("EMAIL_URL"))
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", "touchstone@localhost")
EMAIL_TIMEOUT = 10
# News wait so long for others, so that one mail tells of all of them.
NEWS_MAIL_SECONDS = env.float("NEWS_MAIL_SECONDS", 180.0)

LANGUAGE_CODE = "en"
TIME_ZONE = env.str("TIME_ZONE", "UTC")
USE_I18N = True
USE_TZ = True

# In full: a relative one would be completed before any request says under which prefix it came.
STATIC_URL = f"{PATH_PREFIX}/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR_DIR / "media"
WHITENOISE_USE_FINDERS = EMBEDDED or DEBUG
# A record's form has a field for each value, and lists of rows; what bounds a form is the size of its body.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
# The folder of this host whose files may be imported by their path; empty: none.
IMPORT_FOLDER = env.str("IMPORT_FOLDER", "")
# Who makes projects beside administrators and whoever has Django's permission: `managers` of any project, or nobody.
PROJECT_MAKERS = env.one_of("PROJECT_MAKERS", ("managers", "administrators"))
# Whether an invitation of a manager makes an account for whoever has none.
INVITED_MAY_SIGN_UP = env.bool("INVITED_MAY_SIGN_UP", True)
# Days that the file of an export is kept.
EXPORT_DAYS = env.int("EXPORT_DAYS", 7)

# --- the loop's own folders ---------------------------------------------------------------------
RUNS_DIR = VAR_DIR / "runs"
MODELS_DIR = env.path("TOUCHSTONE_MODELS", VAR_DIR / "models")
# The folder of the sentence encoder, below the models.
ENCODER_DIR = MODELS_DIR / env.str("SENTENCE_ENCODER", "all-minilm-l6-v2")
ENCODER_THREADS = env.int("ENCODER_THREADS", 1)
# Indexes of nearest neighbours, a folder a project: made of what the database has, and made again when lost.
VECTORS_DIR = VAR_DIR / "vectors"
TOOLS_DIR = env.path("TOUCHSTONE_TOOLS", VAR_DIR / "tools")
DEPLOYMENTS_DIR = VAR_DIR / "deployments"
SNAPSHOTS_DIR = VAR_DIR / "snapshots"
ARTIFACTS_DIR = VAR_DIR / "artifacts"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "artifacts": {"BACKEND": "deployment.storage.ArtifactsFolder"},
}

# --- model servers ------------------------------------------------------------------------------
LOCAL_MODEL_SERVER_URL = env.str("LOCAL_MODEL_SERVER_URL", "")
LOCAL_MODEL_SERVER_KEY = env.str("LOCAL_MODEL_SERVER_KEY", "")
# What may be called as a model server: names, *.domains, networks. Empty: everything but link-local and metadata.
MODEL_SERVER_HOSTS = env.hosts("MODEL_SERVER_HOSTS", [])
# What webhooks may be sent to, likewise; empty: as MODEL_SERVER_HOSTS, and with neither not to this host itself.
WEBHOOK_HOSTS = env.hosts("WEBHOOK_HOSTS", [])
MODEL_REQUEST_TIMEOUT = env.float("MODEL_REQUEST_TIMEOUT", 120.0)
# What a web request waits for model servers in all, in seconds; predictions have their server's own limit.
WEB_PATIENCE = env.float("WEB_PATIENCE", 5.0)
# Requests of one web process that wait for model servers at once: fewer than its threads, the rest serve pages.
# Predictions leave one of these places, so that whoever moves versions or looks after servers finds one.
MODEL_CALLS = env.int("MODEL_CALLS", 6)

# --- Celery -------------------------------------------------------------------------------------
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL")
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = ROUTES
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_SOFT_TIME_LIMIT = env.int("TASK_SOFT_TIME_LIMIT", 1500)
CELERY_TASK_TIME_LIMIT = env.int("TASK_TIME_LIMIT", 1800)
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": env.int("VISIBILITY_TIMEOUT", 3600)}
SWEEP_SECONDS = env.float("SWEEP_SECONDS", 60.0)
WATCH_SECONDS = env.float("WATCH_SECONDS", 20.0)
REAP_SECONDS = env.float("REAP_SECONDS", 5.0)
CELERY_BEAT_SCHEDULE = schedule(SWEEP_SECONDS, WATCH_SECONDS, REAP_SECONDS)

# A lease is renewed eight times in LEASE_SECONDS, and lost after LEASE_SECONDS without a sign of life. With a round of
# REAP_SECONDS, another worker goes on within 30 seconds.
LEASE_SECONDS = env.float("LEASE_SECONDS", 20.0)
# A child process (engine, build step) that uses no processor time, reads nothing and writes nothing for so long hangs.
SILENCE_SECONDS = env.float("SILENCE_SECONDS", 120.0)
# The engine loads, or fetches, a base model: it says nothing before its first step.
ENGINE_LOADING_SECONDS = env.float("ENGINE_LOADING_SECONDS", 1800.0)

# --- REST ---------------------------------------------------------------------------------------
# A thousand texts of 16,000 bytes. Django's own limit of a body does not hold for what a parser reads.
API_MAX_BODY_BYTES = env.int("API_MAX_BODY_BYTES", 16_000_000)
UPLOAD_MAX_BYTES = env.int("UPLOAD_MAX_BYTES", 1_073_741_824)
DOORS = doors(API_MAX_BODY_BYTES, UPLOAD_MAX_BYTES)
# Pages of other sites whose scripts may read the API, such as https://tool.example.org; with a token, never a session.
CORS_ALLOWED_ORIGINS = env.list("CORS_ORIGINS", [])
CORS_URLS_REGEX = r"^/api/v1(/|$)"
CORS_ALLOW_HEADERS = ("accept", "authorization", "content-type", "idempotency-key", "if-match")
CORS_EXPOSE_HEADERS = ("ETag", "Location", "Retry-After", "Idempotency-Replayed", "X-Request-ID")

REST_FRAMEWORK = rest_framework(env.str("API_RATE", "6000/minute"))
SPECTACULAR_SETTINGS = SPECTACULAR

# Throttling counts in the broker's Redis: one count for all web processes.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.str("CACHE_URL", CELERY_BROKER_URL),
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    }
}

UNFOLD = {
    "SITE_TITLE": "Touchstone",
    "SITE_HEADER": "Touchstone",
    "SITE_SYMBOL": "diamond",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("img/mark.svg")}],
    "SITE_URL": reverse_lazy("labeling:home"),
    "SHOW_HISTORY": True,
    "SIDEBAR": {"show_search": True, "show_all_applications": True},
}

LOGGING = log_settings(env.str("LOG_LEVEL", "INFO"))

# Called by /readyz with a time limit in seconds; answers "ok" or what is wrong.
MODEL_SERVER_CHECK = "deployment.servers.health.check_servers"
