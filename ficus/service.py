"""What this process calls itself towards others: in traces, in health reports and among the upstreams."""

import os

from django.conf import settings


def name() -> str:
    """Return ``settings.SERVICE``, or the package that holds the settings: ``shop`` for ``shop.settings``."""
    package = _package()
    chosen: str = getattr(settings, "SERVICE", "") if package or settings.configured else ""
    return chosen or package or "ficus"


def version() -> str:
    """Return ``settings.VERSION``, empty if there is none."""
    found: str = getattr(settings, "VERSION", "")
    return found


def _package() -> str:
    packages = os.environ.get("DJANGO_SETTINGS_MODULE", "").split(".")[:-1]
    return packages[-1] if packages else ""
