"""Two connections after both ends have agreed on another protocol: bytes go through as they come, both ways."""

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

from gateway.data.record import record

if TYPE_CHECKING:
    from gateway.data.message.request import Request

DRAIN_SECONDS = 5.0  # that are left to a tunnel when the worker stops


class Tunnel:
    """
    A client's connection joined to a service's.

    Either side is read only as fast as the other takes it. When one has said all, the other is told so and may go on.

    :ivar patience: when, in monotonic seconds, it is closed unless something happens.
    """

    __slots__ = ("_ends_at", "_everybody", "_idle_seconds", "_leave", "_request", "_sides", "patience")

    def __init__(self, request: "Request", everybody: Sequence[set[Any]], leave: Callable[[], None]) -> None:
        """
        :param everybody: where it is to be found as long as it lasts.
        :param leave: called once, when it is over.
        """
        terms = request.tunnel
        assert terms is not None  # noqa: S101 - without them nobody changes over
        self._request = request
        self._everybody = everybody
        self._leave = leave
        self._idle_seconds = terms.idle_seconds
        self._ends_at = monotonic() + terms.lifetime_seconds
        self._sides: tuple[Side, Side] | None = None
        self.heard()

    def join(self, client: asyncio.Transport, service: asyncio.Transport, said: tuple[bytes, bytes]) -> None:
        """
        Let bytes through from here on.

        :param said: what client and service have sent already.
        """
        near, far = Side(self, client), Side(self, service)
        near.other, far.other = far, near
        self._sides = near, far
        for each in self._everybody:
            each.add(self)
        for side, data in zip(self._sides, said, strict=True):
            side.transport.set_protocol(side)
            side.transport.resume_reading()
            if data:
                side.data_received(data)

    def heard(self) -> None:
        self.patience = min(monotonic() + self._idle_seconds, self._ends_at)

    def shutdown(self) -> None:
        """Grant both sides a little longer; called by uvicorn's server when the worker stops."""
        self._ends_at = min(self._ends_at, monotonic() + DRAIN_SECONDS)
        self.patience = min(self.patience, self._ends_at)

    def lose_patience(self) -> None:
        """Called when ``patience`` is over."""
        self.patience = 0.0
        self.end(at_once=True)

    def end(self, *, at_once: bool = False) -> None:
        """
        Close both sides, after what is still on its way unless ``at_once``, and record the request, once.
        """
        sides, self._sides = self._sides, None
        if sides is None:
            return
        for side in sides:
            if at_once:
                side.transport.abort()
            else:
                side.transport.close()
        for each in self._everybody:
            each.discard(self)
        self._leave()
        record(self._request, 101, sides[1].passed_on)


class Side(asyncio.Protocol):
    """
    One of the two connections.

    :ivar passed_on: bytes that came from here and went to the other.
    """

    __slots__ = ("_has_ended", "_tunnel", "other", "passed_on", "transport")

    other: "Side"

    def __init__(self, tunnel: Tunnel, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.passed_on = 0
        self._tunnel = tunnel
        self._has_ended = False

    def data_received(self, data: bytes) -> None:
        self._tunnel.heard()
        self.passed_on += len(data)
        if not self.other.transport.is_closing():
            self.other.transport.write(data)

    def eof_received(self) -> bool:
        """Tell the other that no more comes from here; over when both have said so, or where TLS cannot tell it."""
        self._has_ended = True
        if self.other._has_ended or not self.other.transport.can_write_eof():
            self._tunnel.end()
            return False
        self.other.transport.write_eof()
        return True

    def pause_writing(self) -> None:
        self._read_other(False)

    def resume_writing(self) -> None:
        self._read_other(True)

    def _read_other(self, goes_on: bool) -> None:
        transport: Any = self.other.transport
        if not transport.is_closing() and not self.other._has_ended:
            transport.resume_reading() if goes_on else transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._tunnel.end()
