"""The services behind the engines: they note what they are asked and say what a case lets them say."""

import json
import socket
import ssl
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ficus.testing import tokens
from ficus.testing.processes import free_ports
from tests.gateway.behaviour.case import Script, Until, answered
from tests.gateway.certificates import Authority, speaking
from tests.gateway.wire.service import Asked, Connection, FakeService

if TYPE_CHECKING:
    from tests.gateway.behaviour.observing import ToldClient

NAMES = ("orders", "next", "users")
GONE = "gone"  # a service whose address nobody listens on
SEALED = "sealed"  # one that speaks TLS, with those alone who show a certificate
LOOK_SECONDS = 0.005
LETTING_GO_SECONDS = 2.0  # that an engine may take to close what the service has closed


class NotSeen(Exception):
    """A piece did not come through while the rest was still to be sent."""

    words = "waits for the rest of the request"


class Services:
    """
    All of them together.

    :ivar heard_by_client: the client of the present case.
    """

    def __init__(self) -> None:
        self.heard_by_client: ToldClient | None = None
        self._stack = ExitStack()
        self._reply: Script | None = None
        self._patience_seconds = 0.0
        self._asked: list[tuple[str, Asked]] = []
        self._closing: list[threading.Event] = []
        self._directory = Path(self._stack.enter_context(TemporaryDirectory(prefix="ficus-sealed-")))
        self._ours, self._theirs = (Authority(self._directory, name) for name in ("ours", "theirs"))
        sealed = speaking(self._ours.issue("sealed.test", "127.0.0.1"), self._ours.file)
        self._by_name = {name: _Service(name, self) for name in NAMES}
        self._by_name[SEALED] = _Service(SEALED, self, sealed)
        self.gone_port = free_ports(1)[0]

    def __enter__(self) -> Self:
        for service in self._by_name.values():
            self._stack.enter_context(service)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def __getitem__(self, name: str) -> FakeService:
        return self._by_name[name]

    def table(self) -> dict[str, dict[str, object]]:
        """Return the services as a table has them."""
        found: dict[str, dict[str, object]] = {
            name: {"instances": [{"address": service.url}]} for name, service in self._by_name.items()
        }
        found |= self._sealed()
        found[GONE] = {"instances": [{"address": f"http://127.0.0.1:{self.gone_port}"}]}
        return found

    def _sealed(self) -> dict[str, dict[str, object]]:
        """Return in how many ways the service that speaks TLS is asked."""
        shown = self._ours.issue("gateway.test")
        ours = {"ca": self._ours.file, "certificate": shown.certificate, "key": shown.key}
        ways: dict[str, dict[str, str]] = {
            SEALED: {**ours, "server_name": "sealed.test"},
            f"{SEALED}-unnamed": ours,
            f"{SEALED}-misnamed": {**ours, "server_name": "other.test"},
            f"{SEALED}-foreign": {**ours, "ca": self._theirs.file, "server_name": "sealed.test"},
            f"{SEALED}-anonymous": {"ca": self._ours.file, "server_name": "sealed.test"},
        }
        instances = [{"address": self._by_name[SEALED].url}]
        return {name: {"instances": instances, "terms": {"tls": tls}} for name, tls in ways.items()}

    def expect(self, reply: Script | None, patience_seconds: float) -> None:
        """
        Forget what was asked, and say ``reply`` from now on.

        An engine may have kept a connection that its service has closed since, and is given the time to see that: what
        it does with the next request is no matter of that case.
        """
        for closed in self._closing:
            closed.wait(LETTING_GO_SECONDS)
        self._closing.clear()
        self._reply, self._patience_seconds = reply, patience_seconds
        self._asked = []

    def asked(self) -> list[tuple[str, Asked]]:
        return list(self._asked)

    def note(self, service: str, asked: Asked) -> None:
        self._asked.append((service, asked))

    def wait_for(self, piece: bytes, seconds: float) -> None:
        """:raises NotSeen: if no service gets the piece as part of a body in time."""
        until = time.monotonic() + seconds
        while not any(piece in asked.body for _, asked in self._asked):
            if time.monotonic() > until:
                raise NotSeen
            time.sleep(LOOK_SECONDS)

    def say(self, name: str, connection: Connection) -> None:
        """Say what the present case wants said."""
        reply = self._reply if self._reply is not None else answered(200, name.encode())
        pieces = (reply,) if isinstance(reply, bytes) else reply
        closed = threading.Event()
        if b"" in pieces:
            self._closing.append(closed)  # before anything is said, on which the case may be over
        try:
            for piece in pieces:
                if isinstance(piece, Until):
                    self._wait_for_client(piece.piece)
                elif piece:
                    connection.send(piece)
                else:
                    connection.socket.shutdown(socket.SHUT_WR)
                    connection.wait_until_closed()
        finally:
            closed.set()

    def _wait_for_client(self, piece: bytes) -> None:
        until = time.monotonic() + self._patience_seconds
        while time.monotonic() < until:
            if self.heard_by_client is not None and piece in self.heard_by_client.heard:
                return
            time.sleep(LOOK_SECONDS)


class _Service(FakeService):
    def __init__(self, name: str, all_of_them: Services, context: ssl.SSLContext | None = None) -> None:
        super().__init__(context)
        self._name = name
        self._all = all_of_them

    def _answer(self, connection: Connection) -> None:
        lines = connection.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ")
        pairs = [line.partition(":") for line in lines[1:]]
        asked = Asked(method, target, [(name, value.strip()) for name, _, value in pairs])
        if (own := _for_the_gateway_itself(target)) is not None:
            connection.send(answered(200, own))
            return
        self._all.note(self._name, asked)
        with suppress(ValueError):
            _read_as_it_comes(connection, asked)
            self._all.say(self._name, connection)


def _read_as_it_comes(connection: Connection, asked: Asked) -> None:
    if (asked.header("Transfer-Encoding") or "").lower() == "chunked":
        while size := int(connection.read_until(b"\r\n"), 16):
            asked.body += connection.read(size + 2)[:-2]
        connection.read_until(b"\r\n")
        return
    left = int(asked.header("Content-Length") or 0)
    while left:
        piece = connection.read(min(left, max(len(connection.pending), 1)))
        asked.body += piece
        left -= len(piece)


def _for_the_gateway_itself(target: str) -> bytes | None:
    """Return what a service answers to the gateway's own questions, which are no client's."""
    path = target.partition("?")[0]
    if path == "/.well-known/jwks.json":
        return json.dumps(tokens.jwks(tokens.own_key())).encode()
    if path == "/.well-known/revocations.json":
        return json.dumps({"until": time.time(), "token_seconds": 300, "revoked": {}}).encode()
    return b"{}" if path == "/readyz" else None
