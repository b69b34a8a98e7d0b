"""The control plane as a Django app."""

from django.apps import AppConfig


class ControlConfig(AppConfig):
    name = "gateway.control"
    label = "control"
    verbose_name = "Routing"
