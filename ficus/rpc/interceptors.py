"""What surrounds every call of our own services: connections, deadline, context, and a status for its failures."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from django.db import close_old_connections

from ficus import context, crash, deadline
from ficus.errors import DomainError
from ficus.rpc import metadata
from ficus.rpc.errors import RpcDeadlineExceeded, RpcFailed, status_of
from ficus.rpc.streams import in_own_context

logger = logging.getLogger(__name__)


class Surround(grpc.ServerInterceptor):  # type: ignore[type-arg] # generic in its stubs alone
    """Surrounds each call, other than gRPC's own services, which bring what they need."""

    def intercept_service(self, continuation: Any, details: Any) -> Any:
        handler = continuation(details)
        if handler is None or details.method.startswith("/grpc."):
            return handler
        if handler.unary_stream:
            make, behaviour = grpc.unary_stream_rpc_method_handler, _stream(handler.unary_stream)
        else:
            make, behaviour = grpc.unary_unary_rpc_method_handler, _unary(handler.unary_unary)
        return make(behaviour, handler.request_deserializer, handler.response_serializer)


def _unary(behaviour: Any) -> Any:
    def call(request: Any, rpc: Any) -> Any:
        with surrounded(rpc):
            return behaviour(request, rpc)

    return call


def _stream(behaviour: Any) -> Any:
    def answers(request: Any, rpc: Any) -> Iterator[Any]:
        with surrounded(rpc):
            yield from behaviour(request, rpc)

    return lambda request, rpc: in_own_context(answers(request, rpc))


@contextmanager
def surrounded(rpc: Any) -> Iterator[None]:
    """Do the block as the work of one call; a failure in it ends the call with the status that says so."""
    close_old_connections()
    try:
        with (
            deadline.entered(min(rpc.time_remaining() or 0.0, deadline.LONGEST_SECONDS)),
            context.entered(**metadata.incoming(rpc.invocation_metadata())),
        ):
            _refuse_when_late()
            crash.point("rpc.before_work")
            yield
            crash.point("rpc.before_answer")
    except DomainError as error:
        _abort(rpc, error)
    except Exception as error:
        if _is_abort(error):
            raise
        logger.exception("a call failed")
        _abort(rpc, RpcFailed("internal error"))
    finally:
        close_old_connections()


def _refuse_when_late() -> None:
    if (deadline.remaining() or 0.0) < deadline.LEAST_SECONDS:
        raise RpcDeadlineExceeded("no time is left to answer")


def _abort(rpc: Any, error: DomainError) -> None:
    code, message, trailing = status_of(error)
    rpc.set_trailing_metadata(trailing)
    rpc.abort(code, message)


def _is_abort(error: Exception) -> bool:
    """Return whether the servicer ended the call itself: ``abort`` raises a bare Exception, nothing else does."""
    return type(error) is Exception and not error.args
