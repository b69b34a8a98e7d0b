"""Asks a service on the gateway's own behalf and waits for the whole answer: for pages and answers composed here."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

import orjson

from ficus.resilience.breaker import Rejected
from gateway.data.message.request import Field
from gateway.data.upstream.connection import UpstreamConnection
from gateway.data.upstream.instance import Instance
from gateway.data.upstream.upstream import Upstream

LARGEST_REPLY = 8 * 1024 * 1024  # bytes
HEALTH_REPLY = 64 * 1024  # bytes
FAIR_SECONDS = 1.0  # who gives a service less, such as for a client in a hurry, must not blame it for being late
FAILURES = frozenset((500, 502, 503, 504))  # semantics, section 1


class Unanswered(Exception):
    """The service could not be reached, broke off, or took too long."""


@dataclass(frozen=True, slots=True)
class Reply:
    """
    What a service answered.

    :ivar is_whole: whether ``body`` is all of it.
    """

    status: int
    body: bytes
    headers: Sequence[Field] = ()
    is_whole: bool = True

    def json(self) -> Any:
        """:raises Unanswered: if the body is none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise Unanswered("the answer is not JSON") from None


async def ask(
    upstream: Upstream,
    method: str,
    target: str,
    *,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    seconds: float,
) -> Reply:
    """
    Send one request and return the answer, of at most ``LARGEST_REPLY`` bytes.

    :raises Unanswered: if there is none within ``seconds``.
    """
    instance = upstream.choose()
    data = _request(str(instance), method, target, headers, body)
    reply = await _guarded(upstream, instance, data, _Collector(LARGEST_REPLY), method == "GET", seconds)
    if not reply.is_whole:
        raise Unanswered("the answer is too large")
    return reply


async def ask_instance(instance: Instance, target: str, *, seconds: float) -> Reply:
    """
    Ask one instance over a connection of its own, whatever its breaker says; of a longer body than 64 KiB none is kept.

    :raises Unanswered: if there is no answer within ``seconds``.
    """
    data = _request(str(instance), "GET", target, (("connection", "close"),), b"")
    return await _exchanged(instance, data, _Collector(HEALTH_REPLY), False, seconds)


async def exchange(
    upstream: Upstream,
    data: bytes,
    *,
    bodyless_answer: bool,
    may_use_kept: bool,
    seconds: float,
    keep_at_most: int,
) -> Reply:
    """
    Send a request that is written already and return the answer, read to its end.

    :param may_use_kept: whether it may go over a connection that the service may be closing just now.
    :param keep_at_most: bytes of the body; of a longer one none is kept.
    :raises Unanswered: if there is none within ``seconds``.
    """
    collector = _Collector(keep_at_most, bodyless=bodyless_answer)
    return await _guarded(upstream, upstream.choose(), data, collector, may_use_kept, seconds)


async def _guarded(
    upstream: Upstream, instance: Instance, data: bytes, collector: "_Collector", may_use_kept: bool, seconds: float
) -> Reply:
    """Ask under the upstream's breaker; whoever asks so does not ask twice, and waits for no place."""
    try:
        permit = upstream.guard.breaker.admit(seconds)
    except Rejected as rejected:
        raise Unanswered(str(rejected)) from None
    began = monotonic()
    instance.outstanding += 1
    try:
        reply = await _exchanged(instance, data, collector, may_use_kept, seconds)
    except Unanswered:
        if monotonic() - began < seconds or seconds >= FAIR_SECONDS:
            permit.fail(connecting=not collector.was_sent)
            upstream.note_failure(instance, monotonic())
        raise
    else:
        if reply.status in FAILURES:
            permit.fail()
            upstream.note_failure(instance, monotonic())
        else:
            permit.succeed() if reply.status < 400 else permit.decline()
            instance.failures = 0
        return reply
    finally:
        instance.outstanding -= 1
        permit.ignore()  # which is for whoever left before there was an outcome


async def _exchanged(
    instance: Instance, data: bytes, collector: "_Collector", may_use_kept: bool, seconds: float
) -> Reply:
    try:
        async with asyncio.timeout(seconds):
            connection = instance.take() if may_use_kept else None
            collector.send(connection or await instance.connect(), data)
            return await collector.reply
    except OSError as error:
        raise Unanswered(f"{instance} does not answer: {error or 'too late'}") from None
    finally:
        collector.leave()


def _request(host: str, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    lines = [f"{method} {target} HTTP/1.1\r\nhost: {host}\r\n"]
    lines += [f"{name}: {value}\r\n" for name, value in headers]
    if body or method != "GET":
        lines.append(f"content-type: application/json\r\ncontent-length: {len(body)}\r\n")
    return "".join(lines).encode() + b"\r\n" + body


class _Collector:
    """Gathers one answer."""

    def __init__(self, keep_at_most: int, *, bodyless: bool = False) -> None:
        self.reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._keep_at_most = keep_at_most
        self._bodyless = bodyless
        self._status = 0
        self._headers: list[Field] = []
        self._body = bytearray()
        self._is_whole = True
        self._connection: UpstreamConnection | None = None

    def send(self, connection: UpstreamConnection, request: bytes) -> None:
        self._connection = connection
        connection.ask(self, request, bodyless_answer=self._bodyless)
        connection.sent = True

    @property
    def was_sent(self) -> bool:
        return self._connection is not None

    def leave(self) -> None:
        if self._connection is not None:
            self._connection.leave(self)

    def answer_began(self, status: int, headers: list[Field], length: int | None) -> None:
        self._status = status
        self._headers = headers

    def answer_body(self, data: bytes) -> None:
        if self._is_whole:
            self._body += data
            self._is_whole = len(self._body) <= self._keep_at_most
        if not self._is_whole:
            self._body.clear()

    def answer_paused(self) -> None:
        """The answer is wanted whole."""

    def answer_ended(self) -> None:
        if not self.reply.done():
            self.reply.set_result(Reply(self._status, bytes(self._body), self._headers, self._is_whole))

    def answer_failed(self, fault: str, *, nothing_came: bool) -> None:
        if not self.reply.done():
            self.reply.set_exception(Unanswered(fault))

    def sending_must_pause(self) -> None:
        """The request is small and has been handed over whole."""

    def sending_may_resume(self) -> None: ...
