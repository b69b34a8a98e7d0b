"""Under which key an answer is kept, and by which fields of a request it is chosen (RFC 9111, sections 2 and 4.1)."""

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from gateway.data.message.cookies import without
from gateway.data.message.peer import forwarded, scheme_of
from gateway.data.routing.route import Access

if TYPE_CHECKING:
    from ficus.auth.principal import Principal
    from gateway.data.message.request import Field, Request
    from gateway.data.routing.route import Route

Key = tuple[bytes, ...]  # the route, with what of it makes answers differ; scheme, host, path, query; who asks
Selection = tuple[tuple[bytes, bytes], ...]

NOBODY = b"-"
_OUR_OWN = frozenset((b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"forwarded"))


def key_of(request: "Request", mark: bytes) -> Key:
    """:param mark: of the route, by :func:`mark_of`."""
    fields = request.fields
    host = fields[b"host"]
    if request.peer.trusted:
        host = fields.get(b"x-forwarded-host", host)
    who = b""
    if request.route.access is not Access.PUBLIC:
        who = NOBODY if request.principal is None else _who(request.principal)
    return mark, scheme_of(request), host.lower(), request.path, request.query, who


def mark_of(route: "Route") -> bytes:
    """Return a name for the route that changes with what makes it answer otherwise: who serves it, whom, and where."""
    parts = (route.service, route.access.value, route.policies.get("rewrite"), route.policies.get("split"))
    return f"{route.name}:{blake2b(repr(parts).encode(), digest_size=8).hexdigest()}".encode()


@lru_cache(maxsize=10_000)
def _who(principal: "Principal") -> bytes:
    """Return who asks, and with what rights: a token with fewer of them must not be given what needs more."""
    rights = sorted(principal.roles), sorted(principal.scopes)
    return repr((principal.subject, principal.client_id, *rights)).encode()


def varying_names(fields: "Iterable[Field]") -> tuple[bytes, ...]:
    """Return by which request fields the answer was chosen, as its ``Vary`` says."""
    names = {name.strip().lower() for field, value in fields if field == b"vary" for name in value.split(b",")}
    return tuple(sorted(names - {b""}))


def selection(request: "Request", names: Iterable[bytes]) -> Selection:
    """Return what a request says in those fields, as the service gets to see it."""
    return tuple((name, _value(request, name)) for name in names)


def _value(request: "Request", name: bytes) -> bytes:
    if name == b"authorization":
        return request.authorization
    if name == b"host":
        return request.fields[b"host"]
    if name == b"cookie":
        cookie = request.fields.get(b"cookie", b"")
        return without(cookie, request.upstream.hidden_cookies) if cookie else b""
    if name in _OUR_OWN:
        return dict(forwarded(request))[name]
    values = [value for found, value in request.headers if found == name]
    joined = b", ".join(values)
    return _normalised(joined) if name == b"accept-encoding" else joined


@lru_cache(maxsize=512)
def _normalised(accepted: bytes) -> bytes:
    """Return the list in one order, where there are no weights, so that spelling makes no further answers."""
    if b";" in accepted:
        return accepted
    return b",".join(sorted({each.strip().lower() for each in accepted.split(b",")} - {b""}))
