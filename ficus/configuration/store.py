"""Who keeps the documents: what every store does, and which one an address means."""

from collections.abc import Iterator
from threading import Event
from typing import Protocol
from urllib.parse import urlsplit

ANSWER_SECONDS = 1.0
POLL_SECONDS = 10.0  # beneath what is announced, for an announcement that was lost
REDIS = ("redis", "rediss", "unix")


class StoreAway(Exception):
    """The store does not answer. What was known stays known."""


class BadStore(ValueError):
    """The address is that of no store."""


class Store(Protocol):
    """Its methods may be called from any thread, and block it for a second or so."""

    def read(self, name: str) -> bytes | None:
        """
        Return the document of that name as it was written, None if there is none.

        :raises StoreAway: if nobody says.
        """

    def replace(self, name: str, before: bytes | None, after: bytes) -> bool:
        """
        Write ``after`` if what is there is still ``before``, and tell those who watch; say whether it was.

        :raises StoreAway: if nobody says, in which case it may have been written.
        """

    def watch(self, name: str, stopped: Event) -> Iterator[bytes | None]:
        """
        Yield the document at once, when it changes, and every few seconds besides as a sign that somebody still
        answers; end soon after ``stopped`` is set.

        :raises StoreAway: as soon as nobody says; watch again after a pause.
        """


def fault(url: str) -> str:
    """Return what keeps the address from being a store's, or nothing; loads no client for that."""
    if urlsplit(url).scheme in (*REDIS, "consul"):
        return ""
    return f"{urlsplit(url).scheme or 'nothing'}: is neither redis: nor consul:"


def place(url: str) -> str:
    """Return the address without what is secret in it."""
    return urlsplit(url)._replace(query="").geturl().rpartition("@")[2]


def store_at(url: str) -> Store:
    """
    Return the store that an address means, without asking it anything.

    :raises BadStore: if it means none.
    """
    if mistake := fault(url):
        raise BadStore(mistake)
    # Each is loaded only where it is used: a process speaks to one, and their clients are slow to import.
    if urlsplit(url).scheme == "consul":
        from ficus.configuration.consul import ConsulStore

        return ConsulStore.at(url)
    from ficus.configuration.redis import RedisStore

    return RedisStore(url)
