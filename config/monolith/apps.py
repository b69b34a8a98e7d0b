"""Makes the monolith's own commands known to Django: those of its apps, together under one name."""

from django.apps import AppConfig


class MonolithConfig(AppConfig):
    name = "config.monolith"
    label = "monolith"
