"""The modular monolith: every service in one process, with one database."""

from apps.orders import live_settings as orders_live
from config.addresses import env
from config.base import *  # noqa: F403 - Django's own idiom for layered settings
from config.base import DISCOVERY, EVENT_LOG, EVENTS, LIBRARY_APPS, RPC, database
from config.services import NAMES, SERVICES
from config.users.identity import *  # noqa: F403 - likewise

INSTALLED_APPS = [
    "config.monolith",
    *LIBRARY_APPS,
    *(f"apps.{name}" for name in NAMES),  # before Django's own, whose createsuperuser users replaces
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.admin",
    "oauth2_provider",
    "ficus.http",
    "ficus.events",
    "ficus.sagas",
]
DATABASES = {"default": database("monolith")}
DISCOVERY = {**DISCOVERY, "AS": list(NAMES)}
EVENTS = {
    **EVENTS,
    "SOURCE": "monolith",
    "PUSH_TO": [service.name for service in SERVICES if service.hears],
    "FEEDS": {"monolith": "local"},
}
RPC = {
    **RPC,
    "UPSTREAMS": dict.fromkeys(NAMES, "local"),
    "SERVICERS": [*(servicer for service in SERVICES for servicer in service.servicers), EVENT_LOG],
}
env.accept(orders_live.SETTINGS)
ORDER_CURRENCY = env.str("ORDER_CURRENCY", "EUR")

env.seal()
