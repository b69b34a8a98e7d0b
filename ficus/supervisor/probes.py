"""Questions that tell whether a process is ready, asked from outside without its libraries."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable

from ficus.tls.files import BadCertificates

Probe = Callable[[], Awaitable[bool]]
Secure = Callable[[], ssl.SSLContext]  # asked at each question; by which TLS it is put

TIMEOUT_SECONDS = 2.0


def accepts(address: str, secure: Secure | None = None) -> Probe:
    """Build a probe that is content when something accepts connections at ``host:port``."""

    async def probe() -> bool:
        return await _exchange(address, b"", secure) is not None

    return probe


def answers(address: str, path: str, secure: Secure | None = None) -> Probe:
    """Build a probe that is content when ``GET path`` at ``host:port`` answers 200."""
    request = f"GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode()

    async def probe() -> bool:
        answer = await _exchange(address, request, secure)
        return answer is not None and answer.split(b" ")[1:2] == [b"200"]

    return probe


def pongs(address: str, secure: Secure | None = None) -> Probe:
    """Build a probe that is content when a Redis at ``host:port`` answers PING."""

    async def probe() -> bool:
        return await _exchange(address, b"PING\r\n", secure) == b"+PONG\r\n"

    return probe


async def _exchange(address: str, request: bytes, secure: Secure | None) -> bytes | None:
    """Send ``request`` and return the first line of the answer; ``None`` if nobody answers in time."""
    host, _, port = address.rpartition(":")
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            context = secure() if secure is not None else None
            reader, writer = await asyncio.open_connection(host.strip("[]"), int(port), ssl=context)
            try:
                writer.write(request)
                return await reader.readline() if request else b""
            finally:
                writer.close()
    except (OSError, TimeoutError, BadCertificates):
        return None
