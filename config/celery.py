"""The Celery application of whichever deployable runs: ``celery -A config.celery worker``. What it is: ficus.events."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"config.{os.environ.get('SERVICE', 'monolith')}.settings")

from ficus.telemetry import tracing

tracing.start()

import django  # noqa: E402
from django.apps import apps  # noqa: E402

if not apps.ready:
    django.setup()

from ficus.events.celery import make_app  # noqa: E402

app = make_app("ficus")
