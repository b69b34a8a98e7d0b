"""
A ``requests`` session for calling other HTTP services: deadline, bulkhead, breaker, retries, the trace passed on.

    http = session()
    rates = http.get("https://rates.example.com/eur", timeout=1.5).json()

Everything else is as in ``requests``; an answer of 503 is an answer. What it protects is told by scheme, host and port,
and all sessions of a process share that. It adds no identity: a token is the caller's to send.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, NewConnectionError, ReadTimeoutError
from urllib3.util import Timeout

from ficus import context, deadline, transactions
from ficus.resilience import switches
from ficus.resilience.breaker import Permit, Rejected
from ficus.resilience.bulkhead import Full
from ficus.resilience.errors import HttpBusy, HttpDeadlineExceeded, HttpSuspended, HttpSwitchedOff, HttpUnavailable
from ficus.resilience.guard import Guard
from ficus.resilience.policies import origin
from ficus.resilience.registry import guard_of
from ficus.resilience.retrying import IDEMPOTENT, KEPT_BODY, PASSING, WITH_KEY, seconds_asked
from ficus.telemetry import tracing

FAILURES = frozenset((500, 502, 503, 504))  # semantics, section 1
CONNECTIONS = 64  # kept for each target
FAIR_SHARE = 0.8  # of a try's time; whoever is in a hurry, and gives less, must not blame the service for being late
PIECE = 64 * 1024  # bytes


def session() -> requests.Session:
    """Return a session whose calls, to whatever address, are made as the target's policy says."""
    made = requests.Session()
    for scheme in ("http://", "https://"):
        made.mount(scheme, ResilientAdapter())
    return made


class ResilientAdapter(HTTPAdapter):
    """
    The same for a session of one's own: mount it where it is to hold.

    ``timeout`` of a request is for the whole call, its attempts and pauses; as a pair, for connecting and for the call.
    """

    def __init__(self) -> None:
        super().__init__(pool_maxsize=CONNECTIONS)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """
        Make the call; with ``stream`` the body is left to the caller, who then has no attempt or time to lose for it.

        :raises HttpUnavailable: or one of its kind, if there is no answer.
        :raises HttpDeadlineExceeded: if there is none in time.
        """
        if transactions.is_open():
            raise transactions.RemoteCallInTransaction("ask before the transaction begins, or after its commit")
        guard = guard_of(origin(request.url or ""))
        if switches.is_off(guard.target, urlsplit(request.url or "").path):
            raise _about(request, HttpSwitchedOff(f"calls to {guard.target} have been switched off"))
        named = {"stream": stream, "verify": verify, "cert": cert, "proxies": proxies}
        call = Call(self, request, guard, _stated(timeout), named)
        try:
            with guard.place(call.seconds_left()):
                return call.made()
        except Full:
            raise _about(request, HttpBusy(f"{guard.target} has enough to do")) from None

    def send_once(self, request: requests.PreparedRequest, **named: Any) -> requests.Response:
        """Send it as ``requests`` itself does."""
        return super().send(request, **named)


@dataclass
class Outcome:
    """
    What came of one attempt: an answer or an error.

    :ivar may_repeat: whether another attempt may be made, for all that is known of this one.
    """

    answer: requests.Response | None = None
    error: requests.RequestException | None = None
    may_repeat: bool = False

    def retry_after(self) -> float:
        return seconds_asked(self.answer.headers.get("Retry-After", "")) if self.answer is not None else 0.0

    def result(self) -> requests.Response:
        if self.answer is None:
            assert self.error is not None  # noqa: S101 - it is one or the other
            raise self.error
        return self.answer


