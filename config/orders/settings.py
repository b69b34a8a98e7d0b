"""The orders service: the catalogue and what customers buy."""

from config.addresses import env
from config.base import *  # noqa: F403 - Django's own idiom for layered settings
from config.base import EVENTS, LIBRARY_APPS, RPC, USERS_RPC, database

INSTALLED_APPS = [
    *LIBRARY_APPS,
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.admin",
    "ficus.auth",
    "ficus.http",
    "ficus.events",
    "ficus.sagas",
    "apps.orders",
]
DATABASES = {"default": database("orders")}
EVENTS = {
    **EVENTS,
    "SOURCE": "orders",
    "PUSH_TO": ["users", "orders.summary"],
    "FEEDS": {"users": USERS_RPC},
}
RPC = {**RPC, "SERVICERS": ["ficus.events.rpc.EventLogServicer"]}
ORDER_DEADLINE_SECONDS = env.int("ORDER_DEADLINE_SECONDS", 120)
ORDER_CURRENCY = env.str("ORDER_CURRENCY", "EUR")

env.seal()
