"""One connection to Redis for all requests of a worker: pipelined, and given up on rather than waited for."""

import asyncio
import logging
import ssl
from collections import deque
from collections.abc import Mapping
from time import monotonic
from typing import Any

from gateway.data.limiting.replies import Incomplete, Reply, ReplyError, read, written
from gateway.data.limiting.scripts import ALL

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 0.05
CONNECT_SECONDS = 1.0
PAUSE_SECONDS = 0.5
STALLED_SECONDS = 1.0
MOST_ASKED = 10_000
SECOND_LOOK_SECONDS = 0.001


class Away(Exception):
    """Redis does not answer, or not in time."""


class RedisLink:
    """
    Asks Redis, if it is there. ``run`` keeps the connection.

    Once an answer has not come in time nothing more is asked until it does, so that a Redis that hangs delays the
    requests of one moment and not those after them.

    :ivar is_up: whether it is worth asking.
    """

    def __init__(self, url: str) -> None:
        from redis.asyncio.connection import parse_url  # slow to import, and only needed here

        self._place: dict[str, Any] = dict(parse_url(url))
        self._wire: _Wire | None = None

    @property
    def is_up(self) -> bool:
        return self._wire is not None and not self._wire.stalled

    def ask(self, command: tuple[bytes, ...], seconds: float = ANSWER_SECONDS) -> "asyncio.Future[Reply]":
        """
        Send a command; many at once go as one write.

        :raises Away: at once if Redis is, and from the future if no answer comes within ``seconds``.
        """
        wire = self._wire
        if wire is None or wire.stalled or len(wire.asked) >= MOST_ASKED:
            raise Away("Redis is away")
        return wire.ask(command, seconds)

    def drop(self) -> None:
        """Begin anew, with a connection that has the scripts; what is asked until then is not answered."""
        if self._wire is not None:
            self._wire.give_up("dropped")

    async def run(self) -> None:
        """Keep connected, for ever."""
        while True:
            try:
                await self._connected_once()
            except (OSError, Away, ReplyError, ValueError) as error:
                logger.debug("Redis is away: %s", error or "timed out")
            self._wire = None
            await asyncio.sleep(PAUSE_SECONDS)

    async def _connected_once(self) -> None:
        async with asyncio.timeout(CONNECT_SECONDS):
            wire = await self._connect()
        try:
            for command in self._greetings():
                reply = await wire.ask(command, CONNECT_SECONDS)
                if isinstance(reply, ReplyError):
                    raise reply
            self._wire = wire
            await asyncio.shield(wire.lost)
        finally:
            wire.give_up("closed")

    async def _connect(self) -> "_Wire":
        loop, place = asyncio.get_running_loop(), self._place
        if "path" in place:
            _, wire = await loop.create_unix_connection(_Wire, place["path"])
            return wire
        secure = _context(place) if "SSL" in getattr(place.get("connection_class"), "__name__", "") else None
        host, port = place.get("host") or "localhost", place.get("port") or 6379
        _, wire = await loop.create_connection(_Wire, host, port, ssl=secure)
        return wire

    def _greetings(self) -> "list[tuple[bytes, ...]]":
        place = self._place
        commands: list[tuple[bytes, ...]] = []
        if place.get("password"):
            credentials = [place[name].encode() for name in ("username", "password") if place.get(name)]
            commands.append((b"AUTH", *credentials))
        if place.get("db"):
            commands.append((b"SELECT", b"%d" % place["db"]))
        return [*commands, *((b"SCRIPT", b"LOAD", script.text) for script in ALL)]


def _context(place: Mapping[str, Any]) -> ssl.SSLContext:
    """Return how the address says TLS is spoken, in redis-py's words; its files are read for each connection."""
    context = ssl.create_default_context(cafile=place.get("ssl_ca_certs"))
    if place.get("ssl_certfile"):
        context.load_cert_chain(place["ssl_certfile"], place.get("ssl_keyfile"))
    return context


class _Wire(asyncio.Protocol):
    """One connection, from its first byte to its last."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.asked: deque[tuple[float, asyncio.Future[Reply]]] = deque()
        self.lost: asyncio.Future[None] = self._loop.create_future()
        self.stalled = False
        self._out: list[bytes] = []
        self._in = bytearray()
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def ask(self, command: tuple[bytes, ...], seconds: float) -> "asyncio.Future[Reply]":
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(written(command))
        answer: asyncio.Future[Reply] = self._loop.create_future()
        self.asked.append((monotonic() + seconds, answer))
        if self._timer is None:
            self._timer = self._loop.call_later(seconds, self._look)
        return answer

    def _flush(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def data_received(self, data: bytes) -> None:
        self._in += data
        at = 0
        try:
            while at < len(self._in):
                reply, at = read(self._in, at)
                _, answer = self.asked.popleft()
                if not answer.done():
                    answer.set_result(reply)
        except Incomplete:
            pass
        except (ValueError, IndexError) as error:
            self.give_up(f"what answers is not Redis: {error}")
            return
        del self._in[:at]
        if not self.asked or self.asked[0][0] > monotonic():
            self.stalled = False

    def connection_lost(self, exc: Exception | None) -> None:
        self.give_up("the connection was lost")

    def _look(self) -> None:
        """
        See what is overdue.

        A loop that was busy elsewhere comes here before it has read what came meanwhile, so it looks twice.
        """
        if self.asked and self.asked[0][0] <= monotonic():
            self._timer = self._loop.call_later(SECOND_LOOK_SECONDS, self._judge)
        else:
            self._look_later()

    def _judge(self) -> None:
        now = monotonic()
        for until, answer in self.asked:
            if until > now:
                break
            self.stalled = True
            if not answer.done():
                answer.set_exception(Away("Redis did not answer in time"))
        if self.asked and self.asked[0][0] + STALLED_SECONDS <= now:
            self.give_up("no answer")
        else:
            self._look_later()

    def _look_later(self) -> None:
        self._timer = None
        if self.asked:
            left = self.asked[0][0] - monotonic()
            self._timer = self._loop.call_later(left if left > 0 else ANSWER_SECONDS, self._look)

    def give_up(self, why: str) -> None:
        """Leave nobody waiting."""
        self.stalled = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self.asked:
            _, answer = self.asked.popleft()
            if not answer.done():
                answer.set_exception(Away(why))
        if not self.lost.done():
            self.lost.set_result(None)
            self._transport.abort()
