"""Kept answers, made without a service."""

from typing import Any

from gateway.data.cache.entry import Entry
from gateway.data.cache.storing import Storage
from gateway.data.policies.cache import Cache
from gateway.data.routing.route import Access, Route

NOW = 1_790_000_000.0
ROUTE = Route("orders", "orders", b"/orders", access=Access.PUBLIC, policies={"cache": Cache()})


def key(path: bytes = b"/a", route: bytes = b"orders", who: bytes = b"") -> tuple[bytes, ...]:
    return route, b"http", b"ficus.test", path, b"", who


def entry(path: bytes = b"/a", body: bytes = b"", **said: Any) -> Entry:
    """Return one that is fresh for a minute from ``NOW``, unless something else is said."""
    known: dict[str, Any] = {
        "key": key(path),
        "selection": (),
        "route": "orders",
        "status": 200,
        "fields": [],
        "storage": Storage(60),
        "tags": frozenset(),
        "born_at": NOW,
        "asked_at": NOW,
        "purge": 0,
    } | said
    positional = [known.pop(name) for name in ("key", "selection", "route", "status", "fields")]
    return Entry(*positional, body, known.pop("storage"), **known)


class Clock:
    """Says what it is told."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now
