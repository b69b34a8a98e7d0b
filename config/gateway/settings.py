"""The gateway: the front door, its route table and its console."""

from config.addresses import CERTIFICATES as CERTIFICATES_DIRECTORY
from config.addresses import env
from config.base import *  # noqa: F403 - Django's own idiom for layered settings
from config.base import CONFIGURATION, DEVELOPMENT, DISCOVERY, LIBRARY_APPS, MIDDLEWARE, TLS, TOKENS, URLS, database
from config.tls import NAMES_SHOWN, front_door
from gateway.control import live_settings
from gateway.data.upstream.destinations import Destinations

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    *LIBRARY_APPS,
    "django.contrib.auth",
    "django.contrib.sessions",
    "gateway.console.admin_config.GatewayAdmin",
    "ficus.auth",
    "gateway.control",
    "gateway.console",
]
MIDDLEWARE = ["gateway.console.middleware.OwnPages", *MIDDLEWARE]
SECURE_HSTS_SECONDS = 0 if DEVELOPMENT else 31_536_000  # over https alone; of the gateway's own pages
DATABASES = {"default": database("gateway")}
CONFIGURATION = {**CONFIGURATION, "CALLS": False}  # whom it asks, and how, is said in its table
DISCOVERY = {**DISCOVERY, "AS": []}  # it looks for others and is itself at PUBLIC_URL
ASGI_APPLICATION = "config.gateway.asgi.application"
STATIC_URL = "/static/"
# Where services are that have no instances in the table, as long as the registry knows none either.
UPSTREAMS = {name: [url] for name, url in URLS.items()}
# By which TLS they are asked where the table does not say it: each has to show its name.
UPSTREAM_TLS: dict[str, dict[str, str]] = {}
if TLS is not None:
    files = {"ca": TLS.ca, "certificate": TLS.certificate, "key": TLS.key}
    UPSTREAM_TLS = {name: {**files, "server_name": name} for name in UPSTREAMS}
# Where instances that the table names may be: networks, and names (*. before one for all below it) beside them. What
# UPSTREAMS names is allowed; link-local addresses, where clouds keep their metadata, never are.
UPSTREAM_NETWORKS: list[str] = env.list(
    "GATEWAY_UPSTREAM_NETWORKS",
    [*(["127.0.0.0/8", "::1/128"] if DEVELOPMENT else []), "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
)
UPSTREAM_HOSTS: list[str] = env.list("GATEWAY_UPSTREAM_HOSTS", [])
try:
    Destinations.of(UPSTREAM_NETWORKS)
except ValueError as error:
    env.reject("GATEWAY_UPSTREAM_NETWORKS", str(error))
# Pairs of files, certificate:key, with commas between. With any, the gateway speaks TLS: on the ports named, or on all.
TLS_FILES: list[str] = front_door(env, TLS)
TLS_PORTS: list[int] = env.list("GATEWAY_TLS_PORTS", [], subcast=int)
if any(pair.count(":") != 1 or not all(pair.split(":")) for pair in TLS_FILES):
    env.reject("GATEWAY_TLS_CERTIFICATES", "each is certificate:key, two PEM files")
# For whom `./manage.py gateway certificates` makes development certificates: files, and the names in each.
CERTIFICATES = {"DIRECTORY": CERTIFICATES_DIRECTORY, "NAMES": NAMES_SHOWN}
if TLS_PORTS and not TLS_FILES:
    env.reject("GATEWAY_TLS_PORTS", "there is no GATEWAY_TLS_CERTIFICATES to speak TLS with")
# How many verified tokens a worker remembers, about 600 bytes each; a token it does not takes 0.2 ms. It asks what is
# revoked by itself, of the users service that the route table names.
TOKENS = {**TOKENS, "MOST_KEPT": env.int("GATEWAY_TOKENS_KEPT", 131_072), "REVOCATIONS": ""}
# Networks of proxies in front of us whose X-Forwarded-* and traceparent are believed; none by default.
TRUSTED_HOPS: list[str] = env.list("GATEWAY_TRUSTED_HOPS", [])
# Workers of the gateway on all machines, by which each divides a limit until Redis tells it how many there are.
GATEWAY_WORKERS: int = max(1, env.int("WEB_WORKERS", 1) * env.int("GATEWAY_INSTANCES", 1))
env.accept(live_settings.SETTINGS)
# Kept answers of each worker, in bytes.
CACHE_BYTES = env.int("GATEWAY_CACHE_BYTES", 64 * 1024 * 1024)

UNFOLD = {
    "SITE_TITLE": "Ficus gateway",
    "SITE_HEADER": "Ficus",
    "SITE_SUBHEADER": "gateway",
    "SITE_URL": "/",
    "SITE_SYMBOL": "nature",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": f"{STATIC_URL}console/leaf.svg"}],
    "SIDEBAR": {"show_all_applications": True, "show_search": True},
    "COLORS": {
        "primary": {
            "50": "#eef7f1",
            "100": "#d6ecdd",
            "200": "#b0dabe",
            "300": "#82c29a",
            "400": "#57a777",
            "500": "#3a905d",
            "600": "#2f7d4f",
            "700": "#266441",
            "800": "#205036",
            "900": "#1b422d",
            "950": "#0d2518",
        }
    },
}

env.seal()
