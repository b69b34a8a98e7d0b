"""
What the settings of every deployable share. A deployable's own file says which apps it runs and where its data is.

Every value comes from the environment; ``.env.example`` lists them all with their units.
"""

import os
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

import dj_database_url

from config.addresses import ROOT, Addresses, archive_directory, database_url, env, own_identity, partitions
from config.addresses import STATE as STATE
from config.log import VERSION as VERSION
from config.log import log_options
from config.services import NAMES, SCOPES, listeners_of, named
from config.tls import redis_by_tls
from ficus.auth.listening import PATH as REVOCATIONS
from ficus.configuration.store import fault as no_store
from ficus.discovery.registry import fault
from ficus.resilience.policies import InvalidPolicies
from ficus.resilience.policies import read as read_policies

SERVICE = os.environ["DJANGO_SETTINGS_MODULE"].split(".")[1]

DEVELOPMENT = env.development
addresses = Addresses.read(env)
# Who this process is to the others, and whom it believes; None: they speak without TLS. docs/tls.md
TLS = own_identity(env, SERVICE)
SCHEME = addresses.scheme
DEBUG = DEVELOPMENT and env.bool("DEBUG", False)

SECRET_KEY = env.secret(f"{SERVICE.upper()}_SECRET_KEY", f"development-only-{SERVICE}-{'x' * 40}")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
PUBLIC_URL = env.secret("PUBLIC_URL", f"{SCHEME}://{addresses.gateway}")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
CSRF_FAILURE_VIEW = "ficus.http.problems.csrf_failure"


def database(service: str) -> dict[str, Any]:
    """
    Return Django's settings for the service's one database.

    The address is read from ``<SERVICE>_DATABASE_URL``; in development the default is an SQLite file below ``var/``.
    """
    url = database_url(env, service)
    try:
        parsed: dict[str, Any] = dict(
            dj_database_url.parse(url or "sqlite://:memory:", conn_max_age=60, conn_health_checks=True)
        )
    except (ValueError, dj_database_url.ParseError) as error:
        env.reject(f"{service.upper()}_DATABASE_URL", str(error))
        return {}
    if parsed["ENGINE"] == "django.db.backends.sqlite3":
        STATE.mkdir(parents=True, exist_ok=True)
        parsed["OPTIONS"] = {
            "timeout": 5,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;",
        }
        parsed["TEST"] = {"NAME": str(STATE / f"test_{service}.sqlite3")}
    else:
        options = parsed.setdefault("OPTIONS", {})
        options.setdefault("connect_timeout", 3)
        # A process that is stopped amid a transaction must not keep its locks, a cursor's for one, for as long.
        options.setdefault("options", "-c idle_in_transaction_session_timeout=60s")
    return parsed


REDIS_URL = redis_by_tls(env.secret("REDIS_URL", f"redis{'s' * (TLS is not None)}://{addresses.redis}/0"), TLS)

# What is kept for a while, and never decided on (docs/caching.md): by each service for itself, in Redis and as JSON.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": SERVICE,
        "OPTIONS": {"serializer": "ficus.caching.redis.Json", "pool_class": "ficus.caching.redis.Pool"},
    }
}

# Who keeps the instances of services, under which names this process is registered there, and at which host it is
# reached where that is not what it binds to. Empty: nobody is registered; services are where the addresses below say.
DISCOVERY: dict[str, Any] = {
    "URL": redis_by_tls(env.str("DISCOVERY_URL", REDIS_URL if DEVELOPMENT else ""), TLS),
    "AS": [SERVICE],
    "HOST": env.str("DISCOVERY_HOST", ""),
}
if DISCOVERY["URL"] and (mistake := fault(DISCOVERY["URL"])):
    env.reject("DISCOVERY_URL", mistake)

# Who keeps what may change while processes run, where this machine keeps the last good of it, and whether others are
# called from here, so that it may be said how. Empty: defaults and the environment are all there is.
CONFIGURATION: dict[str, Any] = {
    "URL": env.str("CONFIGURATION_URL", REDIS_URL if DEVELOPMENT else ""),
    "KEPT_IN": str(STATE / "configuration"),
    "CALLS": True,
}
if CONFIGURATION["URL"] and (mistake := no_store(CONFIGURATION["URL"])):
    env.reject("CONFIGURATION_URL", mistake)

# Where the parts listen, and where the others find them. Loopback unless told otherwise.
URLS: dict[str, str] = {name: env.str(f"{name.upper()}_URL", f"{SCHEME}://{addresses.web(name)}") for name in NAMES}
UPSTREAMS_RPC: dict[str, str] = {name: env.str(f"{name.upper()}_RPC", addresses.rpc(name)) for name in NAMES}
# Under which name each has to show itself by TLS, wherever it is.
TLS_NAMES = {url: name for name, url in URLS.items()}

LIBRARY_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "ficus.auth.groups",
    "ficus.configuration",
    "ficus.discovery",
    "ficus.rpc",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ficus.http.middleware.RequestContext",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "ficus.auth.staff.StaffMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = f"config.{SERVICE}.urls"
WSGI_APPLICATION = f"config.{SERVICE}.wsgi.application"
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

# One Django per path prefix behind one front door: each keeps its static files and cookies under its own name.
STATIC_URL = f"/{SERVICE}/static/"
STATIC_ROOT = ROOT / "var" / "static" / SERVICE
# In development they are read from where they lie; an image has them collected below STATIC_ROOT.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEVELOPMENT
SESSION_COOKIE_NAME = f"{SERVICE}_session"
CSRF_COOKIE_NAME = f"{SERVICE}_csrf"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEVELOPMENT or TLS is not None
USE_X_FORWARDED_HOST = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"

