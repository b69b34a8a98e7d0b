"""How Envoy asks services by TLS, and what of that is lost."""

from collections.abc import Iterable, Sequence
from typing import Any

from gateway.data.upstream.address import Address
from gateway.data.upstream.destinations import literal
from gateway.data.upstream.tls import Tls
from gateway.rendering.envoy_common import typed
from gateway.rendering.plan import SYSTEM_AUTHORITIES, Loss, Plan, names_of


def transport_socket(tls: Tls, addresses: Sequence[Address]) -> dict[str, Any]:
    names = names_of(tls, addresses)
    context: dict[str, Any] = {
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_2", "tls_maximum_protocol_version": "TLSv1_3"},
        "alpn_protocols": ["http/1.1"],
        "validation_context": {
            "trusted_ca": {"filename": tls.ca or SYSTEM_AUTHORITIES},
            "match_typed_subject_alt_names": [_expected(name) for name in names],
        },
    }
    if tls.certificate:
        pair = {"certificate_chain": {"filename": tls.certificate}, "private_key": {"filename": tls.key}}
        context["tls_certificates"] = [pair]
    # An IP address is none that a client may ask for (RFC 6066, section 3).
    asked = next(({"sni": name} for name in names if not literal(name)), {})
    return typed(
        "envoy.transport_sockets.tls",
        "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        **asked,
        common_tls_context=context,
    )


def tls_losses(plan: Plan) -> Iterable[Loss]:
    for name in plan.named():
        tls = plan.tls_of(name)
        if tls is not None and len(names_of(tls, plan.services[name])) > 1:
            yield Loss(
                "", f"tls: an instance of {name} may show the certificate of another, and is asked for the first's"
            )


def _expected(name: str) -> dict[str, Any]:
    return {"san_type": "IP_ADDRESS" if literal(name) else "DNS", "matcher": {"exact": literal(name) or name}}
