"""One proxied request and its answer, streaming both ways. Who may ask, and whom, has been settled before."""

import logging
from time import monotonic
from typing import TYPE_CHECKING, Final

from ficus import crash
from gateway.data.attempts import Attempts, failed
from gateway.data.compression.compression import Compression
from gateway.data.deadline import milliseconds_to_pass_on
from gateway.data.message.answer import LAST_CHUNK, answer_head, has_no_body
from gateway.data.message.onward import onward_head
from gateway.data.message.refusal import Refusal
from gateway.data.message.request import Field, Request
from gateway.data.message.switching import fault_of, switching_head
from gateway.data.policies.limit import too_large
from gateway.data.retrying import KEPT_BODY, keeps_body
from gateway.data.upstream.connection import LOST, UpstreamConnection

if TYPE_CHECKING:
    from gateway.data.protocol import ClientConnection

logger = logging.getLogger(__name__)

ANSWER_IDLE_SECONDS = 5.0
EVENT_STREAM: Final = b"text/event-stream"


class Exchange(Attempts):
    """
    A request on its way to a service and the answer on its way back.

    It is told by the client's connection what arrives, and by the service's what is answered; it ends by calling the
    client's ``answered``, ``refuse`` or ``break_off``, once.
    """

    __slots__ = (
        "_body_bytes",
        "_body_ended",
        "_chunked",
        "_compression",
        "_heard_at",
        "_instead",
        "_is_event_stream",
        "_kept",
        "_onward",
        "_outgoing",
        "status",
    )

    def __init__(self, client: "ClientConnection", request: Request) -> None:
        super().__init__(client, request)
        self._onward: list[bytes] = []
        self._outgoing: list[bytes] = []
        self._kept: list[bytes] | None = None  # the body as it was sent, in case it has to be sent again
        self._body_bytes = 0
        self._heard_at = 0.0
        self._body_ended = self._chunked = self._is_event_stream = False
        self._instead: Refusal | None = None  # what the client gets instead of the service's answer
        self._compression: Compression | None = None
        self.status = 0

    def _ask(self, connection: UpstreamConnection) -> None:
        request = self._request
        head = onward_head(request, self._upstream.hidden_cookies, milliseconds_to_pass_on(self._left))
        crash.point("gateway.before_forward")
        self._connection = connection
        self._instance = connection.instance
        self._instance.outstanding += 1
        if request.length != 0:
            self._send_with_body(connection, head)
            return
        connection.ask(self, head, bodyless_answer=request.method == b"HEAD")
        connection.sent = True
        if request.tunnel is not None:
            connection.on_switch = self._switched
        self._start_timer()

    def _send_with_body(self, connection: UpstreamConnection, head: bytes) -> None:
        """Send the head with what there is of the body, which is nothing the first time."""
        if not self._body_bytes and not self._body_ended:
            self._kept = [] if keeps_body(self._request) else None
        self._onward = [head, *(self._kept or ())]
        connection.ask(self, b"", bodyless_answer=self._request.method == b"HEAD")
        if self._body_ended:
            self._all_is_sent(connection)
        else:
            self._client.invite_body()

    def _can_send_again(self) -> bool:
        if self._instead is not None:
            return False
        return self._kept is not None or not (self._body_bytes or self._body_ended)

    # What the client's connection tells.

    def body_arrived(self, data: bytes) -> None:
        if self._ended:
            return
        self._body_bytes += len(data)
        for watcher in self._request.watchers:
            watcher.asked(data)
        if self._request.length is not None:
            self._pass_on(data)
            return
        if self._body_bytes > self._request.route.body_limit:
            self._end_with(too_large(self._request))
            return
        self._pass_on(b"%x\r\n" % len(data), data, b"\r\n")

    def _pass_on(self, *pieces: bytes) -> None:
        self._onward += pieces
        if self._kept is not None:
            self._kept += pieces
            if self._body_bytes > KEPT_BODY:
                self._kept = None

    def body_ended(self) -> None:
        if self._ended:
            return
        self._body_ended = True
        if self._request.length is None:
            self._pass_on(LAST_CHUNK)
        if self._connection is not None:
            self._all_is_sent(self._connection)

    def _all_is_sent(self, connection: UpstreamConnection) -> None:
        self.flush_onward()
        connection.sent = True
        if not self.has_begun:
            if self._permit is not None:
                self._permit.began_at = monotonic()  # a service is not slow because its client was
            self._start_timer()

    def flush_onward(self) -> None:
        """Send what has gathered of the request."""
        if self._onward and self._connection is not None and not self._connection.transport.is_closing():
            self._connection.transport.write(b"".join(self._onward))
            self._onward.clear()

    def client_left(self) -> None:
        self._stop()

    def client_is_slow(self) -> None:
        stand_in = self._request.stand_in
        if self._connection is not None and (stand_in is None or not stand_in.wants_answer_now):
            self._connection.pause()

    def client_caught_up(self) -> None:
        if self._connection is not None:
            self._heard_at = monotonic()
            self._connection.resume()

    # What the service's connection tells.

    def _switched(self, headers: list[Field], rest: bytes) -> None:
        """The service speaks WebSocket from here on: join the two connections, unless it is not what was asked for."""
        connection, self._connection = self._connection, None
        assert connection is not None  # noqa: S101 - it has called
        fault = fault_of(self._request, headers)
        if fault:
            connection.abandon()
            logger.warning("%s failed: %s", self._upstream.name, fault)
            self._end_with(failed(self._upstream.name))
            return
        if self._permit is not None:
            self._permit.succeed()
        self._ended = True
        self._alarm.clear()
        self._end_retry()
        self._leave_place()
        self._leave_count()
        self._client.write(switching_head(self._request, headers))
        self._client.join(connection.transport, rest, self._leave_instance)

    def answer_began(self, status: int, headers: list[Field], length: int | None) -> None:
        crash.point("gateway.before_answer")
        if status >= 400:
            if not self._passes_for_good(status, headers):
                return
        else:
            self._permit.succeed()  # type: ignore[union-attr]  # without one nothing is asked
            self._instance.failures = 0  # type: ignore[union-attr]  # likewise
        request = self._request
        if request.stand_in is not None:
            self._instead = request.stand_in.instead_of_answer(status, headers)
        for watcher in request.watchers:
            watcher.answer_began(status, headers)
        if self._instead is not None:
            return
        self.has_begun = True
        self._alarm.clear()
        self.status = status
        if request.compression is not None and request.compression.begin(request, status, headers, length):
            self._compression, length = request.compression, None
        bodyless = has_no_body(request.method, status)
        self._chunked = length is None and not bodyless and request.minor == 1
        if length is None and not bodyless and request.minor == 0:
            self._client.close_after_answer()
        if request.idle_seconds and self._chunked:
            self._is_event_stream = (b"content-type", EVENT_STREAM) in ((name, value[:17]) for name, value in headers)
        closes = self._client.closes_after_answer()
        if status == 204:
            length = None
        if length is None and any(name == b"content-type" and EVENT_STREAM in value for name, value in headers):
            self._leave_place()  # events may come for hours, and take up nobody's time
        self._outgoing.append(answer_head(request, status, headers, length, chunked=self._chunked, closes=closes))

    def answer_body(self, data: bytes) -> None:
        for watcher in self._request.watchers:
            watcher.answered(data)
        if self._instead is None:
            self._add(data if self._compression is None else self._compression.encode(data))

    def _add(self, data: bytes) -> None:
        if self._chunked and data:  # an empty chunk would be the last
            self._outgoing += (b"%x\r\n" % len(data), data, b"\r\n")
        else:
            self._outgoing.append(data)

    def drain(self) -> None:
        """
        End a stream of events that has no end of its own, since the worker stops. Its client drops an event that is not
        whole and asks again (server-sent events, HTML section 9.2.6); any other answer is finished.
        """
        if self._is_event_stream and self._connection is not None:
            connection, self._connection = self._connection, None
            self._request.watchers = ()  # for them it is broken off
            self.answer_ended()
            connection.leave(self)

    def answer_paused(self) -> None:
        if self._compression is not None:
            self._add(self._compression.pause())
        self._pass_back()
        self._heard_at = monotonic()
        if self.has_begun and not self._alarm.is_set:
            self._alarm.set(self._heard_at + self._idle_seconds, self._look_for_silence)

    def answer_ended(self) -> None:
        self._connection = None
        if self._compression is not None:
            self._add(self._compression.finish())
        if self._chunked:
            self._outgoing.append(LAST_CHUNK)
        self._pass_back()
        crash.point("gateway.after_answer")
        self._stop()
        for watcher in self._request.watchers:
            watcher.answer_ended(self._request)
        if self._instead is not None:
            self._client.refuse(self._instead)
        else:
            self._client.answered(self.status)

    def answer_failed(self, fault: str, *, nothing_came: bool) -> None:
        connection, instance = self._connection, self._instance
        self._leave_instance()
        self._connection = None
        if connection is None or instance is None:
            return
        if self.has_begun:
            logger.warning("%s broke off its answer: %s", self._upstream.name, fault)
            self._blame(instance)
            self._stop()
            self._client.break_off(self.status)
            return
        stale = connection.used and nothing_came
        refused = nothing_came and fault is not LOST
        if refused:
            logger.warning("%s cannot be reached at %s: %s", self._upstream.name, instance, fault)
        if not self._fails(instance, may_have_gone_stale=stale, was_lost=fault is LOST, refused=refused):
            logger.warning("%s failed: %s", self._upstream.name, fault)
            self._end_with(failed(self._upstream.name))

    def sending_must_pause(self) -> None:
        self._client.hold_body()

    def sending_may_resume(self) -> None:
        self._client.release_body()

    def _pass_back(self) -> None:
        if self._outgoing:
            self._client.write(b"".join(self._outgoing))
            self._outgoing.clear()

    @property
    def _idle_seconds(self) -> float:
        """How long a service may be silent in the middle of its answer."""
        if self._request.idle_seconds:
            return float(self._request.idle_seconds)
        return max(ANSWER_IDLE_SECONDS, self._request.route.timeout_seconds)

    def _look_for_silence(self) -> None:
        now = monotonic()
        waits_for_client = self._connection is not None and self._connection.paused
        silent_at = (now if waits_for_client else self._heard_at) + self._idle_seconds
        if now < silent_at:
            self._alarm.set(silent_at, self._look_for_silence)
        else:
            logger.warning("%s fell silent in the middle of its answer", self._upstream.name)
            self._time_is_up()

    def _end_with(self, refusal: Refusal) -> None:
        super()._end_with(self._instead or refusal)
