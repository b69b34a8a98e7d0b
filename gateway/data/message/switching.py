"""The service's consent to WebSocket, looked at and told to the client (RFC 6455, section 4)."""

from base64 import b64encode
from hashlib import sha1
from typing import TYPE_CHECKING

from gateway.data.message.answer import STATUS_LINES
from gateway.data.message.fields import answer_fields

if TYPE_CHECKING:
    from gateway.data.message.request import Field, Request

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3


def fault_of(request: "Request", headers: "list[Field]") -> str:
    """Return why a service's 101 is no consent to what was asked, or nothing."""
    asked, said = dict(request.kept), dict(headers)
    proof = b64encode(sha1(asked[b"sec-websocket-key"] + _GUID, usedforsecurity=False).digest())
    if said.get(b"upgrade", b"").lower() != b"websocket" or said.get(b"sec-websocket-accept") != proof:
        return "it did not accept the handshake"
    offered = [each.strip() for name, value in request.kept if name == PROTOCOL for each in value.split(b",")]
    if PROTOCOL in said and said[PROTOCOL] not in offered:
        return "it chose a protocol that was not offered"
    return ""


PROTOCOL = b"sec-websocket-protocol"


def switching_head(request: "Request", headers: "list[Field]") -> bytes:
    """Return the head of the 101 as the client gets it."""
    hidden = request.upstream.hidden_cookies
    lines = [STATUS_LINES[101], b"connection: Upgrade\r\nupgrade: websocket\r\n"]
    for name, value in answer_fields(headers):
        if name != b"set-cookie" or value.partition(b"=")[0].strip() not in hidden:
            lines.append(b"%b: %b\r\n" % (name, value))
    lines.append(b"x-request-id: %b\r\n\r\n" % request.id)
    return b"".join(lines)
