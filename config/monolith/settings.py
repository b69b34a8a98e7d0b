"""The modular monolith: users and orders in one process, with one database."""

from config.addresses import env
from config.base import *  # noqa: F403 - Django's own idiom for layered settings
from config.base import DISCOVERY, EVENTS, LIBRARY_APPS, RPC, database
from config.users.identity import *  # noqa: F403 - likewise

INSTALLED_APPS = [
    "config.monolith",
    *LIBRARY_APPS,
    "apps.users",  # before Django's own, whose createsuperuser it replaces
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.admin",
    "oauth2_provider",
    "ficus.http",
    "ficus.events",
    "ficus.sagas",
    "apps.orders",
]
DATABASES = {"default": database("monolith")}
DISCOVERY = {**DISCOVERY, "AS": ["users", "orders"]}
EVENTS = {
    **EVENTS,
    "SOURCE": "monolith",
    "PUSH_TO": ["users", "orders"],
    "FEEDS": {"monolith": "local"},
}
RPC = {
    **RPC,
    "UPSTREAMS": {"users": "local", "orders": "local"},
    "SERVICERS": ["apps.users.rpc.UsersServicer", "ficus.events.rpc.EventLogServicer"],
}
ORDER_DEADLINE_SECONDS = env.int("ORDER_DEADLINE_SECONDS", 120)
ORDER_CURRENCY = env.str("ORDER_CURRENCY", "EUR")

env.seal()
