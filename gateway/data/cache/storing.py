"""Whether an answer may be kept by a shared cache, and for how long it serves (RFC 9111, sections 3 and 4.2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.data.cache.directives import Directives, directives, instant, seconds
from gateway.data.message.cookies import without

if TYPE_CHECKING:
    from gateway.data.message.request import Field, Request
    from gateway.data.policies.cache import Cache as Terms

# Those that may be kept for the route's own time if they say nothing (RFC 9110, section 15.1), less 206.
BY_DEFAULT = frozenset((200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501))
# A part, what is no answer by itself, and failures, so that an outage lasts no longer than it does.
NEVER = frozenset((206, 304, 500, 502, 503, 504))
_VALIDATORS = (b"etag", b"last-modified")


@dataclass(frozen=True, slots=True)
class Storage:
    """
    How an answer may be kept.

    :ivar lifetime: seconds for which it is fresh, from its making.
    :ivar on_error: further seconds for which it serves if the service fails.
    :ivar meanwhile: further seconds for which it serves while it is asked for anew.
    :ivar asks_always: whether it is only given again when the service has said that it still holds.
    :ivar never_stale: whether the service forbids giving it again stale, whatever happens.
    """

    lifetime: float
    on_error: float = 0.0
    meanwhile: float = 0.0
    asks_always: bool = False
    never_stale: bool = False


def storage(
    request: "Request", terms: "Terms", status: int, fields: "Iterable[Field]", received_at: float
) -> Storage | None:
    """Return how the answer to a GET may be kept, or None if it may not be, or if that would be of no use."""
    said: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        said.setdefault(name, []).append(value)
    control = directives(said.get(b"cache-control", ()))
    if status in NEVER or b"set-cookie" in said or b"no-store" in control or b"private" in control:
        return None
    if any(b"*" in value.split(b",") or b"*" in value for value in said.get(b"vary", ())):
        return None
    if request.authorization and not control.keys() & {b"public", b"must-revalidate", b"s-maxage"}:
        return None  # section 3.5
    lifetime = _explicit(control, said, received_at)
    if lifetime is None:
        if status not in BY_DEFAULT or not terms.ttl_seconds or _has_cookie(request):
            return None
        lifetime = terms.ttl_seconds
    found = _with_staleness(control, terms, lifetime)
    useful = lifetime > 0 or found.on_error or found.meanwhile or any(each in said for each in _VALIDATORS)
    return found if useful else None


def _explicit(control: Directives, said: dict[bytes, list[bytes]], received_at: float) -> float | None:
    """Return for how long the answer itself says that it is fresh, or None if it does not (section 4.2.1)."""
    for name in (b"s-maxage", b"max-age"):
        told = seconds(control, name)
        if told is not None:
            return told
    if b"expires" in said:
        made_at = instant(said.get(b"date", [b""])[0]) or received_at
        ends_at = instant(said[b"expires"][0])
        return max(0.0, ends_at - made_at) if ends_at is not None else 0.0
    return 0.0 if b"no-cache" in control else None


def _with_staleness(control: Directives, terms: "Terms", lifetime: float) -> Storage:
    """
    Return for how long the answer serves when it is stale (RFC 5861): at most what the route allows, and what the
    answer says if it says something. ``s-maxage`` forbids it unless the answer says something (section 5.2.2.10).
    """
    asks_always = b"no-cache" in control
    if asks_always or control.keys() & {b"must-revalidate", b"proxy-revalidate"}:
        return Storage(lifetime, asks_always=asks_always, never_stale=True)
    unless_said = 0 if b"s-maxage" in control else None

    def allowed(name: bytes, by_route: int) -> float:
        told = seconds(control, name)
        told = unless_said if told is None else told
        return by_route if told is None else min(told, by_route)

    return Storage(
        lifetime,
        on_error=allowed(b"stale-if-error", terms.stale_if_error_seconds),
        meanwhile=allowed(b"stale-while-revalidate", terms.stale_while_revalidate_seconds),
        never_stale=b"s-maxage" in control,
    )


def _has_cookie(request: "Request") -> bool:
    """Say whether the service saw a cookie, on which an answer that says nothing about itself may depend."""
    cookie = request.fields.get(b"cookie")
    return bool(cookie and without(cookie, request.upstream.hidden_cookies))
