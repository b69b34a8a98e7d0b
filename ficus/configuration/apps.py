"""Makes ``doctor`` known to Django, and puts into force what settings say about the process as a whole."""

from pathlib import Path

from django.apps import AppConfig
from django.conf import settings

from ficus import crash


class ConfigurationConfig(AppConfig):
    name = "ficus.configuration"
    label = "ficus_configuration"
    verbose_name = "Configuration"

    def ready(self) -> None:
        if settings.CRASH_POINTS:
            crash.enable(Path(settings.CRASH_POINTS))
