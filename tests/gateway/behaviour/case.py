"""A behaviour as data: what a client sends, what reaches which service, and what the client is answered."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TOKEN = b"<token>"  # stands in what is sent for one that holds


@dataclass(frozen=True)
class Until:
    """A pause in what is sent, until the other side has got ``piece``."""

    piece: bytes


Script = bytes | tuple[bytes | Until, ...]


@dataclass(frozen=True)
class Onward:
    """
    A request as it is to reach a service.

    :ivar headers: by name, in lower case; a value that begins with ``~`` is a pattern for the whole.
    :ivar lost: names of fields that are not to be there.
    """

    method: str = "GET"
    target: str = "/x"
    headers: Mapping[str, str] = field(default_factory=dict)
    lost: tuple[str, ...] = ()
    body: bytes = b""
    service: str = "orders"


@dataclass(frozen=True)
class Said:
    """
    An answer as the client is to get it.

    :ivar body: None if it is no matter.
    :ivar closes: whether the connection is to end with it.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    lost: tuple[str, ...] = ()
    body: bytes | None = None
    closes: bool = False


@dataclass(frozen=True)
class Case:
    """
    One behaviour.

    :ivar sent: as bytes, with pauses if it is sent in pieces.
    :ivar reaches: the requests that services get, in their order.
    :ivar answers: in their order, as many as there are.
    :ivar reply: what the service says, to each request; its name if nothing is said here.
    :ivar address: that the client's connection comes from.
    """

    name: str
    sent: Script
    reaches: tuple[Onward, ...]
    answers: tuple[Said, ...]
    reply: Script | None = None
    address: str = "127.0.0.1"


@dataclass(frozen=True)
class Area:
    """
    Behaviours that belong together, and the routes that they are of.

    :ivar host: that the routes without hosts of their own are for.
    """

    name: str
    about: str
    host: str
    routes: Mapping[str, Mapping[str, Any]]
    cases: tuple[Case, ...]

    def table(self) -> dict[str, Any]:
        """Return the routes as a table has them, each under a name of its own."""
        return {
            f"{self.name.replace(' ', '-')}-{name}": {"hosts": [self.host], "access": "public", **route}
            for name, route in self.routes.items()
        }


def request(
    method: str, target: str, *fields: str, host: str, body: bytes = b"", chunked: bool = False, version: str = "1.1"
) -> bytes:
    """Return a well-formed request."""
    lines = [f"{method} {target} HTTP/{version}", f"Host: {host}", *fields]
    if chunked:
        lines.append("Transfer-Encoding: chunked")
        body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
    elif body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def served(
    name: str,
    sent: Script,
    target: str,
    *,
    service: str = "orders",
    method: str = "GET",
    said: Said | None = None,
    reply: Script | None = None,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    lost: tuple[str, ...] = (),
    address: str = "127.0.0.1",
) -> Case:
    """Return a case in which a request reaches a service, whose answer the client gets."""
    onward = Onward(method, target, headers or {}, lost, body, service)
    answer = said or Said(200, body=b"" if method == "HEAD" else service.encode())
    return Case(name, sent, (onward,), (answer,), reply, address)


def refused(
    name: str, sent: Script, status: int, *, closes: bool = False, headers: Mapping[str, str] | None = None
) -> Case:
    """Return a case in which no service hears of a request."""
    return Case(name, sent, (), (Said(status, headers or {}, closes=closes),))


def answered(status: int = 200, body: bytes = b"", *fields: str) -> bytes:
    """Return a service's answer."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def matches(wanted: str, found: str) -> bool:
    return bool(re.fullmatch(wanted[1:], found)) if wanted.startswith("~") else wanted == found
