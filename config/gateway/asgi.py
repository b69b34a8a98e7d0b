"""ASGI entry point of the gateway: everything that the data path does not proxy."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.gateway.settings")

from ficus.telemetry import tracing

tracing.start()

from django.core.asgi import get_asgi_application  # noqa: E402

application = get_asgi_application()
