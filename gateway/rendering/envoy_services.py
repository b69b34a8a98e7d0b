"""Services for Envoy: clusters, with their instances' weights and what is done when one fails."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from gateway.data.revoking import ISSUER as USERS
from gateway.data.routing.route import Access
from gateway.data.upstream.address import Address
from gateway.data.upstream.destinations import literal
from gateway.data.upstream.terms import DEFAULT_TERMS
from gateway.data.upstream.tls import Tls
from gateway.rendering.envoy_common import ISSUER
from gateway.rendering.envoy_tls import transport_socket
from gateway.rendering.plan import Plan

HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def cluster_of(service: str) -> str:
    return f"service_{service}"


def clusters(plan: Plan) -> list[dict[str, Any]]:
    """Return a cluster for each service that a request can go to, and one for the issuer's keys."""
    found = [_cluster(cluster_of(name), plan.services.get(name, ()), plan.tls_of(name)) for name in plan.named()]
    if plan.keys_url and any(route.access is not Access.PUBLIC for route in plan.routes):
        parts = urlsplit(plan.keys_url)
        address = Address(f"{parts.scheme}://{parts.netloc}")
        tls = plan.terms.get(USERS, DEFAULT_TERMS).tls or Tls()
        found.append(_cluster(ISSUER, [address], tls if address.is_secure else None))
    return found


def _cluster(name: str, addresses: Iterable[Address], tls: Tls | None) -> dict[str, Any]:
    open_ones = [address for address in addresses if address.weight]
    named = not all(literal(address.host) for address in open_ones)
    return {
        "name": name,
        "type": "STRICT_DNS" if named else "STATIC",
        "connect_timeout": "0.25s",
        # The less busy of two drawn at random.
        "lb_policy": "LEAST_REQUEST",
        "per_connection_buffer_limit_bytes": 65536,
        **({"transport_socket": transport_socket(tls, open_ones)} if tls is not None else {}),
        "typed_extension_protocol_options": {
            HTTP: {
                "@type": f"type.googleapis.com/{HTTP}",
                "common_http_protocol_options": {"idle_timeout": "50s"},
                "explicit_http_config": {"http_protocol_options": {}},
            }
        },
        "outlier_detection": {
            "consecutive_5xx": 5,
            "base_ejection_time": "10s",
            "max_ejection_time": "300s",
            "max_ejection_percent": 50,
        },
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [_endpoint(address) for address in open_ones]}],
        },
    }


def _endpoint(address: Address) -> dict[str, Any]:
    where = {"socket_address": {"address": address.host, "port_value": address.port}}
    return {"endpoint": {"address": where}, "load_balancing_weight": address.weight}
