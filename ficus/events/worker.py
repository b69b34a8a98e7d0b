"""The Celery application of a project that has no other for its events: ``celery -A ficus.events.worker worker``."""

import django
from django.apps import apps

from ficus.telemetry import tracing

tracing.start()
if not apps.ready:
    django.setup()

from ficus.events.celery import make_app  # noqa: E402 - needs the apps

app = make_app("ficus")
