"""All settings, in one file. What differs between machines comes from the environment, read strictly."""

import os
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config import env

BASE_DIR = Path(__file__).resolve().parent.parent

EMBEDDED = env.flag("TIANDI_EMBEDDED")  # one process on a developer's machine or a demo, started by ./dev up
DEBUG = env.flag("DEBUG")
SECRET_KEY = env.secret("SECRET_KEY", at_least=40)
SEALING_KEYS = env.fernet_keys("SEALING_KEYS")  # the first seals, all open
FINGERPRINT_KEY = env.secret("FINGERPRINT_KEY")
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]" if EMBEDDED else "")
if not EMBEDDED:
    if DEBUG:
        raise ImproperlyConfigured("DEBUG is on. It shows settings to strangers; it is for ./dev up only.")
    if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
        raise ImproperlyConfigured("ALLOWED_HOSTS must name the hosts served, and cannot be '*'.")

INSTALLED_APPS = [
    "events",
    "merchants",
    "notifications",
    "ledger",
    "stores",
    "catalog",
    "guides",
    "members",
    "orders",
    "coupons",
    "commissions",
    "insights",
    "flows",
    "dashboard",
    "workbench",
    "storefront",
    "api",
    "components",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
]

MIDDLEWARE = [
    "components.reference.RequestReference",
    "config.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "merchants.middleware.PrivatePages",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "merchants.middleware.StorableText",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "components.redirects.WholePageRedirects",
    "components.redirects.PostedLeadsUp",
    "merchants.middleware.SignInRequired",
    "allauth.account.middleware.AccountMiddleware",
    "notifications.middleware.StreamHead",
    "merchants.middleware.ActingMerchant",
    "merchants.middleware.Refusals",
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
                "components.context.look",
            ],
        },
    },
]

# --- PostgreSQL, and Redis for what may be lost ---

# The application's role owns nothing; the owner's role migrates (manage.py chooses it by command).
DATABASE_ROLE = os.environ.get("TIANDI_DATABASE_ROLE", "app")
DATABASES = {
    "default": env.database(env.text("OWNER_DATABASE_URL" if DATABASE_ROLE == "owner" else "DATABASE_URL"))
    | {"CONN_MAX_AGE": env.number("CONN_MAX_AGE", 60), "CONN_HEALTH_CHECKS": True}
}
APP_DATABASE_ROLE = env.database(env.text("DATABASE_URL"))["USER"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL", "") if EMBEDDED else env.text("REDIS_URL")
if REDIS_URL:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL], "prefix": "tiandi"},
        }
    }
    CELERY_BROKER_URL = REDIS_URL
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    CHANNEL_LAYERS = {"default": {"BACKEND": "config.channel_layer.OneProcessChannelLayer"}}
    CELERY_BROKER_URL = "memory://localhost/"
    CELERY_BROKER_TRANSPORT_OPTIONS = {"polling_interval": 0.05}  # seconds; the default, 1, is felt on a page

# --- work behind the pages: every task may run twice, none may be lost ---

CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_IMPORTS = ["flows.signing_in_tasks", "flows.rails"]
CELERY_BEAT_SCHEDULE = {  # seconds
    "ring-everyone": {"task": "flows.tasks.ring_everyone", "schedule": 10.0},
    "expire-coupons": {"task": "coupons.tasks.expire_coupons", "schedule": 300.0},
    "sweep-commissions": {"task": "flows.settlement.sweep", "schedule": 600.0},
    "close-days": {"task": "flows.settlement.close_days", "schedule": 300.0},
    "look-at-bills": {"task": "flows.settlement.look_at_bills", "schedule": 3600.0},
    "ring-rails": {"task": "flows.rails.ring_rails", "schedule": 60.0},
    "roll-snapshots": {"task": "ledger.tasks.roll_snapshots", "schedule": 60.0},
    "prove-books": {"task": "ledger.tasks.prove_books", "schedule": 900.0},
    "open-months": {"task": "ledger.tasks.open_months", "schedule": 3600.0},
    "forget-answers": {"task": "api.tasks.forget_answers", "schedule": 3600.0},
    "forget-expired": {"task": "flows.signing_in_tasks.forget_expired", "schedule": 3600.0},
}

# --- people ---

AUTH_USER_MODEL = "merchants.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "merchants.passwords.LongEnough"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
SESSION_ENGINE = "merchants.sealed_sessions"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "landing"

# Staff sign in through allauth: e-mail and password at headquarters, phone and code in the stores. Nobody
# signs up, yet allauth reads from the sign-up fields what a sign-in may use: a starred phone would abort the
# sign-in of users without one, and without password1 the password form would send codes instead.
ACCOUNT_ADAPTER = "flows.signing_in.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "flows.signing_in.PasswordForm",
    "request_login_code": "flows.signing_in.RequestCodeForm",
    "confirm_login_code": "flows.signing_in.ConfirmCodeForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SIGNUP_FIELDS = ["email", "phone", "password1*"]
