"""The service behind the gateway under fuzzing: strict about what it is asked, and answers with what it saw."""

import asyncio
from types import TracebackType
from typing import Self

import httptools


class EchoService:
    """
    Listens on loopback in the present event loop.

    :ivar faults: requests that were malformed when they came here; there must be none.
    :ivar asked: how many were answered.
    """

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.asked = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._server.close()


class _Connection(asyncio.Protocol):
    def __init__(self, service: EchoService) -> None:
        self._service = service
        self._received = b""
        self._begin()

    def _begin(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._target = b""
        self._hosts = 0
        self._complete = False
        self._received = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # TCP's, always
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._service.faults.append(f"{error}: {self._received!r}")
            self._transport.abort()
            return
        if self._complete:
            self._answer()

    def on_url(self, url: bytes) -> None:
        if self._complete:
            self._service.faults.append(f"a second request at once: {self._received!r}")
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._hosts += name.lower() == b"host"

    def on_message_complete(self) -> None:
        self._complete = True

    def _answer(self) -> None:
        method = self._parser.get_method()
        if self._hosts != 1:
            self._service.faults.append(f"{self._hosts} hosts: {self._received!r}")
        self._service.asked += 1
        body = method + b" " + self._target
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(body)
        self._transport.write(head if method == b"HEAD" else head + body)
        self._begin()
