"""A client that says exactly what it is told to, and reads answers as RFC 9112 has them."""

import json
import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from tests.gateway.wire.waiting import PATIENCE_SECONDS

HOST = b"Host: ficus.test\r\n"


@dataclass(frozen=True)
class Answer:
    """One answer, its body put together again."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        values = [value for found, value in self.headers if found == name.lower()]
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0] if values else None

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One connection to the gateway."""

    def __init__(self, port: int, connected: socket.socket | None = None) -> None:
        """:param connected: a connection to use instead of a new one."""
        self.socket = connected or socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
        self._pending = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def ask(self, method: str, target: str, *fields: str, body: bytes = b"") -> Answer:
        """Send one request and read its answer."""
        length = (f"Content-Length: {len(body)}",) if body else ()
        head = "".join(f"{field}\r\n" for field in (*length, *fields))
        self.send(f"{method} {target} HTTP/1.1\r\n".encode() + HOST + head.encode("latin-1") + b"\r\n" + body)
        return self.answer(method)

    def answer(self, method: str = "GET") -> Answer:
        """Read the next answer; interim ones are left out."""
        while True:
            status, headers = self.head()
            if status >= 200:
                return Answer(status, headers, self._body(method, status, dict(headers)))

    def head(self) -> tuple[int, list[tuple[str, str]]]:
        lines = self.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        pairs = [line.partition(":") for line in lines[1:]]
        return int(lines[0].split(" ")[1]), [(name.lower(), value.strip()) for name, _, value in pairs]

    def _body(self, method: str, status: int, headers: dict[str, str]) -> bytes:
        if method == "HEAD" or status in (204, 304):
            return b""
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(self.read_until(b"\r\n"), 16):
                body += self.read(size + 2)[:-2]
            self.read_until(b"\r\n")
            return body
        if "content-length" in headers:
            return self.read(int(headers["content-length"]))
        return self.read_to_end()

    def read_until(self, mark: bytes) -> bytes:
        while mark not in self._pending:
            self._more()
        found, _, self._pending = self._pending.partition(mark)
        return found

    def read(self, length: int) -> bytes:
        while len(self._pending) < length:
            self._more()
        found, self._pending = self._pending[:length], self._pending[length:]
        return found

    def read_to_end(self) -> bytes:
        """Read until the gateway closes the connection."""
        try:
            while True:
                self._more()
        except ConnectionError:
            found, self._pending = self._pending, b""
            return found

    def is_closed(self) -> bool:
        """Wait until the gateway closes the connection; False if it says something more instead."""
        return self.read_to_end() == b""

    def _more(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionResetError("the gateway closed the connection")
        self._pending += data
