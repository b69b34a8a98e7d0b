"""Requests and a gateway as policies see them, made without a socket."""

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any

from ficus.auth.keys import KeySet
from ficus.auth.verifier import Verifier
from ficus.testing import tokens
from gateway.control.probes import made
from gateway.data.message.fields import sift
from gateway.data.message.peer import Peer
from gateway.data.message.reader import MessageReader
from gateway.data.message.request import Request
from gateway.data.routing.route import Route
from gateway.data.routing.table import Table
from gateway.data.runtime import Gateway
from gateway.data.sessions import Sessions
from gateway.data.tokens import Tokens
from gateway.data.upstream.upstream import Upstream


class Receiver:
    """Notes what the reader finds; on request answers at once, or wants no body."""

    def __init__(self, *, answers_at_once: bool = False, holds: bool = False) -> None:
        self.requests: list[Request] = []
        self.body = b""
        self.ended = 0
        self.reader = MessageReader(self)
        self._answers_at_once = answers_at_once
        self._holds = holds

    def request_arrived(self, request: Request) -> None:
        self.requests.append(request)
        if self._holds:
            self.reader.hold()
        if self._answers_at_once and not request.has_body:
            self.reader.go_on_to_next()

    def body_arrived(self, data: bytes) -> None:
        self.body += data

    def body_ended(self) -> None:
        self.ended += 1
        if self._answers_at_once:
            self.reader.go_on_to_next()

    def caught_up(self) -> None:
        """Nothing gathers here."""


class FakeSessions:
    """
    Where tokens are kept: by session key.

    :ivar renewed: what there is in place of one that is refused.
    """

    def __init__(self, **kept: str) -> None:
        self.kept = kept
        self.renewed: dict[str, str] = {}
        self.asked: list[str] = []

    async def find(self, key: str, refused: str) -> str:
        self.asked.append(f"{key} without {refused}" if refused else key)
        return self.renewed.get(key, "") if refused else self.kept.get(key, "")


def gateway(*routes: Route, sessions: FakeSessions | None = None) -> Gateway:
    """Return a gateway that believes test tokens and proxies at 10.0.0.0/8."""
    verifier = Verifier(
        issuer=_configured("ISSUER"),
        audience=_configured("AUDIENCE"),
        keys=KeySet(lambda: tokens.jwks(tokens.own_key())),
    )
    verifier.keys.refresh()
    return Gateway(
        table=Table(routes, version=1),
        upstreams={"orders": Upstream("orders", ["http://127.0.0.1:1"], frozenset((b"gateway_session",)))},
        tokens=Tokens(verifier),
        sessions=Sessions((sessions or FakeSessions()).find),
        public_origin=b"https://ficus.test",
        session_cookie=b"gateway_session",
        trusted_hops=[ip_network("10.0.0.0/8")],
    )


def request(
    method: str = "GET",
    target: str = "/products",
    *fields: str,
    route: Route | None = None,
    peer: str = "192.0.2.7",
    within: Gateway | None = None,
    sifted: bool = True,
) -> Request:
    """Return a request as the reader passes it on, or after its fields were sifted."""
    pairs = [field.partition(": ") for field in ("Host: ficus.test", *fields)]
    headers = [(name.lower().encode(), value.encode()) for name, _, value in pairs]
    request = Request(method.encode(), target.encode(), 1, headers, 0, True)
    request.gateway = within or gateway()
    request.peer = Peer(peer, 4711, b"http", request.gateway.trusted_hops)
    if route is not None:
        request.route = route
        if route.service in request.gateway.upstreams:
            request.upstream = request.gateway.upstreams[route.service]
    if sifted:
        sift(request)
    return request


def asked(method: str, path: str, *fields: str, host: str = "ficus.test") -> Request:
    """Return a request as the routing sees it: canonical, with a query if ``path`` has one."""
    target, mark, query = path.partition("?")
    pairs = [field.partition(": ") for field in fields]
    return made(method, target, host, [(name, value) for name, _, value in pairs], mark + query)


def find(table: Table, method: str, path: str, *fields: str, host: str = "ficus.test") -> Route:
    """Return the route that such a request takes."""
    return table.find(asked(method, path, *fields, host=host))


def read(data: bytes, pieces: Iterable[bytes] | None = None) -> Receiver:
    """Return what a reader finds in ``data``, given whole or in ``pieces``."""
    receiver = Receiver(answers_at_once=True)
    for piece in pieces or (data,):
        receiver.reader.receive(piece)
    return receiver


def _configured(name: str) -> Any:
    from django.conf import settings

    return settings.TOKENS[name]
