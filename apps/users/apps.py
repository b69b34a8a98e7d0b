"""Makes users a Django app and declares what it does about events."""

from importlib import import_module

from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "apps.users"
    label = "users"
    verbose_name = "Users"

    def ready(self) -> None:
        import_module("apps.users.handlers")
