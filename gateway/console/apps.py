"""The console as a Django app, and the admin site that it brings."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "gateway.console"
    label = "console"
    verbose_name = "People"
