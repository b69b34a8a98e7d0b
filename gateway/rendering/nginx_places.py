"""nginx's locations: one for each place of the table, and a choice by a map where several routes share a place."""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import unquote

from gateway.data.routing.route import Route
from gateway.rendering.expressions import below as whole_path
from gateway.rendering.nginx_common import quoted, refusing
from gateway.rendering.nginx_conditions import Conditions
from gateway.rendering.nginx_routes import served
from gateway.rendering.places import Place, places_of
from gateway.rendering.plan import Plan

CHOOSING = 418  # a status of our own that leads to the location that a map has chosen


class Dispatch:
    """
    The choices among routes of one place, each a map.

    :ivar maps: those made so far.
    """

    def __init__(self, plan: Plan, conditions: Conditions) -> None:
        self.plan = plan
        self.maps: list[str] = []
        self._made: dict[tuple[object, ...], str] = {}
        self._conditions = conditions

    def variable(self, place: Place) -> str:
        """Return the variable that holds the location chosen for a request, making its map if there is none yet."""
        key = (place.below, *(route.name for route in place.candidates))
        if key in self._made:
            return self._made[key]
        name = self._made[key] = f"$ficus_choice_{len(self.maps) + 1}"
        self.maps.append(self._map(name, place))
        return name

    def _map(self, name: str, place: Place) -> str:
        conditions = list(dict.fromkeys(each for route in place.candidates for each in route.conditions))
        source = f"$request_method {''.join(map(self._conditions.variable, conditions))} $uri"
        lines = ["default @nobody;"]
        for route in place.candidates:
            methods = _methods(route.methods)
            lines.append(f"{self._test(route, place, conditions, methods)} @{location_of(route)};")
        for route in place.candidates:
            if route.methods:
                allowed = location_of_refusal(_allowed(route, place))
                lines.append(f"{self._test(route, place, conditions, '[A-Z]+')} {allowed};")
        body = "".join(f"    {line}\n" for line in lines)
        return f"map {quoted(source)} {name} {{\n{body}}}\n"

    def _test(self, route: Route, place: Place, conditions: Sequence[object], methods: str) -> str:
        bits = "".join("1" if condition in route.conditions else "." for condition in conditions)
        path = whole_path(route, decoded=True) if route.pattern and place.below else ".*"
        return quoted(f"~^{methods} {bits} {path}$")


def location_of(route: Route) -> str:
    return f"route_{route.name}"


def location_of_refusal(methods: frozenset[bytes]) -> str:
    return f"@only_{'_'.join(sorted(method.decode() for method in methods))}"


def locations(routes: Sequence[Route], dispatch: Dispatch) -> Iterable[str]:
    """Yield the locations of one server."""
    chosen: dict[str, Route] = {}
    refused: dict[str, frozenset[bytes]] = {}
    places = places_of(routes)
    for place in places:
        body = _body(place, dispatch, chosen, refused)
        yield from (f"location {where} {{\n{body}}}" for where in _where(place))
    if not any(place.below and not place.path for place in places):
        yield f"location / {{\n    {refusing(404)}\n}}"
    for route in chosen.values():
        yield f"location @{location_of(route)} {{\n{_lines(served(route, dispatch.plan, chosen=True))}}}"
    for name, methods in refused.items():
        allow = ", ".join(sorted(method.decode() for method in methods))
        fields = f'add_header Allow "{allow}" always;\n    add_header X-Request-ID $ficus_request_id always;'
        yield f"location {name} {{\n    {fields}\n    {refusing(405)}\n}}"


def _body(place: Place, dispatch: Dispatch, chosen: dict[str, Route], refused: dict[str, frozenset[bytes]]) -> str:
    if place.only is not None:
        return _lines(served(place.only, dispatch.plan))
    for route in place.candidates:
        chosen[route.name] = route
        if route.methods:
            allowed = _allowed(route, place)
            refused[location_of_refusal(allowed)] = allowed
    largest = max((route.body_limit for route in place.candidates), default=0)
    if not place.candidates:
        return f"    {refusing(404)}\n"
    return _lines(
        (
            f"client_max_body_size {max(largest, 1)};",
            "recursive_error_pages on;",
            f"error_page {CHOOSING} = {dispatch.variable(place)};",
            f"return {CHOOSING};",
        )
    )


def _where(place: Place) -> list[str]:
    path = unquote(place.path.decode())
    if place.below:
        return [quoted(path + "/")]
    return [f"= {quoted(path or '/')}"] + ([f"= {quoted(path + '/')}"] if path else [])


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"    {line}\n" for line in lines)


def _methods(methods: frozenset[bytes]) -> str:
    return f"(?:{'|'.join(sorted(map(re.escape, (each.decode() for each in methods))))})" if methods else "[A-Z]+"


def _allowed(route: Route, place: Place) -> frozenset[bytes]:
    """Return the methods that are served where ``route`` would be taken but for the method."""
    found = route.methods
    for other in place.candidates:
        if not other.is_conditional or (other.pattern, other.conditions) == (route.pattern, route.conditions):
            found |= other.methods
    return found
