"""BackendTLSPolicies for services that are asked by TLS, and what of that is lost."""

from collections.abc import Iterable
from typing import Any

from gateway.data.upstream.destinations import literal
from gateway.rendering.gateway_api_routes import Names, word
from gateway.rendering.plan import Loss, Plan, names_of


def policies(plan: Plan, names: Names) -> Iterable[dict[str, Any]]:
    """Yield one for each Service; no Service is trusted by a name that it does not have."""
    for service in plan.named():
        tls = plan.tls_of(service)
        if tls is None:
            continue
        for name, _, addresses in names.backends(service):
            expected = names_of(tls, addresses)[0]
            whom: dict[str, Any] = {"wellKnownCACertificates": "System"}
            if tls.ca:
                whom = {"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": authorities_of(service)}]}
            yield {
                "apiVersion": "gateway.networking.k8s.io/v1",
                "kind": "BackendTLSPolicy",
                "metadata": {"name": name},
                "spec": {
                    "targetRefs": [{"group": "", "kind": "Service", "name": name}],
                    "validation": {**whom, "hostname": name if literal(expected) else expected},
                },
            }


def tls_losses(plan: Plan) -> Iterable[Loss]:
    for service in plan.named():
        tls = plan.tls_of(service)
        if tls is None:
            continue
        if tls.ca:
            yield Loss("", f"tls: {tls.ca} has to be in a ConfigMap {authorities_of(service)}, as ca.crt")
        if tls.certificate:
            yield Loss("", f"tls: the certificate for {service} is the implementation's to show")
        if any(literal(name) for name in names_of(tls, plan.services[service])):
            yield Loss(
                "",
                f"tls: {service} is expected by its Service's name, since an IP address is none; state a server_name",
            )


def authorities_of(service: str) -> str:
    return f"{word(service)}-authorities"
