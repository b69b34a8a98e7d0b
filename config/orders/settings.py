"""The orders service: the catalogue and what customers buy."""

from apps.orders import live_settings as orders_live
from config.addresses import env
from config.base import *  # noqa: F403 - Django's own idiom for layered settings
from config.base import EVENTS, LIBRARY_APPS, database

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
EVENTS = {**EVENTS, "PUSH_TO": [*EVENTS["PUSH_TO"], "orders.summary"]}
env.accept(orders_live.SETTINGS)
ORDER_CURRENCY = env.str("ORDER_CURRENCY", "EUR")

env.seal()
