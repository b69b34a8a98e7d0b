"""
What can go wrong, once for every interface; an app's own failures derive from these. No transport lives here.

DomainError
├── Invalid        400  INVALID_ARGUMENT     the input is not acceptable as it stands
├── Unauthorized   401  UNAUTHENTICATED      we do not know who asks
├── Forbidden      403  PERMISSION_DENIED    we know who asks, and may say that it is not allowed
├── NotFound       404  NOT_FOUND            there is none, or none that the caller may know of
├── Conflict       409  FAILED_PRECONDITION  it cannot be done in the present state
├── Refused        422  FAILED_PRECONDITION  understood, possible, and refused by a business rule
└── Unavailable    503  UNAVAILABLE          try again later
"""

from typing import Any, ClassVar


class DomainError(Exception):
    """
    A failure in business words that renders itself to HTTP and gRPC alike.

    :cvar code: stable name for programs, such as ``credit_exceeded``.
    :cvar status: HTTP status.
    :cvar rpc_status: name of the gRPC status.
    :cvar title: the failure in a few words, the same for each occurrence.
    :ivar detail: what happened this time, for a person.
    :ivar extra: further members of the problem document, JSON values only.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    rpc_status: ClassVar[str] = "INTERNAL"
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str = "", **extra: Any) -> None:
        self.detail = detail or self.title
        self.extra = extra
        super().__init__(self.detail)


class Invalid(DomainError):
    code, status, rpc_status, title = "invalid", 400, "INVALID_ARGUMENT", "Invalid input"


class Unauthorized(DomainError):
    code, status, rpc_status, title = "unauthorized", 401, "UNAUTHENTICATED", "Not signed in"


class Forbidden(DomainError):
    code, status, rpc_status, title = "forbidden", 403, "PERMISSION_DENIED", "Not allowed"


class NotFound(DomainError):
    code, status, rpc_status, title = "not_found", 404, "NOT_FOUND", "Not found"


class Conflict(DomainError):
    code, status, rpc_status, title = "conflict", 409, "FAILED_PRECONDITION", "Conflict"


class Refused(DomainError):
    code, status, rpc_status, title = "refused", 422, "FAILED_PRECONDITION", "Refused"


class Unavailable(DomainError):
    code, status, rpc_status, title = "unavailable", 503, "UNAVAILABLE", "Unavailable"
