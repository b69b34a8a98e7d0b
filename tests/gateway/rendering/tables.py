"""Plans as the command makes them of a table."""

from typing import Any

from gateway.control.compiling import compile_document
from gateway.rendering.plan import Plan

ORDERS = {"orders": {"instances": [{"address": "http://10.0.0.5:8000"}]}}


def plan(services: dict[str, Any] | None = None, /, **routes: dict[str, Any]) -> Plan:
    """Return a plan of routes, public unless they say otherwise, to the service orders unless they name another."""
    said = {name: {"service": "orders", "access": "public", **route} for name, route in routes.items()}
    table = compile_document({"services": {**ORDERS, **(services or {})}, "routes": said}).table(7)
    return Plan(
        routes=table.routes,
        services=table.services,
        terms=table.terms,
        version=table.version,
        issuer="https://ficus.test",
        audience="ficus",
        keys_url="http://10.0.0.9:8001/.well-known/jwks.json",
    )