class Call:
    """One call: up to three attempts, all before its deadline."""

    def __init__(
        self,
        adapter: ResilientAdapter,
        request: requests.PreparedRequest,
        guard: Guard,
        stated: tuple[float | None, float | None],
        named: Mapping[str, Any],
    ) -> None:
        """:param stated: seconds for connecting and for the call, as far as the caller said."""
        terms = guard.policy.timeout
        connect, whole = stated
        self._adapter, self._request, self._guard, self._named = adapter, request, guard, named
        self._try_seconds = terms.try_seconds if whole is None else min(terms.try_seconds, whole)
        self._connect_seconds = terms.connect_seconds if connect is None else connect
        self._ends_at = time.monotonic() + deadline.for_next_hop(terms.call_seconds if whole is None else whole)

    def seconds_left(self) -> float:
        return self._ends_at - time.monotonic()

    def made(self) -> requests.Response:
        outcome = self._attempt()
        for attempts in count(1):
            pause = self._pause(outcome, attempts)
            if pause is None:
                break
            outcome = self._again(outcome, pause)
        return outcome.result()

    def _pause(self, outcome: Outcome, attempts: int) -> float | None:
        if not outcome.may_repeat:
            return None
        return self._guard.pause_before_next(attempts, self.seconds_left(), outcome.retry_after())

    def _again(self, outcome: Outcome, pause: float) -> Outcome:
        try:
            if outcome.answer is not None:
                outcome.answer.close()
            time.sleep(pause)
            return self._attempt()
        finally:
            self._guard.retry_ended()

    def _attempt(self) -> Outcome:
        seconds = min(self._try_seconds, self.seconds_left())
        if seconds < deadline.LEAST_SECONDS:
            raise _about(self._request, HttpDeadlineExceeded("no time is left to ask"))
        permit = self._permit()
        try:
            return self._outcome(permit, seconds)
        finally:
            permit.ignore()  # which is for whoever left before there was an outcome

    def _permit(self) -> Permit:
        try:
            return self._guard.admit(self._try_seconds)
        except Rejected as rejected:
            retry_after = max(1, round(rejected.retry_after))
            raise _about(self._request, HttpSuspended(str(rejected), retry_after=retry_after)) from None

    def _outcome(self, permit: Permit, seconds: float) -> Outcome:
        request = self._request
        request.headers.update(_outgoing(request.headers, seconds))
        connect = min(self._connect_seconds, seconds)
        ends_at = time.monotonic() + seconds
        try:
            answer = self._adapter.send_once(request, timeout=Timeout(seconds, connect, seconds), **self._named)
            if not self._named["stream"]:
                _read(answer, ends_at)
        except (requests.ConnectionError, requests.Timeout, HTTPError) as error:
            return self._failed(permit, error, connect, seconds)
        if answer.status_code in FAILURES:
            permit.fail()
        else:
            permit.succeed() if answer.status_code < 400 else permit.decline()
        return Outcome(answer=answer, may_repeat=answer.status_code in PASSING and _may_repeat(request))

    def _failed(self, permit: Permit, error: Exception, connect: float, seconds: float) -> Outcome:
        request, target = self._request, self._guard.target
        connecting, is_late = _was_connecting(error), isinstance(error, (requests.Timeout, ReadTimeoutError))
        given, due = (connect, self._connect_seconds) if connecting else (seconds, self._try_seconds)
        if given >= due * FAIR_SHARE or not is_late:
            permit.fail(connecting=connecting)
        if connecting:
            # What is wrong with a certificate is no better a moment later.
            by_tls = isinstance(error, requests.exceptions.SSLError)
            failure: requests.RequestException = HttpUnavailable(f"{target} cannot be reached{' by TLS' * by_tls}")
            may_repeat = _has_body_at_hand(request) and not by_tls
        else:
            late = HttpDeadlineExceeded(f"{target} did not answer within {seconds:.2f} s")
            failure = late if is_late else HttpUnavailable(f"{target} broke off")
            may_repeat = _may_repeat(request)
        failure.__cause__ = error
        return Outcome(error=_about(request, failure), may_repeat=may_repeat)


def _stated(timeout: Any) -> tuple[float | None, float | None]:
    """Return the seconds for connecting and for the whole call, as far as a caller of ``requests`` said."""
    return timeout if isinstance(timeout, tuple) else (None, timeout)


def _outgoing(given: Mapping[str, Any], seconds: float) -> dict[str, str]:
    """Return the headers that tell the other side for how long and for what it is asked."""
    here = context.current()
    # Where tracing runs, its own instrumentation names the present span.
    trace = "" if tracing.running() else here.traceparent
    told = {"X-Request-ID": here.correlation_id, "traceparent": trace}
    fresh = {name: text for name, text in told.items() if name not in given and text.isascii() and text.isprintable()}
    return {"X-Request-Timeout-Ms": str(int(seconds * 1000)), **{name: text for name, text in fresh.items() if text}}


def _read(answer: requests.Response, ends_at: float) -> None:
    """
    Read the body to its end, or until it is too late.

    ``requests`` itself knows only how long a silence may last, and a drop now and then is none.
    """
    pieces: list[bytes] = []
    while piece := answer.raw.read1(PIECE, decode_content=True):
        pieces.append(piece)
        left = ends_at - time.monotonic()
        if left <= 0:
            answer.close()
            raise requests.ReadTimeout("the body takes too long")
        connection = answer.raw.connection
        if connection is not None and connection.sock is not None:
            connection.sock.settimeout(left)
    # As the property ``content`` would have done.
    answer._content, answer._content_consumed = b"".join(pieces), True  # type: ignore[attr-defined]


def _was_connecting(error: Exception) -> bool:
    """Say whether the other side cannot have seen a byte of the request."""
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError | requests.exceptions.ProxyError):
        return True
    return isinstance(getattr(error.args[0] if error.args else None, "reason", None), NewConnectionError)


def _has_body_at_hand(request: requests.PreparedRequest) -> bool:
    return request.body is None or isinstance(request.body, bytes | str)


def _may_repeat(request: requests.PreparedRequest) -> bool:
    """
    Say whether the service may get the request twice (RFC 9110, section 9.2.2).

    Who sends an ``Idempotency-Key`` knows that the service minds it.
    """
    body = request.body or b""
    if not isinstance(body, bytes | str) or len(body) > KEPT_BODY:
        return False
    has_key = request.method in WITH_KEY and "Idempotency-Key" in request.headers
    return has_key or request.method in IDEMPOTENT


def _about(request: requests.PreparedRequest, error: requests.RequestException) -> requests.RequestException:
    error.request = request
    return error