ACCOUNT_LOGIN_METHODS = {"email", "phone"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = 9
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 900  # seconds on the page; the code itself lives as members.phone_codes says
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {"request_login_code": "20/m/ip"}  # by phone, members.phone_codes limits
MFA_ADAPTER = "flows.signing_in.SecondStepAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
SILENCED_SYSTEM_CHECKS = [
    "account.W001",  # it wants a starred sign-up field; there is no sign-up
    "security.W021",  # being on the browsers' preload list is for the site's owner to ask
]

# --- text messages ---

SMS_BACKEND = env.text("SMS_BACKEND", "notifications.sms.Console" if EMBEDDED else None)
if not EMBEDDED and SMS_BACKEND == "notifications.sms.Console":
    raise ImproperlyConfigured("SMS_BACKEND writes codes to the log, which only embedded mode may do.")
if SMS_BACKEND == "notifications.sms.Gateway":
    SMS_GATEWAY_URL = env.text("SMS_GATEWAY_URL")
    SMS_GATEWAY_TOKEN = env.secret("SMS_GATEWAY_TOKEN", at_least=16)

# --- payouts ---

WECHAT_PAY_URL = env.text("WECHAT_PAY_URL", "https://api.mch.weixin.qq.com")
if not EMBEDDED and not WECHAT_PAY_URL.startswith("https://"):
    raise ImproperlyConfigured("WECHAT_PAY_URL is not https: names and openids would travel open.")

# --- the API of the merchants' systems; its pages are served from the package's own files ---

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["api.authentication.KeyAuthentication"],
    "DEFAULT_PARSER_CLASSES": ["api.parsing.JsonParser"],
    "DEFAULT_RENDERER_CLASSES": ["api.rendering.JsonRenderer"],
    "DEFAULT_SCHEMA_CLASS": "api.schema.CallSchema",
    "EXCEPTION_HANDLER": "api.errors.answer",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Tiandi",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SORT_OPERATIONS": False,
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "api.schema.describe"],
    "PATH_CONVERTER_OVERRIDES": {"ref": {"type": "string"}, "code": {"type": "string"}},
    "ENUM_NAME_OVERRIDES": {
        "SettlementState": "commissions.progress.Stage",
        "StoreKind": "stores.models.Store.Kind",
        "StoreStatus": "stores.models.Store.Status",
        "ActiveOrLeft": "members.models.Member.Status",
        "CampaignKind": "coupons.models.Campaign.Kind",
        "CampaignState": "coupons.models.Campaign.State",
        "CouponState": "coupons.models.Coupon.State",
        "TenderPlace": "orders.models.Tender.Place",
        "TopUpPlace": "members.models.TopUp.Place",
        "PartyKind": "merchants.models.Party.Kind",
        "PayoutState": "commissions.models.Payout.State",
        "PayoutRail": "commissions.models.Payout.Rail",
        "OrderStatus": ["paid", "partly_refunded", "refunded"],
        "RefundStatus": ["refunded", "parked"],
        "ShareState": ["pending", "settled"],
        "BearerRole": ["brand", "store", "channel", "platform"],
        "RuleRole": "commissions.models.Rule.Role",
        "ChannelEnum": "orders.models.Order.Channel",
        "PayeeKind": ["guide", "store", "brand", "platform"],
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
API_CALLS_PER_MINUTE = env.number("API_CALLS_PER_MINUTE", 6000)  # of each key

# --- languages and time ---

LANGUAGE_COOKIE_AGE = 365 * 24 * 3600  # as long as the theme is remembered
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

# --- what the browser is told ---

HTTPS_ONLY = env.flag("HTTPS_ONLY", default=not EMBEDDED)
SECURE_SSL_REDIRECT = HTTPS_ONLY
SECURE_HSTS_SECONDS = 365 * 86400 if HTTPS_ONLY else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS_ONLY
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS_ONLY
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "components.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = env.items("CSRF_TRUSTED_ORIGINS")
BEHIND_PROXY = env.flag("BEHIND_PROXY")  # only where a proxy of ours writes these headers
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],  # the page's own websockets included
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(BASE_DIR / "var" / "static")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
        if EMBEDDED  # compressing takes seconds and saves none on loopback
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- logs: to the console, without phone numbers ---

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "discreet": {
            "()": "config.logs.DiscreetFormatter",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        }
    },
    "filters": {"refusals": {"()": "config.logs.RefusalInOneLine"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "discreet", "filters": ["refusals"]}
    },
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # On a developer's terminal the clock and its tasks would drown what somebody wants to read.
        "celery": {"level": "WARNING" if EMBEDDED else "INFO"},
        "uvicorn": {"level": "WARNING" if EMBEDDED else "INFO"},
    },
}
