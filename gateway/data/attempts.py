"""How a request comes to an instance that answers: a place, leave of the breaker, a connection, and perhaps again."""

import asyncio
import logging
from abc import abstractmethod
from math import ceil
from time import monotonic
from typing import TYPE_CHECKING, Final

from ficus.resilience.breaker import Permit, Rejected
from ficus.resilience.bulkhead import WAIT_SECONDS, Full
from gateway.data.deadline import seconds_left, try_seconds
from gateway.data.degrading import DEGRADABLE, substitute_for
from gateway.data.message.refusal import Refusal
from gateway.data.message.request import Field, Request
from gateway.data.retrying import PASSING, may_repeat, pause_before_next, retry_after
from gateway.data.upstream.connection import UpstreamConnection
from gateway.data.upstream.instance import Instance
from gateway.data.upstream.question import FAILURES
from gateway.data.upstream.tls import Insecure

if TYPE_CHECKING:
    from gateway.data.protocol import ClientConnection

logger = logging.getLogger(__name__)

RETRY_SOON = ((b"retry-after", b"1"),)
_NO_PLACE: Final = 0
_WAITS: Final = 1
_HAS_PLACE: Final = 2


class Attempts:
    """
    One request's attempts, up to three of them (semantics, sections 1 to 4).

    :class:`~gateway.data.exchange.Exchange` is the other half: it says what is sent, and passes the answer back.
    """

    __slots__ = (
        "_alarm",
        "_client",
        "_connection",
        "_ended",
        "_instance",
        "_is_counted",
        "_is_retry",
        "_left",
        "_made",
        "_permit",
        "_place",
        "_request",
        "_task",
        "_tried",
        "_upstream",
        "_went_stale",
        "has_begun",
    )

    def __init__(self, client: "ClientConnection", request: Request) -> None:
        self._client = client
        self._alarm = client.alarm
        self._request = request
        self._upstream = request.upstream
        self._connection: UpstreamConnection | None = None
        self._instance: Instance | None = None
        self._task: asyncio.Task[None] | None = None
        self._permit: Permit | None = None
        self._tried: tuple[Instance, ...] = ()
        self._left = 0.0  # seconds, at the time of asking; it does not run while the client is still sending
        self._made = 0
        self._place = _NO_PLACE
        self._is_counted = self._is_retry = self._went_stale = self._ended = False
        self.has_begun = False

    def begin(self) -> None:
        """Ask a service, or refuse."""
        try:
            self._enter()
        except Refusal as refusal:
            self._end_with(refusal)

    def place_given(self) -> None:
        """Called by the bulkhead while another request ends; go on when that is done."""
        self._place = _HAS_PLACE
        self._alarm.clear()
        self._client.loop.call_soon(self._go_on)

    @abstractmethod
    def _ask(self, connection: UpstreamConnection) -> None:
        """Send the request, from its beginning; ``_left`` is as of now."""

    @abstractmethod
    def _can_send_again(self) -> bool:
        """Whether all of the body that has come is still at hand."""

    def _enter(self) -> None:
        request, guard = self._request, self._upstream.guard
        self._left = seconds_left(request)
        gateway = request.gateway
        if gateway.in_flight >= gateway.in_flight_limit:
            guard.shed += 1
            raise _overloaded()
        gateway.in_flight += 1
        self._is_counted = True
        guard.budget.requests += 1
        try:
            has_place = guard.bulkhead.enter(self)
        except Full:
            raise _no_place(self._upstream.name) from None
        if has_place:
            self._place = _HAS_PLACE
            self._attempt()
        else:
            self._place = _WAITS
            self._client.hold_body()
            self._alarm.set(monotonic() + WAIT_SECONDS, self._waited_in_vain)

    def _waited_in_vain(self) -> None:
        self._upstream.guard.bulkhead.give_up(self, in_vain=True)
        self._place = _NO_PLACE
        self._end_with(_no_place(self._upstream.name))

    def _go_on(self) -> None:
        """Make an attempt after a wait, during which the body was held."""
        if self._ended:
            return
        try:
            self._left = seconds_left(self._request)
            self._attempt()
        except Refusal as refusal:
            self._end_with(refusal)
            return
        if self._task is None:
            self._client.release_body()

    def _attempt(self) -> None:
        """:raises Refusal: if the service is left alone."""
        upstream = self._upstream
        try:
            self._permit = upstream.guard.breaker.admit(try_seconds(self._request))
        except Rejected as rejected:
            upstream.guard.suspended += 1
            raise _left_alone(upstream.name, rejected.retry_after) from None
        self._made += 1
        instance = upstream.choose_other(self._tried) if self._tried else upstream.choose()
        connection = instance.take()
        if connection is not None:
            self._ask(connection)
        else:
            self._connect(instance)

    def _connect(self, instance: Instance) -> None:
        self._client.hold_body()
        self._task = self._client.loop.create_task(self._connected(instance))

    async def _connected(self, instance: Instance) -> None:
        try:
            connection = await instance.connect()
        except OSError as error:
            self._task = None
            logger.warning("%s cannot be reached at %s: %s", self._upstream.name, instance, error or "timed out")
            self._blame(instance, connecting=True)
            if not self._tries_again(instance):
                insecure = isinstance(error, Insecure)
                self._end_with(failed(self._upstream.name) if insecure else _unreachable(self._upstream.name))
            return
        self._task = None
        try:
            self._left = seconds_left(self._request)
        except Refusal as refusal:
            connection.abandon()
            self._end_with(refusal)
            return
        self._ask(connection)
        self._client.release_body()

    def _blame(self, instance: Instance, *, connecting: bool = False) -> None:
        """Let breaker and ejection know of a failure."""
        if self._permit is not None:
            self._permit.fail(connecting=connecting)
        self._upstream.note_failure(instance, monotonic())

    def _passes_for_good(self, status: int, headers: list[Field]) -> bool:
        """Let breaker and ejection know of a status from 400 on; say whether the client is to have that answer."""
        permit, instance = self._permit, self._instance
        if permit is None or instance is None:
            return True
        if status < 500:
            permit.decline()
            instance.failures = 0
            return True
        if status in FAILURES:
            permit.fail()
        else:
            permit.decline()
        self._upstream.note_failure(instance, monotonic())
        if status in PASSING and may_repeat(self._request) and self._tries_again(instance, retry_after(headers)):
            return False
        if self._request.fallbacks and status in DEGRADABLE:
            self._end_with(Refusal(status, "service_failed", f"The {self._upstream.name} service failed."))
            return False
        return True

    def _fails(self, instance: Instance, *, may_have_gone_stale: bool, was_lost: bool, refused: bool = False) -> bool:
        """
        Take the end of a connection on which no answer has begun; say whether there is another attempt.

        :param refused: whether the service has not accepted the connection in the first place.
        """
        repeatable = may_repeat(self._request) and self._can_send_again()
        if may_have_gone_stale and repeatable and not self._went_stale:
            # The service had closed a kept connection just then, which is nobody's fault and no attempt.
            self._went_stale = True
            self._alarm.clear()
            self._connect(self._upstream.choose())
            return True
        self._blame(instance, connecting=refused)
        return (was_lost or refused) and repeatable and self._tries_again(instance)

    def _tries_again(self, instance: Instance, asked_pause: float = 0.0) -> bool:
        """Begin another attempt, on another instance where there is one, if there may be one; say whether it is so."""
        self._end_retry()
        if not self._can_send_again():
            return False
        try:
            left = seconds_left(self._request)
        except Refusal:
            return False
        pause = pause_before_next(self._request, self._upstream.guard, self._made, left, asked_pause)
        if pause is None:
            return False
        self._is_retry = True
        self._tried = (*self._tried, instance)
        self._alarm.clear()
        self._leave_connection()
        self._client.hold_body()
        self._task = self._client.loop.create_task(self._again(pause))
        return True

    async def _again(self, pause: float) -> None:
        await asyncio.sleep(pause)
        self._task = None
        self._go_on()

    def _start_timer(self) -> None:
        assert self._permit is not None  # noqa: S101 - without one nothing is sent
        seconds = self._permit.timeout
        self._alarm.set(monotonic() + (seconds if seconds < self._left else self._left), self._time_is_up)

    def _time_is_up(self) -> None:
        instance, permit = self._instance, self._permit
        # A client in a hurry, who gave the service less than a try's time, must not blame it for being late.
        if instance is not None and permit is not None and permit.timeout <= self._left:
            self._blame(instance)
            if not self.has_begun and may_repeat(self._request) and self._tries_again(instance):
                return
        self._end_with(Refusal(504, "deadline_exceeded", f"The {self._upstream.name} service did not answer in time."))

    def _end_with(self, refusal: Refusal) -> None:
        self._stop()
        if self._request.fallbacks and refusal.status in DEGRADABLE and not self.has_begun:
            self._task = self._client.loop.create_task(self._degraded(refusal))
        else:
            self._client.refuse(refusal)

    async def _degraded(self, refusal: Refusal) -> None:
        answer = await substitute_for(self._request, refusal)
        self._task = None
        self._client.refuse(answer)

    def _stop(self) -> None:
        """Let go of everything; the service's connection too, if it still owes an answer."""
        self._ended = True
        self._alarm.clear()
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if not self.has_begun and self._permit is not None:
            self._permit.ignore()
        if self._is_retry:
            self._end_retry()
        self._leave_connection()
        self._leave_place()
        if self._is_counted:
            self._leave_count()

    def _leave_count(self) -> None:
        if self._is_counted:
            self._is_counted = False
            self._request.gateway.in_flight -= 1

    def _end_retry(self) -> None:
        if self._is_retry:
            self._is_retry = False
            self._upstream.guard.budget.ended()

    def _leave_connection(self) -> None:
        if self._instance is not None:
            self._leave_instance()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.leave(self)  # type: ignore[arg-type]  # the other half is the asker

    def _leave_instance(self) -> None:
        if self._instance is not None:
            self._instance.outstanding -= 1
            self._instance = None

    def _leave_place(self) -> None:
        place, self._place = self._place, _NO_PLACE
        if place == _HAS_PLACE:
            self._upstream.guard.bulkhead.leave()
        elif place == _WAITS:
            self._upstream.guard.bulkhead.give_up(self, in_vain=False)


def _unreachable(name: str) -> Refusal:
    return Refusal(503, "service_unavailable", f"The {name} service cannot be reached.", headers=RETRY_SOON)


def failed(name: str) -> Refusal:
    return Refusal(502, "bad_gateway", f"The {name} service failed.")


def _left_alone(name: str, seconds: float) -> Refusal:
    headers = ((b"retry-after", b"%d" % max(ceil(seconds), 1)),)
    return Refusal(503, "service_suspended", f"The {name} service fails and is left alone for now.", headers=headers)


def _no_place(name: str) -> Refusal:
    return Refusal(503, "service_busy", f"The {name} service has as much to do as it can.", headers=RETRY_SOON)


def _overloaded() -> Refusal:
    return Refusal(503, "overloaded", "The gateway has as much to do as it can.", headers=RETRY_SOON)
