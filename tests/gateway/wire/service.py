"""A service behind the gateway that notes every byte of what it is asked and answers as it is told."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from ficus.testing import tokens

HEALTH_CHECK = b"GET /readyz "


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return the one value, or None; fail if there are several."""
        values = [value for found, value in self.headers if found.lower() == name.lower()]
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0] if values else None


@dataclass
class Connection:
    """The service's end of a connection."""

    socket: socket.socket
    pending: bytes = b""
    closed: threading.Event = field(default_factory=threading.Event)

    def fill(self) -> None:
        """Wait until something has come."""
        if not self.pending:
            self._more()

    def read_until(self, mark: bytes) -> bytes:
        while mark not in self.pending:
            self._more()
        found, _, self.pending = self.pending.partition(mark)
        return found

    def read(self, length: int) -> bytes:
        while len(self.pending) < length:
            self._more()
        found, self.pending = self.pending[:length], self.pending[length:]
        return found

    def discard(self, length: int) -> None:
        """Read that many bytes and keep none."""
        left = length - len(self.pending)
        self.pending = b""
        while left:
            data = self.socket.recv(min(left, 65536))
            if not data:
                raise ConnectionError
            left -= len(data)

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def close(self) -> None:
        self.socket.close()

    def wait_until_closed(self) -> None:
        """Wait until the gateway has let go of the connection."""
        with suppress(OSError):
            while self.socket.recv(65536):
                continue

    def _more(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError
        self.pending += data


Script = Callable[[Connection, Asked], None]


def answer(status: int = 200, body: bytes = b"", *fields: str) -> bytes:
    head = "".join(f"{field}\r\n" for field in (f"Content-Length: {len(body)}", *fields))
    return f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode() + body


class FakeService:
    """
    Listens on a port of its own; by default it answers every request with what it saw of it, as JSON.

    :ivar asked: every request, in the order of arrival, but for those for the issuer's keys and revocations and the
        health checks.
    :ivar connections: how many were accepted, health checks' left out.
    :ivar is_well: what health checks are told.
    :ivar revoked: what it says is revoked, by mark.
    :ivar context: with which it speaks TLS, if it does.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.context = context
        self.asked: list[Asked] = []
        self.connections = 0
        self.revoked: dict[str, float] = {}
        self.is_well = True
        self._scripts: dict[str, Script] = {}
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}"

    def on(self, target: str, script: Script) -> None:
        """Answer requests for ``target`` by ``script``."""
        self._scripts[target] = script

    def says(self, target: str, data: bytes) -> None:
        """Answer requests for ``target`` with these bytes."""
        self.on(target, lambda connection, _: connection.send(data))

    def forget(self) -> None:
        self.asked.clear()
        self.revoked = {}
        self._scripts.clear()

    def stop(self) -> None:
        """Stop listening, and drop every connection."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop_connections()
        self._thread.join()

    def drop_connections(self) -> None:
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(accepted)
            threading.Thread(target=self._serve, args=(Connection(accepted),), daemon=True).start()

    def _serve(self, connection: Connection) -> None:
        if self.context is not None:
            try:
                connection.socket = self.context.wrap_socket(connection.socket, server_side=True)
            except OSError:
                return
            self._open.append(connection.socket)
        with connection.socket, suppress(OSError):
            connection.fill()
            self.connections += not connection.pending.startswith(HEALTH_CHECK)
            while True:
                self._answer(connection)

    def _answer(self, connection: Connection) -> None:
        lines = connection.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ")
        pairs = [line.partition(":") for line in lines[1:]]
        asked = Asked(method, target, [(name, value.strip()) for name, _, value in pairs])
        if target == "/.well-known/jwks.json":
            connection.send(answer(200, json.dumps(tokens.jwks(tokens.own_key())).encode()))
            return
        if asked.target.startswith("/.well-known/revocations.json"):
            told = {"until": time.time(), "token_seconds": 300, "revoked": self.revoked}
            connection.send(answer(200, json.dumps(told).encode()))
            return
        if target == "/readyz":
            connection.send(answer(200 if self.is_well else 503))
            return
        self.asked.append(asked)
        script = self._scripts.get(target.partition("?")[0], echo)
        script(connection, asked)


def read_body(connection: Connection, asked: Asked) -> bytes:
    """Return the body, and note it."""
    if asked.header("Transfer-Encoding") == "chunked":
        while size := int(connection.read_until(b"\r\n"), 16):
            asked.body += connection.read(size + 2)[:-2]
        connection.read_until(b"\r\n")
    else:
        asked.body = connection.read(int(asked.header("Content-Length") or 0))
    return asked.body


def echo(connection: Connection, asked: Asked) -> None:
    """Answer with what was asked."""
    body = read_body(connection, asked)
    seen = {"method": asked.method, "target": asked.target, "body": body.decode("latin-1")}
    data = json.dumps(seen).encode()
    connection.send(answer(200, b"" if asked.method == "HEAD" else data, "Content-Type: application/json"))
