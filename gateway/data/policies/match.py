"""Second policy: find out who serves the request."""

from gateway.data.message.preflight import asked_method
from gateway.data.message.refusal import Refusal
from gateway.data.message.request import Request
from gateway.data.routing.route import Route


def match(request: Request) -> None:
    """
    Set the route, and the upstream that serves it, which stays even if the table changes before the answer.

    :raises Refusal: 405 if the path is known and the method is not served there.
    """
    gateway = request.gateway
    route = _preflight_route(request) if request.method == b"OPTIONS" else None
    request.route = route = route or gateway.table.find(request)
    if route.service:
        request.upstream = gateway.upstreams[route.service]


def _preflight_route(request: Request) -> Route | None:
    """Return the route of the request that a preflight request asks for, if its preflights are answered here."""
    method = asked_method(request)
    if not method:
        return None
    request.method = method
    try:
        route = request.gateway.table.find(request)
    except Refusal:
        return None
    finally:
        request.method = b"OPTIONS"
    return route if "cors" in route.policies else None
