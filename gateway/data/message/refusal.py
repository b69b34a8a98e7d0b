"""How the gateway says no: one exception, rendered as a problem document (RFC 9457)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from ficus.http.problem_document import problem_document

if TYPE_CHECKING:
    from gateway.data.message.request import Request

TITLES = {
    400: "Malformed request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    408: "Request timed out",
    413: "Body too large",
    414: "Address too long",
    417: "Expectation not met",
    426: "Upgrade required",
    429: "Too many requests",
    431: "Header too large",
    502: "Service failed",
    503: "Service unavailable",
    504: "Service timed out",
}


class Refusal(Exception):
    """
    The gateway's own answer instead of a service's.

    :ivar code: stable name for programs.
    :ivar closes: whether nothing further on this connection can be trusted.
    :ivar location: where a browser is sent instead of being shown the problem, or empty.
    :ivar extra: further members of the problem document, JSON values only.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        closes: bool = False,
        headers: tuple[tuple[bytes, bytes], ...] = (),
        location: bytes = b"",
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.closes = closes
        self.headers = headers
        self.location = location
        self.extra = extra or {}


def malformed(code: str, detail: str) -> Refusal:
    """Return the refusal of a message that two parsers could read differently: 400, and the connection ends."""
    return Refusal(400, code, detail, closes=True)


def problem(refusal: Refusal, request: "Request | None") -> bytes:
    """Return the document; ``request`` is None when its head could not even be read."""
    if request is None:
        return _encode(refusal)
    return _encode(
        refusal,
        instance=request.path.decode(),
        request_id=request.id.decode(),
        trace_id=request.trace_id.decode(),
    )


def _encode(refusal: Refusal, instance: str = "", **ids: str) -> bytes:
    document = problem_document(
        refusal.status,
        code=refusal.code,
        title=TITLES.get(refusal.status, ""),
        detail=refusal.detail,
        instance=instance,
        **{name: value for name, value in ids.items() if value},
        **refusal.extra,
    )
    return orjson.dumps(document)
