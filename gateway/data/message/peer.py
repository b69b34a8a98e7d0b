"""Who is at the other end of a client's connection, and what the services are told about him."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.data.message.request import Field, Request

Network = IPv4Network | IPv6Network


class Peer:
    """
    One end of a connection.

    :ivar trusted: whether it is a proxy of ours, so that what it says about its own client is believed.
    """

    __slots__ = ("_host", "_lines", "address", "node", "port", "scheme", "trusted")

    def __init__(self, address: str, port: int, scheme: bytes, trusted_hops: Sequence[Network]) -> None:
        self.address = address.encode()
        self.port = port
        self.node = b'"[%b]"' % self.address if ":" in address else self.address
        self.scheme = scheme
        self._host = self._lines = b""
        self.trusted = bool(address) and any(ip_address(address) in network for network in trusted_hops)

    def lines_for(self, host: bytes) -> bytes:
        """Return what services are told of an untrusted peer, written out; on one connection it is always the same."""
        if host != self._host:
            self._host, self._lines = host, b"".join([b"%b: %b\r\n" % field for field in _of_untrusted(self, host)])
        return self._lines


def forwarded(request: "Request") -> "list[Field]":
    """Return the fields that tell a service who asked and how (RFC 7239); what an untrusted client said is gone."""
    peer, fields = request.peer, request.fields
    host = fields[b"host"]
    if not peer.trusted:
        return _of_untrusted(peer, host)
    element = _element(peer, host)
    return [
        (b"x-forwarded-for", _after(fields.get(b"x-forwarded-for"), peer.address)),
        (b"x-forwarded-proto", _told_scheme(fields.get(b"x-forwarded-proto"), peer.scheme)),
        (b"x-forwarded-host", fields.get(b"x-forwarded-host", host)),
        (b"forwarded", _after(fields.get(b"forwarded"), element)),
    ]


def forwarded_lines(request: "Request") -> bytes:
    """Return the same, written out."""
    peer = request.peer
    if peer.trusted:
        return b"".join([b"%b: %b\r\n" % field for field in forwarded(request)])
    return peer.lines_for(request.fields[b"host"])


def scheme_of(request: "Request") -> bytes:
    """Return the scheme by which the client reached the first hop that we trust."""
    told = request.fields.get(b"x-forwarded-proto") if request.peer.trusted else None
    return _told_scheme(told, request.peer.scheme)


def client_of(request: "Request") -> bytes:
    """Return the client's address as far as it can be believed."""
    told = request.fields.get(b"x-forwarded-for") if request.peer.trusted else None
    return told.rpartition(b",")[2].strip() if told else request.peer.address


def _of_untrusted(peer: Peer, host: bytes) -> "list[Field]":
    return [
        (b"x-forwarded-for", peer.address),
        (b"x-forwarded-proto", peer.scheme),
        (b"x-forwarded-host", host),
        (b"forwarded", _element(peer, host)),
    ]


def _element(peer: Peer, host: bytes) -> bytes:
    return b"for=%b;host=%b;proto=%b" % (peer.node, _quoted(host), peer.scheme)


def _told_scheme(told: bytes | None, own: bytes) -> bytes:
    return told if told in (b"http", b"https") else own


def _after(earlier: bytes | None, element: bytes) -> bytes:
    return b"%b, %b" % (earlier, element) if earlier else element


def _quoted(host: bytes) -> bytes:
    return b'"%b"' % host if b":" in host else host
