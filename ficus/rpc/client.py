"""
Asks other services: deadline, bulkhead, breaker and error mapping around the generated stubs, as a policy says.

Retries and their budget are gRPC's own, by the service config in ``channels``; nothing here tries twice. Streams are
not retried at all: whoever reads one knows how far it came, and asks for the rest.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

import grpc

from ficus import deadline, transactions
from ficus.errors import Unavailable
from ficus.resilience import switches
from ficus.resilience.breaker import Permit, Rejected
from ficus.resilience.bulkhead import Full
from ficus.resilience.guard import Guard
from ficus.resilience.registry import guard_of
from ficus.resilience.terms import Policy, TimeoutTerms
from ficus.rpc import local, metadata, metrics, options, security
from ficus.rpc.channels import DEFAULT_RETRY, channel_to
from ficus.rpc.errors import (
    DETAILS,
    RemoteCallInTransaction,
    RpcBusy,
    RpcDeadlineExceeded,
    RpcSuspended,
    RpcSwitchedOff,
    RpcUnavailable,
    domain_error,
)
from ficus.rpc.methods import Method
from ficus.tls.files import BadCertificates

DEFAULT = Policy(timeout=TimeoutTerms(call_seconds=2.0), retry=DEFAULT_RETRY)
FAILURES = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
}
RAISE: Any = object()
Stub = TypeVar("Stub")


@lru_cache(maxsize=64)
def client(upstream: str, stub: type[Stub], *, breaker: bool = True) -> Stub:
    """
    Return a stub whose calls go to the service that ``settings.RPC["UPSTREAMS"]`` calls ``upstream``.

    Each call takes ``timeout`` in seconds, 2 unless the upstream's policy says otherwise, shortened to what remains of
    the present work's own deadline. It raises the domain error that the other side raised, or
    :class:`~ficus.errors.Unavailable` in one of the forms of ``ficus.rpc.errors``; a call for a single answer that is
    given ``otherwise`` returns that instead of raising ``Unavailable``. No connection is made before the first call.

    :param breaker: False for a caller that asks at its own pace anyway, such as a poll.
    """
    return stub(Calls(upstream, breaker))  # type: ignore[call-arg]


class Calls:
    """Takes the place of a ``grpc.Channel`` in a generated stub."""

    def __init__(self, upstream: str, breaker: bool) -> None:
        self._upstream, self._breaker = upstream, breaker

    def unary_unary(self, path: str, request_serializer: Any, response_deserializer: Any, **_: Any) -> "Unary":
        return Unary(self._upstream, Method(path, False, request_serializer, response_deserializer), self._breaker)

    def unary_stream(self, path: str, request_serializer: Any, response_deserializer: Any, **_: Any) -> "Stream":
        return Stream(self._upstream, Method(path, True, request_serializer, response_deserializer), self._breaker)

    def stream_unary(self, path: str, *_: Any, **__: Any) -> None:
        """Offer no calls that stream a request; no contract has one."""

    stream_stream = stream_unary


class _Call:
    def __init__(self, upstream: str, method: Method, breaker: bool) -> None:
        self._upstream, self._method, self._breaker = upstream, method, breaker

    def _address(self) -> str:
        return options.address_of(self._upstream)

    def _guard(self) -> Guard:
        return guard_of(self._upstream, DEFAULT)

    def _prepare(self, timeout: float | None) -> float:
        """Return the seconds that a call may take now, if it may be made at all."""
        if transactions.is_open():
            raise RemoteCallInTransaction("ask before the transaction begins, or after it has been committed")
        if switches.is_off(self._upstream, self._method.path.rpartition("/")[2]):
            raise RpcSwitchedOff(f"{self._method.path} of {self._upstream} has been switched off")
        allowed = deadline.for_next_hop(self._guard().policy.timeout.call_seconds if timeout is None else timeout)
        if allowed < deadline.LEAST_SECONDS:
            raise RpcDeadlineExceeded("no time is left to ask")
        return allowed

    def _ready(self, address: str) -> Any:
        try:
            return channel_to(address, self._guard().policy.retry, self._upstream).call(self._method)
        except BadCertificates as error:
            raise RpcUnavailable(f"our own certificates cannot be used: {error}") from None

    def _failure(self, permit: "Permit | _NoPermit", error: Any, address: str) -> Exception:
        """Tell the breaker of a failed call, and return what it means."""
        _settle(permit, error)
        if error.code() is grpc.StatusCode.UNAVAILABLE:
            security.explain(address, self._upstream)
        return _meaning(error)

    @contextmanager
    def _admitted(self, allowed: float) -> Iterator["Permit | _NoPermit"]:
        """Hold a place and the breaker's leave for one call."""
        if not self._breaker:
            yield _NoPermit()
            return
        try:
            with self._guard().place(allowed):
                yield self._guard().admit(allowed)
        except Rejected as rejected:
            raise RpcSuspended(str(rejected), retry_after=max(1, round(rejected.retry_after))) from None
        except Full:
            raise RpcBusy(f"{self._upstream} has enough to do") from None


class Unary(_Call):
    def __call__(self, request: Any, timeout: float | None = None, *, otherwise: Any = RAISE) -> Any:
        """Return the answer, or ``otherwise``, if given, when there is none; that is counted."""
        try:
            return self._ask(request, timeout)
        except Unavailable as error:
            if otherwise is RAISE:
                raise
            metrics.note_fallback(self._upstream, self._method.path, error)
            return otherwise

    def _ask(self, request: Any, timeout: float | None) -> Any:
        allowed, address = self._prepare(timeout), self._address()
        if address == "local":
            return local.call(self._method, request, allowed)
        call = self._ready(address)
        with self._admitted(allowed) as permit:
            try:
                answer = call(request, timeout=allowed, metadata=metadata.outgoing())
            except grpc.RpcError as error:
                raise self._failure(permit, error, address) from None
            permit.succeed()
            return answer


class Stream(_Call):
    def __call__(self, request: Any, timeout: float | None = None) -> Iterator[Any]:
        """Return the answers as they come; ``timeout`` is for all of them together."""
        allowed, address = self._prepare(timeout), self._address()
        if address == "local":
            return local.stream(self._method, request, allowed)
        return self._answers(request, allowed, address, metadata.outgoing())

    def _answers(self, request: Any, allowed: float, address: str, sent: Any) -> Iterator[Any]:
        call = self._ready(address)
        with self._admitted(allowed) as permit:
            answers = call(request, timeout=allowed, metadata=sent)
            try:
                for answer in answers:
                    # How long a stream lasts says nothing; that it began does.
                    permit.succeed()
                    permit = _NoPermit()
                    yield answer
                permit.succeed()
            except grpc.RpcError as error:
                raise self._failure(permit, error, address) from None
            finally:
                answers.cancel()


class _NoPermit:
    def succeed(self) -> None: ...

    def fail(self, *, connecting: bool = False) -> None: ...

    def ignore(self) -> None: ...


def _settle(permit: "Permit | _NoPermit", error: Any) -> None:
    """Tell the breaker what a failed call says about the upstream."""
    if error.code() not in FAILURES:
        permit.ignore() if error.code() is grpc.StatusCode.CANCELLED else permit.succeed()
        return
    answered = any(name == DETAILS for name, _ in error.trailing_metadata() or ())
    permit.fail(connecting=error.code() is grpc.StatusCode.UNAVAILABLE and not answered)


def _meaning(error: Any) -> Exception:
    return domain_error(error.code(), error.details() or "", error.trailing_metadata())
