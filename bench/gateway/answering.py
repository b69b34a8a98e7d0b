"""The upstream where there is no nginx: ``python -m bench.gateway.answering host:port host:port directory``."""

import asyncio
import sys
from pathlib import Path

import uvloop

from bench.gateway.upstream import BODY, KEYS


class Answering(asyncio.Protocol):
    """Answers each request at once, by its first line; it knows requests without bodies alone."""

    def __init__(self, keys: str) -> None:
        self._answer, self._keys, self._pending = _answer(BODY), _answer(keys), b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # TCP's, always
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *requests, self._pending = (self._pending + data).split(b"\r\n\r\n")
        asked_for_keys = f"GET {KEYS} ".encode()
        self._transport.write(
            b"".join(self._keys if each.startswith(asked_for_keys) else self._answer for each in requests)
        )


def _answer(body: str) -> bytes:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return (head + body).encode()


async def serve(addresses: list[str], keys: str) -> None:
    loop = asyncio.get_running_loop()
    for address in addresses:
        host, _, port = address.rpartition(":")
        await loop.create_server(lambda: Answering(keys), host, int(port))
    await asyncio.Event().wait()


if __name__ == "__main__":
    *named, directory = sys.argv[1:]
    uvloop.run(serve(named, (Path(directory) / "keys.json").read_text()))
