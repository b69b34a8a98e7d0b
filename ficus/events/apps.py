"""Makes the event log a Django app."""

from django.apps import AppConfig
from django.core.checks import register


class EventsConfig(AppConfig):
    name = "ficus.events"
    label = "ficus_events"
    verbose_name = "Events"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ficus.events import checks

        register(checks.check_settings, checks.TAG)
