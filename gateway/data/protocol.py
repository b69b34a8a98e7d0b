"""A client's connection: reads requests one by one, has each one judged, and sees that it is answered."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from time import monotonic
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.protocols.utils import get_remote_addr
from uvicorn.server import ServerState

from gateway.data import policies, runtime
from gateway.data.alarm import Alarm
from gateway.data.answering import Answering
from gateway.data.exchange import Exchange
from gateway.data.local import LocalAnswer
from gateway.data.message.answer import CONTINUE, own_answer
from gateway.data.message.at_once import own_words
from gateway.data.message.peer import Peer
from gateway.data.message.reader import MessageReader
from gateway.data.message.refusal import Refusal
from gateway.data.message.request import Request
from gateway.data.record import record
from gateway.data.routing.route import Step
from gateway.data.tunnel import Tunnel

logger = logging.getLogger(__name__)

HELD_LIMIT: Final = 64 * 1024  # bytes received and not yet wanted, from which on no more is read
HEAD_SECONDS = 5.0
BODY_IDLE_SECONDS = 5.0
STALL_SECONDS = 10.0  # for a service that does not take the body
KEEP_ALIVE_SECONDS: Final = 75.0
SLOW_READER_SECONDS = 10.0
DRAIN_SECONDS = 2.0  # for a request that was on its way when the worker was told to stop
LINGER_SECONDS = 2.0
LINGER_BYTES = 1024 * 1024
CLIENT_LEFT = 499  # not a status on the wire; nginx's name for it in records


class ClientConnection(asyncio.Protocol):
    """
    The protocol class that uvicorn makes for each accepted connection.

    :ivar patience: when, in monotonic seconds, the connection is closed unless something happens; 0: never.
    """

    __slots__ = (
        "_answering",
        "_application_state",
        "_closes",
        "_config",
        "_invited",
        "_lingering",
        "_overdue",
        "_paused",
        "_peer",
        "_reader",
        "_request",
        "_server",
        "_task",
        "_write_paused",
        "_written",
        "alarm",
        "gateway",
        "loop",
        "patience",
        "transport",
    )

    transport: asyncio.Transport

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.loop = _loop or asyncio.get_running_loop()
        self.gateway = runtime.current()
        self.alarm = Alarm(self.loop)  # of whatever answers the present request
        self.patience = 0.0
        self._config = config
        self._server = server_state
        self._application_state = app_state
        self._reader = MessageReader(self)
        self._request: Request | None = None
        self._answering: Answering | None = None
        self._task: asyncio.Task[None] | None = None
        self._closes = self.gateway.draining
        self._invited = self._paused = self._write_paused = self._overdue = False
        self._lingering = -1  # bytes still taken and thrown away before the connection is closed; -1: not closing
        self._written = 0

    # What the transport calls.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # TCP's, always
        self.transport = transport
        address, port = get_remote_addr(transport) or ("", 0)
        scheme = b"https" if transport.get_extra_info("sslcontext") else b"http"
        self._peer = Peer(address, port or 0, scheme, self.gateway.trusted_hops)
        self._server.connections.add(self)  # type: ignore[arg-type]  # its own classes are named there
        self.gateway.connections.add(self)
        self.patience = monotonic() + KEEP_ALIVE_SECONDS

    def data_received(self, data: bytes) -> None:
        if self._lingering >= 0:
            self._throw_away(data)
            return
        try:
            self._reader.receive(data)
        except Refusal as refusal:
            self.refuse(refusal)
            return
        if len(self._reader.pending) > HELD_LIMIT:
            self._pause_reading()
        self._set_patience()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(self)
        self.gateway.connections.discard(self)
        if self._task is not None:
            self._task.cancel()
        answering, self._answering = self._answering, None
        if answering is not None:
            answering.client_left()
        self.alarm.dismantle()
        if self._request is not None:
            self._finish(CLIENT_LEFT)

    def pause_writing(self) -> None:
        self._write_paused = True
        self.patience = monotonic() + SLOW_READER_SECONDS
        if self._answering is not None:
            self._answering.client_is_slow()

    def resume_writing(self) -> None:
        self._write_paused = False
        self._set_patience()
        if self._answering is not None:
            self._answering.client_caught_up()

    # What uvicorn's server calls.

    def shutdown(self) -> None:
        """
        Take no further request but one that may be on its way already; the present one is still answered.

        An idle connection closed at once would take a request with it that its client has just sent.
        """
        self._closes = True
        if self._request is None and not self._reader.pending:
            self.patience = monotonic() + DRAIN_SECONDS
        if self._answering is not None:
            self._answering.drain()

    # What the reader finds.

    def request_arrived(self, request: Request) -> None:
        request.arrived = monotonic()
        request.gateway = self.gateway
        request.peer = self._peer
        self._request = request
        self._invited = False
        self._written = 0
        try:
            for policy in policies.BEFORE_ROUTE:
                policy(request)
        except Refusal as refusal:
            self.refuse(refusal)
        except Exception:
            self._refuse_for_failure()
        else:
            self._judge(request, iter(request.route.steps))

    def body_arrived(self, data: bytes) -> None:
        self._invited = True
        if self._answering is not None:
            self._answering.body_arrived(data)

    def body_ended(self) -> None:
        if self._answering is not None:
            self._answering.body_ended()

    def caught_up(self) -> None:
        if self._answering is not None:
            self._answering.flush_onward()

    def _judge(self, request: Request, remaining: Iterator[Step]) -> None:
        try:
            for policy in remaining:
                waiting = policy(request)
                if waiting is not None:
                    self.hold_body()
                    self._task = self.loop.create_task(self._judged_later(request, waiting, remaining))
                    return
            self._begin_answering(request)
        except Refusal as refusal:
            self.refuse(refusal)
        except Exception:
            self._refuse_for_failure()

    async def _judged_later(self, request: Request, waiting: Awaitable[None], remaining: Iterator[Step]) -> None:
        try:
            await waiting
        except Refusal as refusal:
            self._task = None
            self.refuse(refusal)
        except Exception:
            self._task = None
            self._refuse_for_failure()
        else:
            self._task = None
            # Whoever is next may have to wait as well, for a connection; the body must not go ahead of the head then.
            self._reader.let_others_hold()
            self._judge(request, remaining)
            if not self._reader.held:
                self.release_body()

    def _refuse_for_failure(self) -> None:
        """Answer a request on which a policy has failed, in an ``except`` clause."""
        logger.exception("a policy failed")
        self.refuse(Refusal(500, "internal_error", "The gateway failed.", closes=True))

    def _begin_answering(self, request: Request) -> None:
        answering: Answering
        if request.route.service:
            answering = Exchange(self, request)
        else:
            answering = LocalAnswer(self, request, self._config, self._server, self._application_state)
        self._answering = answering
        answering.begin()

    # What an exchange or Django's answer asks for.

    def write(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self._written += len(data)
            self.transport.write(data)

    def invite_body(self) -> None:
        """Say 100 Continue to a client that waits for it."""
        assert self._request is not None  # noqa: S101 - it is asked for one
        if not self._invited and self._request.minor == 1 and b"expect" in self._request.fields:
            self.transport.write(CONTINUE)
        self._invited = True

    def hold_body(self) -> None:
        self._reader.hold()
        self._pause_reading()
        self._set_patience()

    def release_body(self) -> None:
        try:
            self._reader.release()
        except Refusal as refusal:
            self.refuse(refusal)
            return
        self._resume_reading()
        self._set_patience()

    @property
    def draining(self) -> bool:
        return self._closes

    def close_after_answer(self) -> None:
        self._closes = True

    def closes_after_answer(self) -> bool:
        """Whether the present answer is the connection's last."""
        if self._closes or self._request is None or not self._request.keep_alive or self._reader.in_body:
            self._closes = True
        return self._closes

    def answered(self, status: int, *, more_may_come: bool = False) -> None:
        """
        The answer has been written whole; turn to the next request.

        :param more_may_come: though the request is over as far as it was read, since it was malformed.
        """
        self._answering = None
        self._finish(status)
        if self._closes or self._reader.in_body:
            self._close_gently(more_may_come)
            return
        try:
            self._reader.go_on_to_next()
        except Refusal as refusal:
            self.refuse(refusal)
            return
        self._resume_reading()
        self._set_patience()

    def join(self, service: asyncio.Transport, said: bytes, leave: Callable[[], None]) -> None:
        """
        Give the connection over to a tunnel to the service.

        :param said: what the service has sent already.
        :param leave: called when the tunnel has ended.
        """
        request, self._request, self._answering = self._request, None, None
        assert request is not None  # noqa: S101 - it is what both sides agreed upon
        everybody: tuple[set[Any], ...] = (self._server.connections, self.gateway.connections)
        tunnel = Tunnel(request, everybody, leave)
        for each in everybody:
            each.discard(self)
        tunnel.join(self.transport, service, (self._reader.take_held(), said))
        if self._closes:
            tunnel.shutdown()

    def break_off(self, status: int) -> None:
        """The answer cannot be completed; let the client see that it is not whole."""
        self._answering = None
        self._finish(status)
        self.transport.abort()

    def refuse(self, refusal: Refusal) -> None:
        """Answer with the gateway's own problem document, or end the connection if an answer has begun."""
        if self._lingering >= 0 or self.transport.is_closing():
            return  # the last word has been said, and what else is wrong with the rest does not matter
        answering, self._answering = self._answering, None
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if answering is not None:
            answering.client_left()
            if answering.has_begun:
                self.break_off(refusal.status)
                return
        request = self._request
        if request is not None and request.stand_in is not None:
            refusal = request.stand_in.instead_of(refusal)
        self._closes = self._closes or refusal.closes or request is None or not request.keep_alive
        if request is None or not self._reader.skip_body():
            self._closes = True
        status, fields, body = own_words(refusal, request)
        self.write(own_answer(request, status, fields, body, closes=self._closes))
        self.answered(status, more_may_come=refusal.closes)

    def _finish(self, status: int) -> None:
        request, self._request = self._request, None
        if request is not None:
            record(request, status, self._written)
        else:
            self.gateway.tally.add_unread(status)

    def _close_gently(self, more_may_come: bool) -> None:
        """
        Close in such a way that the answer arrives even if the client is still sending: what it sends is thrown away
        for a while, since a socket closed with unread bytes takes the answer with it (RFC 9112, section 9.6).
        """
        self.patience = monotonic() + LINGER_SECONDS
        sender_is_done = not (more_may_come or self._reader.in_body or self._reader.pending)
        if sender_is_done or self.transport.is_closing() or not self.transport.can_write_eof():
            self.transport.close()
            return
        self._lingering = LINGER_BYTES
        self.transport.write_eof()
        self._resume_reading()

    def _throw_away(self, data: bytes) -> None:
        self._lingering -= len(data)
        if self._lingering < 0:
            self.transport.abort()

    def _pause_reading(self) -> None:
        if not self._paused and not self.transport.is_closing():
            self._paused = True
            self.transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._paused and not self.transport.is_closing():
            self._paused = False
            self.transport.resume_reading()

    # How long the client may take.

    def _set_patience(self) -> None:
        if self._write_paused or self._lingering >= 0:
            return
        if self._request is None:
            self.patience = self._patience_for_head()
        elif not self._reader.in_body:
            self.patience = 0.0  # it is on us or a service, which have deadlines of their own
        else:
            self.patience = monotonic() + (STALL_SECONDS if self._paused else BODY_IDLE_SECONDS)

    def _patience_for_head(self) -> float:
        """A head that has begun must end in time, however often a little more of it comes."""
        now = monotonic()
        self._overdue = False
        if self._reader.pending:
            return min(self.patience or now + HEAD_SECONDS, now + HEAD_SECONDS)
        return now + KEEP_ALIVE_SECONDS

    def lose_patience(self) -> None:
        """Called when ``patience`` is over: a client that is slow is closed, not waited for."""
        self.patience = 0.0
        idle = self._request is None and not self._reader.pending
        if idle and not self._overdue and not self.transport.is_closing():
            # A process that was kept waiting may not have read yet what has come; the next sweep closes.
            self._overdue, self.patience = True, monotonic()
        elif idle or self._write_paused or self.transport.is_closing() or self._lingering >= 0:
            self.transport.abort()
        elif self._paused:
            self.refuse(Refusal(504, "deadline_exceeded", "The service does not take the body.", closes=True))
        else:
            self.refuse(Refusal(408, "request_timeout", "The request did not arrive in time.", closes=True))
