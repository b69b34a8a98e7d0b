"""The table for Envoy 1.36 or later, as a static bootstrap file."""

from typing import Any

import yaml

from gateway.rendering.envoy_common import ROUTING, listener
from gateway.rendering.envoy_routes import losses_of, losses_of_all, refusing_methods, unspoken, virtual_routes
from gateway.rendering.envoy_services import clusters
from gateway.rendering.envoy_tls import tls_losses
from gateway.rendering.places import for_host, hosts_in
from gateway.rendering.plan import Plan, Rendered, heading

# A table's patterns are bounded by the gateway; Envoy's own bound is narrower.
RUNTIME = {
    "layers": [
        {
            "name": "patterns",
            "static_layer": {"re2.max_program_size.error_level": 100_000, "re2.max_program_size.warn_level": 100_000},
        }
    ]
}


def render(plan: Plan) -> Rendered:
    """Return a bootstrap that ``envoy -c`` takes, in YAML."""
    losses = [
        *losses_of_all(plan),
        *tls_losses(plan),
        *(loss for route in plan.routes for loss in losses_of(route, plan)),
    ]
    hosts = [_virtual_host(plan, host) for host in hosts_in(plan.routes)]
    resources = {"listeners": [listener(plan, {**ROUTING, "virtual_hosts": hosts})], "clusters": clusters(plan)}
    text = yaml.dump(
        {"layered_runtime": RUNTIME, "static_resources": resources},
        Dumper=_Plain,
        sort_keys=False,
        width=10_000,
        allow_unicode=True,
    )
    return Rendered(heading("Envoy", plan, losses) + text, tuple(losses))


class _Plain(yaml.SafeDumper):
    """Writes out what comes twice, so that the file can be read from the top."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _virtual_host(plan: Plan, host: bytes) -> dict[str, Any]:
    routes = for_host(plan.routes, host)
    said = [entry for route in routes for entry in virtual_routes(route, plan)]
    name = host.decode() or "*"
    return {
        "name": name,
        "domains": [name],
        "routes": [*unspoken(), *said, *refusing_methods(routes)],
    }
