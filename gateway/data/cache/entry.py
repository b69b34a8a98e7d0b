"""One kept answer."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gateway.data.cache.directives import date, instant
from gateway.data.cache.selecting import Key, Selection
from gateway.data.cache.storing import Storage
from gateway.data.message.fields import answer_fields

if TYPE_CHECKING:
    from gateway.data.message.request import Field

OVERHEAD = 2000  # bytes that an entry takes beside its own: objects and places in indexes, about
TAGS_AT_MOST = 100

_TAG_FIELDS = (b"cache-tag", b"surrogate-key")
_NOT_KEPT = frozenset((*_TAG_FIELDS, b"age", b"cache-status"))
# What a 304 says about itself and not about what is kept (RFC 9111, section 3.2).
_NOT_UPDATED = frozenset((b"content-encoding", b"content-length", b"content-range", b"content-type"))


class Entry:
    """
    Never changed once it is made, but for ``packed``.

    :ivar selection: the request fields by which it was chosen, with their values.
    :ivar born_at: when the service made it, in seconds since 1970 (RFC 9111, section 4.2.3).
    :ivar asked_at: when it was asked for.
    :ivar purge: the number of the last purge that was known then.
    :ivar packed: the body in other content codings.
    """

    __slots__ = (
        "asked_at",
        "body",
        "born_at",
        "etag",
        "fields",
        "key",
        "last_modified",
        "packed",
        "purge",
        "route",
        "selection",
        "size",
        "status",
        "storage",
        "tags",
    )

    def __init__(
        self,
        key: Key,
        selection: Selection,
        route: str,
        status: int,
        fields: "Sequence[Field]",
        body: bytes,
        storage: Storage,
        *,
        tags: frozenset[bytes],
        born_at: float,
        asked_at: float,
        purge: int,
    ) -> None:
        self.key = key
        self.selection = selection
        self.route = route
        self.status = status
        self.fields = list(fields)
        self.body = body
        self.storage = storage
        self.tags = tags
        self.born_at = born_at
        self.asked_at = asked_at
        self.purge = purge
        self.packed: dict[bytes, bytes] = {}
        said = dict(self.fields)
        self.etag = said.get(b"etag", b"")
        self.last_modified = said.get(b"last-modified", b"")
        named = sum(len(name) + len(value) for name, value in self.fields)
        self.size = OVERHEAD + len(body) + named + sum(map(len, (*key, *tags)))

    @property
    def uri(self) -> bytes:
        return self.key[3] + self.key[4]

    def age(self, now: float) -> float:
        return max(0.0, now - self.born_at)

    def is_fresh(self, now: float) -> bool:
        return self.age(now) < self.storage.lifetime and not self.storage.asks_always

    def serves_meanwhile(self, now: float) -> bool:
        return self.age(now) < self.storage.lifetime + self.storage.meanwhile and not self.storage.asks_always

    def serves_on_error(self, now: float) -> bool:
        return self.age(now) < self.storage.lifetime + self.storage.on_error and not self.storage.asks_always

    @property
    def names(self) -> tuple[bytes, ...]:
        return tuple(name for name, _ in self.selection)

    @property
    def has_validator(self) -> bool:
        return bool(self.etag or self.last_modified)


def kept_fields(fields: "list[Field]", received_at: float) -> "list[Field]":
    """Return what of an answer's head is kept, with a date if it has none (RFC 9110, section 6.6.1)."""
    kept = [field for field in answer_fields(fields) if field[0] not in _NOT_KEPT]
    if all(name != b"date" for name, _ in kept):
        kept.append((b"date", date(received_at)))
    return kept


def without_tags(fields: "list[Field]") -> "list[Field]":
    """Return the fields less those that are meant for caches alone."""
    return [field for field in fields if field[0] not in _TAG_FIELDS]


def tags_of(fields: "Sequence[Field]") -> frozenset[bytes]:
    """Return the tags by which the service wants to name the answer: separated by commas, spaces, or both."""
    found = [
        tag
        for name, value in fields
        if name in _TAG_FIELDS
        for tag in value.replace(b",", b" ").split()
        if len(tag) <= 200
    ]
    return frozenset(found[:TAGS_AT_MOST])


def born_at(fields: "Sequence[Field]", asked_at: float, received_at: float) -> float:
    """Return when the answer was made, at the latest (RFC 9111, section 4.2.3)."""
    said = dict(fields)
    age = said.get(b"age", b"").strip()
    corrected = (int(age) if age.isdigit() and len(age) < 12 else 0) + (received_at - asked_at)
    made_at = instant(said.get(b"date", b""))
    apparent = max(0.0, received_at - made_at) if made_at is not None else 0.0
    # A date has whole seconds, so that one of this very second is no age.
    return received_at - max(apparent if apparent >= 1 else 0.0, corrected)


def updated(fields: "Sequence[Field]", news: "list[Field]", received_at: float) -> "list[Field]":
    """Return a kept head with what a 304 says in place of what it said before (RFC 9111, section 3.2)."""
    fresh = [field for field in kept_fields(news, received_at) if field[0] not in _NOT_UPDATED]
    named = {name for name, _ in fresh}
    return [*(field for field in fields if field[0] not in named), *fresh]
