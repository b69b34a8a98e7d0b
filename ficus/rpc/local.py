"""
Calls a servicer in this same process, still through the messages.

Both requests and answers are written and read as they would be on the wire, and a failure arrives in the form it would
have there, so that nothing works in one process that would not work in two.
"""

from collections.abc import Iterator
from typing import Any, NoReturn

import grpc

from ficus import deadline
from ficus.errors import DomainError
from ficus.rpc.errors import RpcFailed, domain_error, status_of
from ficus.rpc.methods import Method
from ficus.rpc.servicers import handler_of
from ficus.rpc.streams import in_own_context


class LocalContext:
    """The part of ``grpc.ServicerContext`` that a servicer may use."""

    def is_active(self) -> bool:
        return True

    def time_remaining(self) -> float | None:
        return deadline.remaining()

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        return ()

    def abort(self, code: grpc.StatusCode, details: str) -> NoReturn:
        raise domain_error(code, details, ())


def call(method: Method, request: Any, timeout: float) -> Any:
    """Return the servicer's answer; ``timeout`` becomes its deadline."""
    handler = handler_of(method.path)
    received = handler.request_deserializer(method.write(request))
    try:
        with deadline.entered(timeout):
            answer = handler.unary_unary(received, LocalContext())
    except Exception as error:
        raise _as_received(error) from error
    return method.read(handler.response_serializer(answer))


def stream(method: Method, request: Any, timeout: float) -> Iterator[Any]:
    """Return the servicer's answers, each made when it is asked for."""
    return in_own_context(_answers(method, request, timeout))


def _answers(method: Method, request: Any, timeout: float) -> Iterator[Any]:
    handler = handler_of(method.path)
    received = handler.request_deserializer(method.write(request))
    try:
        with deadline.entered(timeout):
            for answer in handler.unary_stream(received, LocalContext()):
                yield method.read(handler.response_serializer(answer))
    except Exception as error:
        raise _as_received(error) from error


def _as_received(error: Exception) -> DomainError:
    """Return the failure as it would have come over the wire."""
    if isinstance(error, DomainError):
        return domain_error(*status_of(error))
    return RpcFailed(f"INTERNAL: {type(error).__name__}")