AUTH_USER_MODEL = "ficus_auth.Person"
AUTHENTICATION_BACKENDS = ["ficus.auth.staff.RoleBackend"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["ficus.auth.rest.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer", "ficus.http.browsable.BrowsableRenderer"],
    "DEFAULT_PARSER_CLASSES": ["ficus.http.parsers.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "ficus.http.pagination.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "ficus.http.schema.Schema",
    "EXCEPTION_HANDLER": "ficus.http.problems.exception_handler",
    "UNAUTHENTICATED_USER": "ficus.auth.principal.Anonymous",
}
SPECTACULAR_SETTINGS = {
    "TITLE": f"Ficus {SERVICE}",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "ficus.http.answers.document_problems",
    ],
}

# Who issues the tokens that this process accepts, for whom they are, where their keys are published, where it is told
# which of them are refused before they end (empty: nowhere), and all that one may be allowed.
TOKENS: dict[str, Any] = {
    "ISSUER": PUBLIC_URL,
    "AUDIENCE": env.str("TOKEN_AUDIENCE", "ficus"),
    "JWKS": f"{URLS['users']}/.well-known/jwks.json",
    "REVOCATIONS": f"{URLS['users']}{REVOCATIONS}",
    "SCOPES": tuple(SCOPES),
    # The OAuth client that our own front ends are; its tokens alone open an admin or answer for a person.
    "FIRST_PARTY": "ficus",
    # The client that the front door's documentation is, and where a person comes back to it who has allowed that.
    "DOCUMENTATION": "ficus-docs",
    "DOCUMENTATION_REDIRECT": f"{PUBLIC_URL}/docs/signed-in",
}

# Where staff reach this service's admin past the front door (empty: nowhere), as which OAuth client it then signs them
# in, and where it asks the users service about that.
STAFF: dict[str, Any] = {
    "DIRECT_URL": "" if SERVICE == "gateway" else env.str(f"{SERVICE.upper()}_DIRECT_URL", "").rstrip("/"),
    "CLIENT": f"ficus-staff-{SERVICE}",
    "USERS_URL": URLS["users"] if SERVICE in NAMES else PUBLIC_URL,
}
if STAFF["DIRECT_URL"]:
    ALLOWED_HOSTS = [*ALLOWED_HOSTS, urlsplit(STAFF["DIRECT_URL"]).hostname or ""]
    CSRF_TRUSTED_ORIGINS = [*CSRF_TRUSTED_ORIGINS, STAFF["DIRECT_URL"]]
    if urlsplit(STAFF["DIRECT_URL"]).scheme not in (["http", "https"] if DEVELOPMENT else ["https"]):
        env.reject(f"{SERVICE.upper()}_DIRECT_URL", "must begin with https://")

# Who may read /metrics: whoever is in these networks with every proxy on his way, and whoever has the token.
METRICS: dict[str, Any] = {
    "NETWORKS": env.list("METRICS_NETWORKS", ["127.0.0.0/8", "::1/128"]),
    "TOKEN": env.str("METRICS_TOKEN", ""),
}
try:
    [ip_network(each) for each in METRICS["NETWORKS"] or ()]
except ValueError as error:
    env.reject("METRICS_NETWORKS", str(error))

# Where tests make this process die at a point of ficus.crash, and find that it did; empty: nowhere.
CRASH_POINTS = env.str("CRASH_POINTS", "")
if CRASH_POINTS and not DEVELOPMENT:
    env.reject("CRASH_POINTS", "kills processes on purpose, for tests in development alone.")

own = named(SERVICE)
# In how many parts each consumer follows its logs. Those who push to it and itself are told the same.
PARTITIONS = {service: partitions(env, service) for service in NAMES}
# The event log: its name, the consumers its relay pushes to, where this process's consumers pull other logs from, and
# where archives of it are kept, which in production must be a place that lasts.
EVENTS: dict[str, Any] = {
    "SOURCE": SERVICE,
    "PUSH_TO": listeners_of(SERVICE),
    "FEEDS": {name: UPSTREAMS_RPC[name] for name in own.hears} if own else {},
    "PARTITIONS": PARTITIONS,
    "FAR_BEHIND": env.int("EVENTS_FAR_BEHIND", 1_000),
    "ARCHIVE": archive_directory(env, SERVICE),
}
CELERY_APP = "config.celery.app"

# Where gRPC upstreams are: ``host:port``, or ``local`` for a servicer in this same process; and what is answered here.
EVENT_LOG = "ficus.events.rpc.EventLogServicer"
RPC: dict[str, Any] = {
    "UPSTREAMS": UPSTREAMS_RPC,
    "SERVICERS": [*own.servicers, EVENT_LOG] if own else [],
}

# How others are called from here, over gRPC and HTTP: policies by name, and which target has which: docs/resilience.md.
RESILIENCE: Any = (env.json("RESILIENCE") if env.str("RESILIENCE", "") else None) or {}
try:
    read_policies(RESILIENCE, RPC["UPSTREAMS"])
except InvalidPolicies as error:
    env.reject("RESILIENCE", str(error))

LOGGING_CONFIG = "ficus.telemetry.logs.configure"
LOGGING = log_options(env, SERVICE)
