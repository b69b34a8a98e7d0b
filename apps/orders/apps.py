"""Makes orders a Django app and declares what it does about events."""

from importlib import import_module

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "apps.orders"
    label = "orders"
    verbose_name = "Orders"

    def ready(self) -> None:
        import_module("apps.orders.handlers")
