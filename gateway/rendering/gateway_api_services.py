"""Services for the instances of the table, which are where the table says and not where a selector does."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from typing import Any

from gateway.data.upstream.address import Address
from gateway.data.upstream.destinations import literal
from gateway.rendering.gateway_api_routes import Names, port_of
from gateway.rendering.plan import Plan


def services(plan: Plan, names: Names) -> list[dict[str, Any]]:
    return [
        document
        for service in plan.named()
        for name, _, addresses in names.backends(service)
        for document in _service(name, addresses)
    ]


def _service(name: str, addresses: Sequence[Address]) -> Iterable[dict[str, Any]]:
    named = [address for address in addresses if not literal(address.host)]
    spec: dict[str, Any] = {"ports": [{"name": _protocol(addresses), "port": 80, "protocol": "TCP"}]}
    if named:
        ports = [{"name": _protocol(addresses), "port": port_of(addresses), "protocol": "TCP"}]
        spec = {"type": "ExternalName", "externalName": named[0].host, "ports": ports}
    yield {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}
    if not named:
        yield from _slices(name, addresses)


def _slices(name: str, addresses: Sequence[Address]) -> Iterable[dict[str, Any]]:
    """Yield the addresses, those of one family and port together."""
    groups: dict[tuple[int, int], list[str]] = defaultdict(list)
    for address in addresses:
        groups[ip_address(address.host).version, address.port].append(address.host)
    for number, ((version, port), hosts) in enumerate(sorted(groups.items()), 1):
        yield {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": f"{name}-{number}", "labels": {"kubernetes.io/service-name": name}},
            "addressType": f"IPv{version}",
            "ports": [{"name": _protocol(addresses), "port": port, "protocol": "TCP"}],
            "endpoints": [{"addresses": [host], "conditions": {"ready": True}} for host in hosts],
        }


def _protocol(addresses: Iterable[Address]) -> str:
    return "https" if any(address.is_secure for address in addresses) else "http"
