"""Which addresses the gateway may connect to, checked when they are saved and again when a name has been resolved."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from gateway.data.message.peer import Network

# Never, whatever is allowed: link-local, where clouds keep their metadata, and what is no host at all.
NEVER: tuple[Network, ...] = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "100.100.100.200/32",
        "168.63.129.16/32",
        "::/128",
        "fe80::/10",
        "ff00::/8",
        "fd00:ec2::/32",
    )
)
_NAT64 = ip_network("64:ff9b::/96")


class ForbiddenDestination(OSError):
    """The address is none that the gateway may connect to."""


@dataclass(frozen=True, slots=True)
class Destinations:
    """
    An allow-list.

    :ivar networks: those in which services may be.
    :ivar hosts: names, ``*.`` before one for all below it, that may be anywhere but where nothing may.
    :ivar configured: host and port of the addresses that the environment names; whoever writes that is believed.
    """

    networks: tuple[Network, ...] = ()
    hosts: tuple[str, ...] = ()
    configured: frozenset[tuple[str, int]] = frozenset()

    @classmethod
    def of(
        cls, networks: Iterable[str], hosts: Iterable[str] = (), configured: Iterable[tuple[str, int]] = ()
    ) -> "Destinations":
        """:raises ValueError: if a network is none."""
        return cls(
            tuple(ip_network(network) for network in networks),
            tuple(host.lower().rstrip(".") for host in hosts),
            frozenset((host.lower(), port) for host, port in configured),
        )

    def fault(self, host: str, port: int, address: str) -> str:
        """
        Return why the gateway may not connect, or nothing.

        :param host: as it was configured.
        :param address: that ``host`` stands for now; the same where it is one.
        """
        found = _plain(address)
        if any(found in network for network in NEVER):
            return f"{address} is an address that the gateway never connects to"
        if (host.lower(), port) in self.configured or self.names(host):
            return ""
        if any(found in network for network in self.networks):
            return ""
        return f"{address} is in none of the networks that services may be in (GATEWAY_UPSTREAM_NETWORKS)"

    def names(self, host: str) -> bool:
        host = host.lower().rstrip(".")
        return any(host == name or (name.startswith("*.") and host.endswith(name[1:])) for name in self.hosts)


EVERYWHERE = Destinations.of(("0.0.0.0/0", "::/0"))


def literal(host: str) -> str:
    """Return the address that ``host`` is, or nothing if it is a name."""
    try:
        return str(ip_address(host))
    except ValueError:
        return ""


def _plain(address: str) -> IPv4Address | IPv6Address:
    """Return the address, an IPv4 one where IPv6 only carries it: ``::ffff:169.254.169.254`` is no way round."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return found.ipv4_mapped
        if found.sixtofour is not None:
            return found.sixtofour
        if found in _NAT64:
            return IPv4Address(int(found) & 0xFFFFFFFF)
    return found
