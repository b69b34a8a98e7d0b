"""
Large bodies through a contender, with somebody slow at the far end: whoever buffers them grows.

Up: the client sends as fast as it can and the service reads slowly. Down: the service sends as fast as it can and the
client reads slowly.
"""

import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

PIECE = 64 * 1024
PAUSE_SECONDS = 0.0012  # after each piece read: about 40 MB a second
PATIENCE_SECONDS = 60.0


class BodyLost(Exception):
    """A body did not arrive whole; one line says how much of it did."""


class Bodies:
    """A service that takes and gives bodies, and a client that does the other half, both in this process."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def up(self, address: str) -> int:
        """
        Return how many bytes the service got.

        :raises BodyLost: if that is not all of it.
        """
        with _connected(address) as client:
            client.sendall(_head("POST", address, self.size))
            sent = threading.Thread(target=_send, args=(client, self.size), daemon=True)
            sent.start()
            status, body = _answer(client, slowly=False)
            sent.join(PATIENCE_SECONDS)
        if (status, body) != (200, str(self.size).encode()):
            raise BodyLost(f"of {self.size} bytes up came {body[:20]!r}, answered with {status}")
        return int(body)

    def down(self, address: str) -> int:
        """
        Return how many bytes the client got.

        :raises BodyLost: if that is not all of it.
        """
        with _connected(address) as client:
            client.sendall(_head("GET", address, 0))
            status, body = _answer(client, slowly=True)
        if (status, len(body)) != (200, self.size):
            raise BodyLost(f"of {self.size} bytes down came {len(body)}, answered with {status}")
        return len(body)

    def _serve(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._take_turn, args=(accepted,), daemon=True).start()

    def _take_turn(self, service: socket.socket) -> None:
        with service, suppress(OSError):
            head, rest = _head_of(service)
            if head.startswith(b"POST"):
                got = len(rest) + _read(service, _length(head) - len(rest), slowly=True)
                answer = str(got).encode()
                service.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(answer))
                service.sendall(answer)
            else:
                service.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % self.size)
                _send(service, self.size)


def _connected(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE_SECONDS)


def _head(method: str, address: str, length: int) -> bytes:
    size = f"Content-Length: {length}\r\n" if length else ""
    return f"{method} /bodies/one HTTP/1.1\r\nHost: {address}\r\n{size}Connection: close\r\n\r\n".encode()


def _head_of(connection: socket.socket) -> tuple[bytes, bytes]:
    """Return a head, and what of the body came with it."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(PIECE)
        if not more:
            raise ConnectionError("the connection ended in the head")
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def _length(head: bytes) -> int:
    lines = [line.partition(b":") for line in head.lower().split(b"\r\n")]
    return next((int(value) for name, _, value in lines if name == b"content-length"), 0)


def _answer(client: socket.socket, *, slowly: bool) -> tuple[int, bytes]:
    """Return status and body; of a body that is read slowly, only that many zeros."""
    head, rest = _head_of(client)
    left = _length(head) - len(rest)
    if slowly:
        return int(head[9:12]), bytes(len(rest) + _read(client, left, slowly=True))
    while left > 0 and (more := client.recv(left)):
        rest, left = rest + more, left - len(more)
    return int(head[9:12]), rest


def _read(connection: socket.socket, length: int, *, slowly: bool) -> int:
    """Read so many bytes, keep none, and return how many came."""
    got = 0
    while got < length and (data := connection.recv(min(PIECE, length - got))):
        got += len(data)
        if slowly:
            time.sleep(PAUSE_SECONDS * len(data) / PIECE)
    return got


def _send(connection: socket.socket, length: int) -> None:
    piece = bytes(PIECE)
    with suppress(OSError):
        for at in range(0, length, PIECE):
            connection.sendall(piece[: length - at])
