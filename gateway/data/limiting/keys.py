"""On whose account a request goes."""

from functools import lru_cache
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Final

from gateway.data.limiting.quota import By
from gateway.data.message.peer import client_of

if TYPE_CHECKING:
    from gateway.data.message.request import Request

# Looking a member up in its class costs more than what is decided by it.
_SUBJECT: Final = By.SUBJECT
_ADDRESS: Final = By.ADDRESS
_ROUTE: Final = By.ROUTE
LONGEST_KEY = 128  # bytes; what is longer goes by its hash


def key_of(request: "Request", by: By) -> bytes:
    """Return who is counted; never empty, and of another form for each kind."""
    if by is _ROUTE:
        return b"all"
    principal = request.principal
    if principal is None or by is _ADDRESS:
        return b"address:" + network_of(request)
    if by is _SUBJECT:
        return _bounded(b"subject:" + principal.subject.encode())
    return _bounded(b"client:" + principal.client_id.encode())


def network_of(request: "Request") -> bytes:
    """Return the client's address, or its /64: in IPv6 one customer has at least that many addresses to himself."""
    return _network(client_of(request)) or _network(request.peer.address) or b"unknown"


@lru_cache(maxsize=8192)
def _network(address: bytes) -> bytes:
    """Return empty if it is no address, whatever a proxy has said."""
    try:
        found = ip_address(address.decode("latin-1").strip("[]").partition("%")[0])
    except ValueError:
        return b""
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is None:
            return f"{IPv6Address(int(found) >> 64 << 64)}/64".encode()
        found = found.ipv4_mapped
    return str(found).encode()


def _bounded(key: bytes) -> bytes:
    return key if len(key) <= LONGEST_KEY else sha256(key).hexdigest().encode()
