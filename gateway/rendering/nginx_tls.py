"""How nginx asks services by TLS, and what of that is lost."""

from collections.abc import Iterable

from gateway.data.routing.route import Route
from gateway.data.upstream.destinations import literal
from gateway.data.upstream.tls import Tls
from gateway.rendering.nginx_common import quoted
from gateway.rendering.plan import SYSTEM_AUTHORITIES, Loss, Plan, names_of, split_of


def tls_lines(route: Route, plan: Plan) -> Iterable[str]:
    """Yield the directives for the services of a route; none if they are asked without TLS."""
    for tls, names in _asked(route, plan)[:1]:
        yield f"proxy_ssl_trusted_certificate {quoted(tls.ca or SYSTEM_AUTHORITIES)};"
        yield from ("proxy_ssl_verify on;", "proxy_ssl_verify_depth 9;", "proxy_ssl_protocols TLSv1.2 TLSv1.3;")
        yield from ("proxy_ssl_server_name on;", f"proxy_ssl_name {quoted(names[0])};")
        if tls.certificate:
            yield f"proxy_ssl_certificate {quoted(tls.certificate)};"
            yield f"proxy_ssl_certificate_key {quoted(tls.key)};"


def tls_losses(route: Route, plan: Plan) -> Iterable[Loss]:
    """Yield what nginx does not keep of that; what is not kept is refused by it, and never let through unseen."""
    asked = _asked(route, plan)
    if any(literal(name) for _, names in asked for name in names):
        yield Loss(route.name, "tls: nginx finds no IP address in a certificate; state a server_name")
    if len({(tls, *names) for tls, names in asked}) > 1 or any(len(names) > 1 for _, names in asked):
        yield Loss(
            route.name, "tls: nginx expects the first instance's name of all of the route's, and its authorities"
        )


def _asked(route: Route, plan: Plan) -> list[tuple[Tls, list[str]]]:
    """Return the TLS of the route's services, with the names that it is for."""
    stated = [(plan.tls_of(service), plan.services.get(service, ())) for service in split_of(route) or [route.service]]
    return [(tls, names_of(tls, addresses)) for tls, addresses in stated if tls is not None]
