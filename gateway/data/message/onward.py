"""Writes the head of a request as a service gets it."""

from typing import TYPE_CHECKING, Final

from gateway.data.message.cookies import without
from gateway.data.message.peer import forwarded, forwarded_lines
from gateway.data.message.trace import traceparent

if TYPE_CHECKING:
    from gateway.data.message.request import Field, Request

_WITH_BODY: Final = frozenset((b"POST", b"PUT", b"PATCH"))
# What every request has, in one piece: half the price of as many lines.
_HEAD: Final = (
    b"%b %b%b HTTP/1.1\r\nhost: %b\r\n%b%b"
    b"x-request-id: %b\r\ntraceparent: 00-%b-%b-%b\r\nx-request-timeout-ms: %d\r\n\r\n"
)


def identity_and_trail(request: "Request") -> "list[Field]":
    """Return the fields that the gateway answers for: who asks, by which way, under which ids."""
    fields = forwarded(request)
    fields.append((b"x-request-id", request.id))
    fields.append((b"traceparent", traceparent(request)))
    if request.authorization:
        fields.append((b"authorization", request.authorization))
    return fields


def onward_head(request: "Request", hidden_cookies: frozenset[bytes], milliseconds: int) -> bytes:
    """
    Return the request's head for a service: the canonical path, what was kept, and the gateway's own fields.

    :param milliseconds: that the service has for its answer.
    """
    fields, method = request.fields, request.method
    lines = [b"%b: %b\r\n" % field for field in request.kept]
    if request.authorization:
        lines.append(b"authorization: %b\r\n" % request.authorization)
    cookie = fields.get(b"cookie")
    if cookie and (visible := without(cookie, hidden_cookies)):
        lines.append(b"cookie: %b\r\n" % visible)
    if request.length is None:
        lines.append(b"transfer-encoding: chunked\r\n")
    elif request.length or method in _WITH_BODY:
        lines.append(b"content-length: %d\r\n" % request.length)
    return _HEAD % (
        method,
        request.onward_path or request.path,
        request.query,
        fields[b"host"],
        b"".join(lines),
        forwarded_lines(request),
        request.id,
        request.trace_id,
        request.span_id,
        request.trace_flags,
        milliseconds,
    )
