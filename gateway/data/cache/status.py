"""What an answer says of the cache (``Cache-Status``, RFC 9211), and what is counted."""

from enum import StrEnum
from typing import TYPE_CHECKING

from gateway.data.cache.entry import without_tags

if TYPE_CHECKING:
    from gateway.data.alteration import Alteration
    from gateway.data.message.request import Field, Request

NAME = b"Ficus"


class Outcome(StrEnum):
    """What became of a request on a route that caches."""

    HIT = "hit"
    SHARED = "hit in Redis"
    COLLAPSED = "hit, after waiting for another's answer"
    STALE = "stale, while asking anew"
    ON_ERROR = "stale, since the service failed"
    REVALIDATED = "confirmed by the service"
    MISS = "miss"
    BYPASS = "not asked of the cache"
    KEPT = "answers kept"
    EVICTED = "answers that had to go for want of room"


def hit(ttl: float, *, more: bytes = b"") -> "Field":
    """:param ttl: seconds for which the answer stays fresh; negative if it is stale."""
    return b"cache-status", b"%b; hit; ttl=%d%b" % (NAME, ttl, more)


def forwarded(reason: bytes, *, more: bytes = b"") -> bytes:
    return b"%b; fwd=%b%b" % (NAME, reason, more)


def saying(status: bytes) -> "Alteration":
    """Return an alteration that says so, after what caches before the service said, and takes the tags out."""

    def alter(request: "Request", code: int, fields: "list[Field]") -> "list[Field]":
        return with_status(fields, status)

    return alter


def with_status(fields: "list[Field]", status: bytes) -> "list[Field]":
    earlier = [value for name, value in fields if name == b"cache-status"]
    others = [field for field in without_tags(fields) if field[0] != b"cache-status"]
    return [*others, (b"cache-status", b", ".join((*earlier, status)))]
