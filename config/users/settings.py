"""The users service: accounts, sign-in, credit."""

from config.addresses import env
from config.base import *  # noqa: F403 - Django's own idiom for layered settings
from config.base import LIBRARY_APPS, database
from config.users.identity import *  # noqa: F403 - likewise

INSTALLED_APPS = [
    *LIBRARY_APPS,
    "apps.users",  # before Django's own, whose createsuperuser it replaces
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.admin",
    "oauth2_provider",
    "ficus.http",
    "ficus.events",
]
DATABASES = {"default": database("users")}

env.seal()
