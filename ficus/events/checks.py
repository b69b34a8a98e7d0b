"""What ``manage.py check`` says about a project that cannot keep its events, before it loses a day over it."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from ficus.events import options

TAG = "ficus_events"


def check_settings(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Find what is missing; nothing is connected to."""
    return [*_name(), *_feeds(), *_clock(), *_database()]


def _name() -> list[CheckMessage]:
    try:
        options.source()
    except ImproperlyConfigured as error:
        return [Error("This project's event log has no name.", hint=f"{error}", id=f"{TAG}.E001")]
    return []


def _feeds() -> list[CheckMessage]:
    given = getattr(settings, "EVENTS", {}).get("FEEDS", {})
    upstreams = getattr(settings, "RPC", {}).get("UPSTREAMS", {})
    return [
        Error(
            f"Nobody knows where the log {name} is.",
            hint=f'RPC = {{"UPSTREAMS": {{"{name}": "host:port"}}}}',
            id=f"{TAG}.E002",
        )
        for name, place in given.items()
        if place != "local" and name not in upstreams
    ]


def _clock() -> list[CheckMessage]:
    if settings.USE_TZ:
        return []
    return [Error("Events are dated in UTC.", hint="USE_TZ = True", id=f"{TAG}.E003")]


def _database() -> list[CheckMessage]:
    if connection.vendor == "postgresql":
        return []
    if connection.vendor != "sqlite":
        return [Error(f"The event log cannot be kept in {connection.vendor}.", id=f"{TAG}.E004")]
    if connection.settings_dict["OPTIONS"].get("transaction_mode") == "IMMEDIATE":
        return []
    return [
        Warning(
            "Two who write at once to this SQLite file will fail rather than wait.",
            hint='DATABASES["default"]["OPTIONS"] = {"transaction_mode": "IMMEDIATE", "timeout": 5}',
            id=f"{TAG}.W001",
        )
    ]
