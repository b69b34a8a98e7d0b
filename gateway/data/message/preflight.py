"""Questions that a browser asks before a page of another origin may send a request (Fetch, section 3.3)."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.data.message.request import Request


def asked_method(request: "Request") -> bytes:
    """Return the method of the request that is to follow; empty if this is no preflight request."""
    if request.method != b"OPTIONS" or b"origin" not in request.fields:
        return b""
    return said(request, b"access-control-request-method")


def said(request: "Request", name: bytes) -> bytes:
    """Return the values of a field that goes on as it came, joined, or empty."""
    return b", ".join(value for found, value in request.kept if found == name)
