"""Reads instants as people write them, on a command line or in an address. No clock here."""

from datetime import UTC, datetime

from django.utils.dateparse import parse_datetime


def read(text: str) -> datetime:
    """
    Return the instant that RFC 3339 text names, in UTC unless it says otherwise; a date alone is its midnight.

    A ``+`` before the offset may have become a space, as it does in an address where nobody has quoted it.

    :raises ValueError: if it names none.
    """
    head, _, offset = text.strip().rpartition(" ")
    parsed = _parsed(text) or _parsed(f"{head}+{offset}")
    if parsed is None:
        raise ValueError(f"{text!r} is no time; write it like 2026-11-21T12:00:00Z")
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _parsed(text: str) -> datetime | None:
    try:
        return parse_datetime(text.strip())
    except ValueError:
        return None
