"""Django settings: reads `environment`, decides nothing that the environment should decide."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import dj_database_url
import django_stubs_ext
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from redis.backoff import NoBackoff
from redis.retry import Retry

from pairly.embedded import paths as embedded_paths
from pairly.embedded import secrets as embedded_secrets

from . import environment as e
from . import files
from .environment import *  # noqa: F403 - product parameters are settings under their own names
from .logs import LOGGING as LOGGING

django_stubs_ext.monkeypatch()  # generic Django classes may be subscripted: ModelAdmin[User]

BASE_DIR = e.BASE_DIR
VAR_DIR = e.VAR_DIR
DEBUG = e.DEBUG
SHOW_DESIGN = e.SHOW_DESIGN  # the page /design/

EMBEDDED_DATABASE = not e.DATABASE_URL
EMBEDDED_REDIS = not e.REDIS_URL

# -- secrets: given, or generated once on a fresh machine ---------------------------------------------
_generated = embedded_secrets.ensure(VAR_DIR) if EMBEDDED_DATABASE else {}


def _secret(name: str) -> str:
    value = getattr(e, name) or _generated.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"environment variable {name} is required when DATABASE_URL is set")
    return str(value)


SECRET_KEY = _secret("SECRET_KEY")
JWT_SECRET = _secret("JWT_SECRET")
E2E_SERVER_KEYS = _secret("E2E_SERVER_KEYS")
FIELD_ENCRYPTION_KEY = _secret("FIELD_ENCRYPTION_KEY")
WEB_PUSH_KEY = _secret("WEB_PUSH_KEY")
STRIPE_WEBHOOK_SECRET = _secret("STRIPE_WEBHOOK_SECRET")

# -- payments -------------------------------------------------------------------------------------------
USE_PAYMENT_SANDBOX = not e.STRIPE_SECRET_KEY
STRIPE_SECRET_KEY = e.STRIPE_SECRET_KEY or "sk_test_sandbox"
STRIPE_API_BASE = e.STRIPE_API_BASE or (f"http://127.0.0.1:{e.SANDBOX_PORT}" if USE_PAYMENT_SANDBOX else "")

# Razorpay may be left out: then nobody is offered it. With its key goes all the rest.
_razorpay_notices = e.RAZORPAY_WEBHOOK_SECRET or (
    "" if e.RAZORPAY_KEY_ID else _generated.get("RAZORPAY_WEBHOOK_SECRET", "")
)
USE_RAZORPAY_SANDBOX = USE_PAYMENT_SANDBOX and not e.RAZORPAY_KEY_ID and bool(_razorpay_notices)
RAZORPAY_KEY_ID = e.RAZORPAY_KEY_ID or ("rzp_test_sandbox" if USE_RAZORPAY_SANDBOX else "")
RAZORPAY_KEY_SECRET = e.RAZORPAY_KEY_SECRET or ("sandbox" if USE_RAZORPAY_SANDBOX else "")
RAZORPAY_WEBHOOK_SECRET = _razorpay_notices
RAZORPAY_API_BASE = e.RAZORPAY_API_BASE or (
    f"http://127.0.0.1:{e.SANDBOX_PORT}/razorpay" if USE_RAZORPAY_SANDBOX else ""
)
if e.RAZORPAY_KEY_ID and not (RAZORPAY_KEY_SECRET and RAZORPAY_WEBHOOK_SECRET):
    raise ImproperlyConfigured("RAZORPAY_KEY_SECRET and RAZORPAY_WEBHOOK_SECRET are required with RAZORPAY_KEY_ID")
STRIPE_CONNECT_WEBHOOK_SECRET = e.STRIPE_CONNECT_WEBHOOK_SECRET
RAZORPAYX_ACCOUNT_NUMBER = e.RAZORPAYX_ACCOUNT_NUMBER or ("2323230000000000" if USE_RAZORPAY_SANDBOX else "")
# Where a form of ours may lead to in the end: browsers hold its redirects against the policy too.
_STRIPE_PAGES = ["https://checkout.stripe.com", "https://accounts.stripe.com", "https://connect.stripe.com"]
_PAY_PAGES = [STRIPE_API_BASE] if USE_PAYMENT_SANDBOX else _STRIPE_PAGES
if e.RAZORPAY_KEY_ID:
    _PAY_PAGES += ["https://rzp.io", "https://*.razorpay.com"]  # a Payment Link is a short address that leads there

# -- the application ------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "daphne",
    "pairly.site.admin_config.StaffAdminConfig",  # django.contrib.admin, behind our own doors
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "corsheaders",
    "csp",
    "django_htmx",
    "django_otp",
    "django_otp_webauthn",
    "pairly",
    "pairly.site",
    "pairly.outbox",
    "security",
    "users",
    "credits",
    "profiles",
    "messaging",
    "payments",
    "moderation",
]

# Outermost first. Files of `static/` are answered above what counts, limits and signs in.
MIDDLEWARE = [
    "pairly.layers.request_log.RequestLogMiddleware",
    "pairly.layers.policy.PolicyMiddleware",
    "pairly.layers.headers.HeadersMiddleware",  # of every answer, also of the refusals below
    "corsheaders.middleware.CorsMiddleware",  # also refusals can be read by the origins that may call
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "pairly.layers.limits.BanMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "users.middleware.SignInSessionMiddleware",
    "pairly.layers.limits.LimitMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "pairly.site.middleware.ProblemMiddleware",
]

ROOT_URLCONF = "pairly.urls"
ASGI_APPLICATION = "pairly.asgi.application"
AUTH_USER_MODEL = "users.User"
LOGIN_URL = "users:sign-in"
LOGIN_REDIRECT_URL = "site:home"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "pairly.site.context_processors.site",
            ],
        },
    },
]

# -- database ----------------------------------------------------------------------------------------------
_role = "owner" if e.DATABASE_ROLE == "owner" else "app"
_database_url = embedded_paths.database_url(VAR_DIR, role=_role) if EMBEDDED_DATABASE else e.DATABASE_URL
if not EMBEDDED_DATABASE and _role == "owner":
    _database_url = e.DATABASE_OWNER_URL or e.DATABASE_URL


def _database(url: str) -> dict[str, Any]:
    parsed: dict[str, Any] = dict(dj_database_url.parse(url))
    options: dict[str, Any] = {**parsed.get("OPTIONS", {}), "connect_timeout": 2, "prepare_threshold": 1}
    options["server_side_binding"] = True
    # The pool queues requests for a connection; a PoolTimeout becomes 503 (pairly.common.problems).
    options["pool"] = {"min_size": 1, "max_size": e.DATABASE_POOL_SIZE, "timeout": 30}
    return {**parsed, "ENGINE": "pairly.common.postgres", "CONN_MAX_AGE": 0, "OPTIONS": options}


DATABASES = {"default": _database(_database_url)}
if e.DATABASE_POOLED:  # a cursor WITH HOLD would outlive the transaction that its connection is lent for
    DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True
if not e.DATABASE_PREPARE:
    DATABASES["default"]["OPTIONS"]["prepare_threshold"] = None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- Redis: cache, limits, channel layer, Celery broker ------------------------------------------------------
REDIS_URL = embedded_paths.redis_url(VAR_DIR) if EMBEDDED_REDIS else e.REDIS_URL
# How long a request waits for Redis before it goes on without.
REDIS_TIMEOUT_SECONDS = e.env.float("REDIS_TIMEOUT_SECONDS", 1.0)
REDIS_PREFIX = e.env.str("REDIS_PREFIX", "pairly")
# How often a process tells Redis who is about; 0: never by itself.
PRESENCE_FLUSH_SECONDS = e.env.float("PRESENCE_FLUSH_SECONDS", 10.0)

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": REDIS_PREFIX,
        "OPTIONS": {
            "socket_timeout": REDIS_TIMEOUT_SECONDS,
            "socket_connect_timeout": REDIS_TIMEOUT_SECONDS,
            "retry": Retry(NoBackoff(), 0),
        },
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "pairly.common.channel_layer.PublishingChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": f"{REDIS_PREFIX}:channels"},
    }
}
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": f"{REDIS_PREFIX}:celery:",
    "socket_timeout": REDIS_TIMEOUT_SECONDS,
    "socket_connect_timeout": REDIS_TIMEOUT_SECONDS,
    # A request that finds no broker must not wait for one: sweepers repeat what was not enqueued.
    "max_retries": 0,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TIMEZONE = "UTC"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE = {
    "credits-void-overdue-holds": {"task": "messaging.void_overdue_holds", "schedule": 15.0},
    "messaging-settle-answers": {"task": "messaging.settle_answers", "schedule": 60.0},
    "messaging-tell-expiring-holds": {"task": "messaging.tell_expiring_holds", "schedule": 60.0},
    "credits-roll-up": {"task": "credits.roll_up", "schedule": 30.0},
    "credits-fund-reserve": {"task": "credits.fund_reserve", "schedule": 3600.0},
    "credits-refresh-caps": {"task": "credits.refresh_caps", "schedule": 60.0},
    "credits-check-ledger": {"task": "credits.check_ledger", "schedule": 600.0},
    "credits-check-ledger-in-full": {
        "task": "credits.check_ledger",
        "schedule": crontab(hour=2, minute=30),
        "kwargs": {"is_full": True},
    },
    "messaging-sweep-unpushed": {"task": "messaging.sweep_unpushed", "schedule": 10.0},
    "payments-sweep-events": {"task": "payments.sweep_events", "schedule": 30.0},
    "payments-reconcile": {"task": "payments.reconcile", "schedule": 300.0},
    "payments-compare-days": {"task": "payments.compare_days", "schedule": 3600.0},
    "payments-sweep-shop-files": {"task": "payments.sweep_shop_files", "schedule": 6 * 3600.0},
    "payments-sweep-payouts": {"task": "payments.sweep_payouts", "schedule": 60.0},
    "payments-sweep-paid-payouts": {"task": "payments.sweep_paid_payouts", "schedule": 3600.0},
    "outbox-retain": {"task": "outbox.retain", "schedule": 3600.0},
    "outbox-deliver": {"task": "outbox.deliver", "schedule": 10.0},
    # -- second step and second factor
    # -- passkeys
    # -- devices, lockout, approval
    "security-score-recent": {"task": "security.score_recent", "schedule": 60.0},
    "credits-report-spending": {"task": "credits.report_spending", "schedule": 60.0},
    "security-retain": {"task": "security.retain", "schedule": 3600.0},
    "users-retain": {"task": "users.retain", "schedule": 3600.0},
    # -- staff accounts and lost factors
    "users-finish-recoveries": {"task": "users.finish_recoveries", "schedule": 60.0},
    # -- privacy and suspension
    "users-end-suspensions": {"task": "users.end_suspensions", "schedule": 60.0},
    "users-erase-due": {"task": "users.erase_due", "schedule": 600.0},
    "users-sweep-exports": {"task": "users.sweep_exports", "schedule": 300.0},
    # -- e-mail address
    # -- pictures
    "profiles-sweep-stray-files": {"task": "profiles.sweep_stray_files", "schedule": 6 * 3600.0},
    # -- verifications
    "moderation-sweep-verifications": {"task": "moderation.sweep_verifications", "schedule": 300.0},
    # -- organisations
    "moderation-send-deliveries": {"task": "moderation.send_deliveries", "schedule": 30.0},
    "moderation-sweep-deliveries": {"task": "moderation.sweep_deliveries", "schedule": 3600.0},
    # -- reports, sanctions, appeals
    "moderation-sweep-reports": {"task": "moderation.sweep_reports", "schedule": 3600.0},
    # -- analytics
    "moderation-count-days": {"task": "moderation.count_days", "schedule": crontab(hour=0, minute=20)},
    # -- blocks
    # -- notifications
    "users-write-digests": {"task": "users.write_digests", "schedule": 300.0},
    "users-forget-notifications": {"task": "users.forget_notifications", "schedule": 3600.0},
    # -- web push and announcements
    "users-spread-announcements": {"task": "users.spread_announcements", "schedule": 60.0},
    # -- people one knows
    # -- visits and facts
    "profiles-count-facts": {"task": "profiles.count_facts", "schedule": 3600.0},
    "profiles-flush-looks": {"task": "profiles.flush_looks", "schedule": 30.0},
    "profiles-retain-visits": {"task": "profiles.retain_visits", "schedule": 3600.0},
    # -- attachments
    "messaging-expire-attachments": {"task": "messaging.expire_attachments", "schedule": 900.0},
    "messaging-sweep-attachments": {"task": "messaging.sweep_attachments", "schedule": 6 * 3600.0},
    # -- presence and visibility
    "messaging-start-due-plans": {"task": "messaging.start_due_plans", "schedule": 15.0},
    "messaging-move-presence": {"task": "messaging.move_presence", "schedule": 30.0},
    # -- keys
    "messaging-sweep-approvals": {"task": "messaging.sweep_approvals", "schedule": 3600.0},
}

# -- identity ----------------------------------------------------------------------------------------------
PASSWORD_HASHERS = [
    "users.hashers.Argon2idHasher",
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
    "django.contrib.auth.hashers.BCryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "name"]},  # Django's own list has no `name`
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "users.password_validators.GuessablePasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
# Passkeys are bound to the host name of PUBLIC_URL. An address is no name: on one's own machine they work at
# http://localhost:PORT (Web Authentication, section 5.1.2: the RP ID is a domain).
_public = urlsplit(e.PUBLIC_URL)
_is_local = _public.hostname in ("127.0.0.1", "localhost", "::1")
OTP_WEBAUTHN_RP_ID = "localhost" if _is_local else str(_public.hostname)
OTP_WEBAUTHN_RP_NAME = "Pairly"
OTP_WEBAUTHN_ALLOWED_ORIGINS = [f"{_public.scheme}://localhost:{_public.port}" if _is_local else e.PUBLIC_URL]
SILENCED_SYSTEM_CHECKS = ["otp_webauthn.E031"] if _is_local else []  # browsers take http on their own machine only
SESSION_ENGINE = "users.session_store"  # rows in PostgreSQL, cached in Redis while it answers
SECURE_COOKIES = e.PUBLIC_URL.startswith("https://")
# With the prefix a browser takes the cookie from this very host only, over TLS, for the path "/" (RFC 6265bis, 4.1.3).
_cookie_prefix = "__Host-" if SECURE_COOKIES else ""
SESSION_COOKIE_NAME = f"{_cookie_prefix}pairly_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = e.SESSION_ABSOLUTE_DAYS * 24 * 3600
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
CSRF_COOKIE_NAME = f"{_cookie_prefix}pairly_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
DEVICE_COOKIE_NAME = f"{_cookie_prefix}pairly_device"
CSRF_TRUSTED_ORIGINS = e.CSRF_TRUSTED_ORIGINS
ALLOWED_HOSTS = e.ALLOWED_HOSTS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
# Behind a proxy only: it writes this header itself, and drops what a client wrote (deploy/nginx/proxy.conf).
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if e.TRUSTED_PROXY_COUNT else None
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_COOKIES else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_COOKIES
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = e.JSON_BODY_MAX_BYTES
APPEND_SLASH = False

CORS_ALLOWED_ORIGINS = e.CORS_ORIGINS
CORS_URLS_REGEX = r"^/api/.*$"
CORS_EXPOSE_HEADERS = ["ETag", "Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"]
CORS_ALLOW_HEADERS = ["accept", "authorization", "content-type", "idempotency-key", "if-match", "x-csrftoken"]

# Where files come from: this site, and the CDN if there is one.
_cdn = urlsplit(e.CDN_BASE_URL)
_files = ["'self'", *([f"{_cdn.scheme}://{_cdn.netloc}"] if e.CDN_BASE_URL else [])]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": _files,
        "style-src": _files,
        "img-src": list(dict.fromkeys([*_files, *files.public_origin(), "data:", "blob:"])),
        "font-src": _files,
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "worker-src": ["'self'"],
        "form-action": ["'self'", *_PAY_PAGES],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        # No script turns text into HTML or code, on any page of ours: the browser refuses it.
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["pairly-worker"],  # frontend/src/worker.ts: gives out one address, the worker's
        "upgrade-insecure-requests": SECURE_COOKIES,
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "users.authentication.AccessTokenAuthentication",
        "users.authentication.CookieSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["pairly.common.json_bodies.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "pairly.common.openapi.Operation",
    "DEFAULT_PAGINATION_CLASS": "pairly.common.pagination.CursorPages",
    "PAGE_SIZE": 30,
    "EXCEPTION_HANDLER": "pairly.common.problems.handle_exception",
    "URL_FORMAT_OVERRIDE": None,  # ?format= is ours, where an endpoint has it
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Pairly",
    "DESCRIPTION": "Fans pay credits to write to creators in end-to-end-encrypted chat.",
    "VERSION": "v1",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "PREPROCESSING_HOOKS": ["pairly.common.openapi.only_canonical"],
    "POSTPROCESSING_HOOKS": [
        "pairly.site.api_document.add_plain_paths",
        "pairly.common.openapi.add_shared_components",
    ],
}

# -- language, time ----------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("hi", _("Hindi")), ("ar", _("Arabic"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# -- files and mail ------------------------------------------------------------------------------------------
STATIC_URL = f"{e.CDN_BASE_URL}/static/" if e.CDN_BASE_URL else "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns when it is not there
STATICFILES_DIRS = [("app", BASE_DIR / "frontend" / "dist")]
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR_DIR / "media"
STORAGES = {
    **files.storages(),
    # Hashed names that browsers may keep for ever, compressed beforehand. esbuild's chunks bear a hash already.
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_ALLOW_ALL_ORIGINS = bool(e.CDN_BASE_URL)  # fonts and modules from another host need it
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder", "pairly.site.finders.AppFiles"]
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["webp", "png", "jpg", "gif", "woff2", "gz", "br", "map"]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_IMMUTABLE_FILE_TEST = r"^.+(\.[0-9a-f]{12}\..+|/chunks/.+-[0-9A-Z]{8}\.js)$"

if e.EMAIL_URL:
    vars().update(e.env.dj_email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR_DIR / "mail"
EMAIL_TIMEOUT = 5

# -- web push: the push services of the browsers there are; "*." stands for one or more names in front -------------
WEB_PUSH_HOSTS = [
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "*.push.services.mozilla.com",
    "*.notify.windows.com",
    "web.push.apple.com",
]
WEB_PUSH_EXTRA_HOSTS = e.WEB_PUSH_EXTRA_HOSTS
WEBHOOK_EXTRA_HOSTS = e.WEBHOOK_EXTRA_HOSTS
DEFAULT_FROM_EMAIL = e.DEFAULT_FROM_EMAIL
