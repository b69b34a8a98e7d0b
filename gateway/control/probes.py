"""Requests made up from a table, so that each of its routes is asked for at least once."""

from collections.abc import Iterable, Iterator

from gateway.data.message.request import Request
from gateway.data.routing.conditions import Condition, Source
from gateway.data.routing.route import Route

ANY_HOST = "any.host"


def probes(routes: Iterable[Route]) -> Iterator[Request]:
    """Yield requests for the routes' own paths, and for paths below them."""
    for route in routes:
        paths = [route.path or b"/"]
        if route.is_prefix:
            paths.append(route.path + b"/x")
        for method in sorted(route.methods) or [b"GET", b"POST"]:
            for path in paths:
                yield probe(route, method.decode(), path.decode())


def probe(route: Route, method: str, path: str) -> Request:
    """Return a request for ``path`` that has all else that the route asks for."""
    host = route.hosts[0].decode().replace("*", "x") if route.hosts else ANY_HOST
    return made(method, path, host, _fields(route.conditions), _query(route.conditions))


def made(method: str, path: str, host: str, fields: Iterable[tuple[str, str]] = (), query: str = "") -> Request:
    """Return a request as the routing sees it."""
    request = Request(method.encode(), path.encode() + query.encode(), 1, [], 0, True)
    request.path, request.query = path.encode(), query.encode()
    request.fields[b"host"] = host.encode()
    request.kept = [(name.lower().encode(), value.encode()) for name, value in fields]
    return request


def _fields(conditions: Iterable[Condition]) -> list[tuple[str, str]]:
    return [(each.name, _value(each)) for each in conditions if each.source is Source.HEADER and each.wanted != "!"]


def _query(conditions: Iterable[Condition]) -> str:
    pairs = [f"{each.name}={_value(each)}" for each in conditions if each.source is Source.QUERY and each.wanted != "!"]
    return "?" + "&".join(pairs) if pairs else ""


def _value(condition: Condition) -> str:
    """Return a value that fits, unless a pattern is wanted: what that would be is not found out here."""
    return "x" if condition.wanted == "*" or condition.wanted.startswith("~") else condition.wanted
