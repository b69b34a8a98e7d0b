"""WSGI entry point of the users deployable, served by gunicorn."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.users.settings")

from ficus.telemetry import tracing

tracing.start()

from django.core.wsgi import get_wsgi_application  # noqa: E402

application = get_wsgi_application()
