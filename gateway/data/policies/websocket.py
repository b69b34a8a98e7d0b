"""Optional policy: a route on which clients may change over to WebSocket (RFC 6455); everybody else asks as ever."""

from base64 import b64decode
from collections.abc import Collection, Iterable
from typing import Annotated

from msgspec import Meta

from gateway.data.message.peer import scheme_of
from gateway.data.message.refusal import Refusal, malformed
from gateway.data.message.request import Request
from gateway.data.policies.terms import Terms
from gateway.data.routing.route import Route

VERSION = b"13"
Origin = Annotated[str, Meta(min_length=1, max_length=200)]


class Websocket(Terms, frozen=True):
    """Let clients change over to WebSocket; what they and the service say then goes through as it is."""

    origins: Annotated[
        list[Origin],
        Meta(
            description="Origins of pages that may, beside the gateway's own; * is any.",
            examples=[["https://app.example.com"]],
        ),
    ] = []
    idle_seconds: Annotated[
        int, Meta(ge=1, le=86_400, description="Silence of both sides after which the connection is closed.")
    ] = 60
    lifetime_seconds: Annotated[
        int, Meta(ge=1, le=604_800, description="How long a connection may last, however busy it is.")
    ] = 3600

    def mistakes(self, route: Route, services: Collection[str]) -> Iterable[str]:
        if "cache" in route.policies:
            yield "a route whose answers are kept has no WebSocket"


def websocket(request: Request, terms: Websocket) -> None:
    """
    Let a handshake go on, and note on what terms; a request that is none is left alone.

    :raises Refusal: 400 if the handshake is malformed; 426 if it is of another version; 403 if a page of an origin that
        may not makes it.
    """
    if not _asks_for_websocket(request):
        return
    said = {name: value for name, value in request.kept if name.startswith(b"sec-websocket-")}
    if request.method != b"GET" or request.minor == 0 or request.has_body or not _is_key(request):
        raise malformed("bad_handshake", "The WebSocket handshake is malformed.")
    if said.get(b"sec-websocket-version") != VERSION:
        headers = ((b"sec-websocket-version", VERSION), (b"upgrade", b"websocket"))
        raise Refusal(426, "unknown_websocket_version", "Version 13 of WebSocket is spoken here.", headers=headers)
    _check_origin(request, terms)
    request.tunnel = terms
    request.kept = [*request.kept, (b"connection", b"Upgrade"), (b"upgrade", b"websocket")]


def _asks_for_websocket(request: Request) -> bool:
    """Say whether ``Upgrade`` names it and ``Connection`` names ``Upgrade`` (RFC 9110, section 7.8)."""
    connection = request.fields.get(b"connection")
    if connection is None or b"upgrade" not in _options(connection):
        return False
    return any(b"websocket" in _options(value) for name, value in request.headers if name == b"upgrade")


def _options(value: bytes) -> set[bytes]:
    return {option.strip().lower() for option in value.split(b",")}


def _is_key(request: Request) -> bool:
    """Say whether there is one key, of 16 bytes in Base64 (RFC 6455, section 4.2.1)."""
    keys = [value for name, value in request.kept if name == b"sec-websocket-key"]
    try:
        return len(keys) == 1 and len(keys[0]) == 24 and len(b64decode(keys[0], validate=True)) == 16
    except ValueError:
        return False


def _check_origin(request: Request, terms: Websocket) -> None:
    """Refuse other sites' pages, since browsers ask nobody else's consent for WebSocket (RFC 6455, section 10.2)."""
    origin = request.fields.get(b"origin")
    if origin is None or "*" in terms.origins:
        return
    own = request.gateway.public_origin, b"%b://%b" % (scheme_of(request), request.fields[b"host"])
    if origin not in own and origin.decode("latin-1") not in terms.origins:
        raise Refusal(403, "cross_origin", "Pages of this origin may not open a WebSocket here.")
