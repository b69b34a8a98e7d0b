"""Writes the heads of answers as the client gets them."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from gateway.data.alteration import altered
from gateway.data.message.cookies import sets_one_of
from gateway.data.message.fields import answer_fields

if TYPE_CHECKING:
    from gateway.data.message.request import Field, Request

_PHRASES = {status.value: status.phrase.encode() for status in HTTPStatus}
STATUS_LINES: Final = {code: b"HTTP/1.1 %d %b\r\n" % (code, _PHRASES.get(code, b"Unknown")) for code in range(100, 600)}
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"


def has_no_body(method: bytes, status: int) -> bool:
    return method == b"HEAD" or status in (204, 304)


def answer_head(
    request: "Request", status: int, headers: "list[Field]", length: int | None, *, chunked: bool, closes: bool
) -> bytes:
    """
    Return the head of a service's answer as the client gets it.

    :param length: of the body; None if it is chunked or ends with the connection.
    """
    hidden = request.upstream.hidden_cookies
    fields = answer_fields(headers)
    if request.alterations:
        fields = altered(request, status, fields)
    lines = [
        b"%b: %b\r\n" % field for field in fields if field[0] != b"set-cookie" or not sets_one_of(field[1], hidden)
    ]
    if chunked:
        lines.append(b"transfer-encoding: chunked\r\n")
    elif length is not None:
        lines.append(b"content-length: %d\r\n" % length)
    if closes:
        lines.append(b"connection: close\r\n")
    status_line = STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status
    return b"%b%bx-request-id: %b\r\n\r\n" % (status_line, b"".join(lines), request.id)


def own_answer(
    request: "Request | None", status: int, fields: "tuple[Field, ...]", body: bytes, *, closes: bool
) -> bytes:
    """Return a whole answer of the gateway's own."""
    if request is not None and request.alterations:
        fields = tuple(altered(request, status, list(fields)))
    lines = [STATUS_LINES[status], *(b"%b: %b\r\n" % field for field in fields)]
    if status not in (204, 304):  # RFC 9110, section 8.6
        lines.append(b"content-length: %d\r\n" % len(body))
    if closes:
        lines.append(b"connection: close\r\n")
    if request is not None and request.id:
        lines.append(b"x-request-id: %b\r\n" % request.id)
    lines.append(b"\r\n")
    if request is None or request.method != b"HEAD":
        lines.append(body)
    return b"".join(lines)
