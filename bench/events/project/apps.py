"""Makes the scratch project's business a Django app, and ficus its carrier where that is the contender."""

from importlib import import_module

from django.apps import AppConfig
from django.conf import settings


class ProjectConfig(AppConfig):
    name = "bench.events.project"
    label = "project"

    def ready(self) -> None:
        if settings.CONTENDER == "ficus":
            import_module("bench.events.project.handlers")
