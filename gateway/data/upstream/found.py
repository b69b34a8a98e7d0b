"""Where each service is at present: as the registry knows it, or else as the table and settings say."""

from collections.abc import Iterator, Mapping

from ficus.discovery.instance import Instance
from gateway.data.routing.table import Table
from gateway.data.upstream.address import Address
from gateway.data.upstream.terms import DEFAULT_TERMS

Found = Mapping[str, tuple[Instance, ...]]

# Stands for a service of which no address is known: nothing is ever connected to there, so that it is unavailable.
NOBODY = "0.0.0.0:9"


def addresses(table: Table, found: Found) -> dict[str, tuple[Address, ...]]:
    """Return the addresses of each service; for one that the registry knows nobody of those of the table stand in."""
    present = {}
    for service, listed in table.services.items():
        discovered = [url for url, _ in located(table, service, found)]
        present[service] = tuple(map(Address, discovered)) or listed or (Address(f"http://{NOBODY}"),)
    return present


def located(table: Table, service: str, found: Found) -> Iterator[tuple[str, Instance]]:
    """
    Yield the instances that the registry knows, with the address at which each is asked.

    Whether that is by TLS the table says: a registry must not be able to have a service asked without.
    """
    secure = table.terms.get(service, DEFAULT_TERMS).tls is not None
    secure = secure or any(address.is_secure for address in table.services.get(service, ()))
    for instance in found.get(service, ()):
        address = Address(f"{'https' if secure else 'http'}://{instance.address}")
        if not address.fault():
            yield address.url, instance
