"""Questions that tell whether a process is ready, asked from outside without its libraries."""

import asyncio
from collections.abc import Awaitable, Callable

Probe = Callable[[], Awaitable[bool]]

TIMEOUT_SECONDS = 2.0


def accepts(address: str) -> Probe:
    """Build a probe that is content when something accepts connections at ``host:port``."""

    async def probe() -> bool:
        return await _exchange(address, b"") is not None

    return probe


def answers(address: str, path: str) -> Probe:
    """Build a probe that is content when ``GET path`` at ``host:port`` answers 200."""
    request = f"GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode()

    async def probe() -> bool:
        answer = await _exchange(address, request)
        return answer is not None and answer.split(b" ")[1:2] == [b"200"]

    return probe


def pongs(address: str) -> Probe:
    """Build a probe that is content when a Redis at ``host:port`` answers PING."""

    async def probe() -> bool:
        return await _exchange(address, b"PING\r\n") == b"+PONG\r\n"

    return probe


async def _exchange(address: str, request: bytes) -> bytes | None:
    """Send ``request`` and return the first line of the answer; ``None`` if nobody answers in time."""
    host, _, port = address.rpartition(":")
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            try:
                writer.write(request)
                return await reader.readline() if request else b""
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return None
