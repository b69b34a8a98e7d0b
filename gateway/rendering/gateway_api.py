"""The table as manifests of Kubernetes' Gateway API, v1, and the Services behind it."""

from collections.abc import Iterable
from typing import Any

import yaml

from gateway.data.upstream.destinations import literal
from gateway.rendering.gateway_api_routes import Names, left_out, losses_of, manifests
from gateway.rendering.gateway_api_services import services
from gateway.rendering.gateway_api_tls import policies, tls_losses
from gateway.rendering.plan import Loss, Plan, Rendered, heading

GATEWAY = "ficus"


def render(plan: Plan) -> Rendered:
    """
    Return a Gateway, an HTTPRoute for each route, and the Services that they go to.

    The Gateway is of the class ``ficus``, which has to be made in the cluster for whatever implementation it has.
    """
    names = Names(plan.services)
    losses = [*_losses_of_all(plan), *tls_losses(plan), *(loss for route in plan.routes for loss in losses_of(route))]
    kept = [route for route in plan.routes if not left_out(route)]
    documents = [_gateway(plan), *(each for route in kept for each in manifests(route, GATEWAY, names))]
    documents += [*services(plan, names), *policies(plan, names)]
    text = yaml.safe_dump_all(documents, sort_keys=False, width=120, allow_unicode=True, explicit_start=True)
    return Rendered(heading("the Gateway API", plan, losses) + text, tuple(losses))


def _gateway(plan: Plan) -> dict[str, Any]:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": GATEWAY, "annotations": {"ficus/table-version": str(plan.version)}},
        "spec": {
            "gatewayClassName": GATEWAY,
            "listeners": [
                {
                    "name": "http",
                    "protocol": "HTTP",
                    "port": plan.port,
                    "allowedRoutes": {"namespaces": {"from": "Same"}},
                }
            ],
        },
    }


def _losses_of_all(plan: Plan) -> Iterable[Loss]:
    if len({route.priority for route in plan.routes}) > 1:
        yield Loss("", "priorities are not known; of two routes the more exact one is taken")
    if plan.trusted_hops:
        yield Loss("", "whom to believe in front is the implementation's to say")
    for name in plan.named():
        if any(not literal(address.host) for address in plan.services.get(name, ())):
            yield Loss("", f"{name} is an ExternalName, which some implementations do not take as a backend")
