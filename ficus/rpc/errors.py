"""
Domain errors as gRPC statuses and back: one error renders itself to HTTP and to gRPC.

The error's name and members travel as ``google.rpc.ErrorInfo`` in the trailing metadata ``grpc-status-details-bin``, as
other gRPC stacks do. A status without it was not written by one of our servicers.

DomainError
├── Unavailable
│   ├── RpcUnavailable         nobody answers there, or the other side said so
│   │   ├── RpcSuspended       not even tried: the breaker is open
│   │   ├── RpcBusy            not even tried: too many calls are under way
│   │   └── RpcSwitchedOff     not even tried: an operator has switched it off
│   ├── RpcDeadlineExceeded    no answer in time, or no time left to ask
│   └── RpcFailed              the other side broke
RemoteCallInTransaction        a mistake in our own code, so no domain error
"""

import json
from functools import lru_cache
from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from ficus.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, Refused, Unauthorized, Unavailable
from ficus.transactions import RemoteCallInTransaction as RemoteCallInTransaction

DETAILS = "grpc-status-details-bin"
DOMAIN = "ficus"
_BY_HTTP_STATUS: dict[int, type[DomainError]] = {
    error.status: error for error in (Invalid, Unauthorized, Forbidden, NotFound, Conflict, Refused)
}


class RpcUnavailable(Unavailable):
    code, title = "upstream_unavailable", "A service that this needs is away"


class RpcSuspended(RpcUnavailable):
    code, title = "upstream_suspended", "A service that this needs keeps failing and is left alone for a while"


class RpcBusy(RpcUnavailable):
    code, title = "upstream_busy", "A service that this needs has enough to do"


class RpcSwitchedOff(RpcUnavailable):
    code, title = "upstream_switched_off", "A call that this needs has been switched off"


class RpcDeadlineExceeded(Unavailable):
    code, status, rpc_status, title = "deadline_exceeded", 504, "DEADLINE_EXCEEDED", "No answer in time"


class RpcFailed(Unavailable):
    code, status, rpc_status, title = "upstream_failed", 502, "INTERNAL", "A service that this needs is broken"


def status_of(error: DomainError) -> tuple[grpc.StatusCode, str, tuple[tuple[str, bytes], ...]]:
    """Return the gRPC status, its message, and the trailing metadata that say what ``error`` says."""
    code: grpc.StatusCode = grpc.StatusCode[error.rpc_status]
    members = {"status": error.status, "title": error.title, **error.extra}
    info = ErrorInfo(
        reason=error.code,
        domain=DOMAIN,
        metadata={name: json.dumps(value, default=str) for name, value in members.items()},
    )
    packed = AnyMessage()
    packed.Pack(info)
    details = Status(code=code.value[0], message=error.detail, details=[packed])
    return code, error.detail, ((DETAILS, details.SerializeToString()),)


def domain_error(code: grpc.StatusCode, message: str, trailing: Any) -> DomainError:
    """Return the failure that a gRPC status describes, in the caller's terms; ``trailing`` are metadata pairs."""
    info = _info(trailing)
    if info is None:
        return _without_details(code, message)
    members = {name: json.loads(value) for name, value in info.metadata.items()}
    status = members.pop("status", 500)
    if status not in _BY_HTTP_STATUS:
        return _without_details(code, message)
    return _remote(status, info.reason, members.pop("title", info.reason))(message, **members)


def _info(trailing: Any) -> ErrorInfo | None:
    for name, value in trailing or ():
        if name == DETAILS:
            for packed in Status.FromString(value).details:
                info = ErrorInfo()
                if packed.Unpack(info) and info.domain == DOMAIN:
                    return info
    return None


def _without_details(code: grpc.StatusCode, message: str) -> DomainError:
    match code:
        case grpc.StatusCode.UNAVAILABLE | grpc.StatusCode.RESOURCE_EXHAUSTED:
            return RpcUnavailable(message)
        case grpc.StatusCode.DEADLINE_EXCEEDED | grpc.StatusCode.CANCELLED:
            return RpcDeadlineExceeded(message)
        case grpc.StatusCode.INVALID_ARGUMENT:
            return Invalid(message)
        case grpc.StatusCode.UNAUTHENTICATED:
            return Unauthorized(message)
        case grpc.StatusCode.PERMISSION_DENIED:
            return Forbidden(message)
        case grpc.StatusCode.NOT_FOUND:
            return NotFound(message)
        case _:
            return RpcFailed(f"{code.name}: {message}")


@lru_cache(maxsize=256)
def _remote(status: int, code: str, title: str) -> type[DomainError]:
    """Return a class with the other side's names: right for ``except NotFound`` and for problem+json alike."""
    base = _BY_HTTP_STATUS[status]
    return type(base.__name__, (base,), {"code": code, "title": title, "__module__": __name__})
