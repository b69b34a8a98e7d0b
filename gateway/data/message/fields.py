"""Which header fields go further, in both directions (RFC 9110, section 7.6)."""

from typing import TYPE_CHECKING, Final

from gateway.data.message.refusal import malformed

if TYPE_CHECKING:
    from gateway.data.message.request import Field, Request

# What the gateway does with a field: it reads it by name once, or joined from several lines; it keeps it as it came.
_ONE: Final = 1
_MANY: Final = 2
_KEPT: Final = 4

_RULES: Final[dict[bytes, int]] = {
    b"host": _ONE,
    b"authorization": _ONE,
    b"content-length": _ONE,
    b"x-request-timeout-ms": _ONE,
    b"content-type": _ONE | _KEPT,
    b"idempotency-key": _ONE | _KEPT,
    b"origin": _ONE | _KEPT,
    b"sec-fetch-site": _ONE | _KEPT,
    b"accept": _MANY | _KEPT,
    # What most clients send is found at one look.
    b"accept-encoding": _KEPT,
    b"accept-language": _KEPT,
    b"cache-control": _KEPT,
    b"if-none-match": _KEPT,
    b"referer": _KEPT,
    b"sec-fetch-dest": _KEPT,
    b"sec-fetch-mode": _KEPT,
    b"user-agent": _KEPT,
    b"prefer": _MANY | _KEPT,
    b"connection": _MANY,
    b"cookie": _MANY,
    b"expect": _MANY,
    b"forwarded": _MANY,
    b"traceparent": _MANY,
    b"x-forwarded-for": _MANY,
    b"x-forwarded-host": _MANY,
    b"x-forwarded-proto": _MANY,
    b"x-request-id": _MANY,
    # Hop-by-hop, and what other proxies say in fields of their own making.
    b"http2-settings": 0,
    b"keep-alive": 0,
    b"proxy-authenticate": 0,
    b"proxy-authorization": 0,
    b"proxy-connection": 0,
    b"te": 0,
    b"trailer": 0,
    b"transfer-encoding": 0,
    b"upgrade": 0,
    b"x-forwarded-port": 0,
    b"x-forwarded-prefix": 0,
    b"x-forwarded-proto-version": 0,
    b"x-forwarded-server": 0,
    b"x-forwarded-ssl": 0,
    b"x-original-url": 0,
    b"x-real-ip": 0,
    b"x-rewrite-url": 0,
}
_IDENTITY: Final = (b"x-user-", b"x-ficus-", b"x-forwarded-")
# What nearly every Connection field says, and what it may say beside names.
_HARMLESS_VALUES: Final = frozenset((b"close", b"keep-alive", b"Close", b"Keep-Alive"))
_HARMLESS_OPTIONS = frozenset((b"", b"close", b"keep-alive", b"upgrade", b"http2-settings", b"te"))

_ANSWER_DROPPED: Final = frozenset(
    (
        b"connection",
        b"content-length",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-connection",
        b"server",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"x-request-id",
    )
)


def sift(request: "Request") -> None:
    """
    Sort the request's headers into those the gateway reads (``fields``) and those that go on untouched (``kept``).

    Identity that came from outside is in neither, nor is any name with an underscore: behind WSGI it could pass for
    another name.

    :raises Refusal: if a field came twice of which there can be one.
    """
    fields, kept = request.fields, request.kept
    for field in request.headers:
        name, value = field
        rule = _RULES.get(name)
        if rule is None:
            if b"_" not in name and not name.startswith(_IDENTITY):
                kept.append(field)
            continue
        if rule & _ONE:
            if name in fields:
                raise malformed("doubled_header", f"The header {name.decode()} came twice.")
            fields[name] = value
        elif rule & _MANY:
            fields[name] = _joined(name, fields[name], value) if name in fields else value
        if rule & _KEPT:
            kept.append(field)
    connection = fields.get(b"connection")
    if connection is not None:
        request.kept = without_named(kept, connection)


def is_passed_on(name: bytes) -> bool:
    """Say whether a field of that name, in lower case, is anything but taken away when a client sends it."""
    return _RULES.get(name, _KEPT) != 0 and b"_" not in name and not (name not in _RULES and name.startswith(_IDENTITY))


def without_named(headers: "list[Field]", connection: bytes) -> "list[Field]":
    """
    Return the headers less those that ``Connection`` names.

    What says who asks is not among ``headers`` in either direction, so it cannot be removed that way.
    """
    if connection in _HARMLESS_VALUES:
        return headers
    named = {option.strip().lower() for option in connection.split(b",")} - _HARMLESS_OPTIONS
    return [field for field in headers if field[0] not in named] if named else headers


def answer_fields(headers: "list[Field]") -> "list[Field]":
    """Return what of a service's answer goes to the client; framing and connection are the gateway's own."""
    kept = [field for field in headers if field[0] not in _ANSWER_DROPPED]
    if len(kept) != len(headers):
        for name, value in headers:
            if name == b"connection":
                kept = without_named(kept, value)
    return kept


def _joined(name: bytes, first: bytes, second: bytes) -> bytes:
    return first + (b"; " if name == b"cookie" else b", ") + second
