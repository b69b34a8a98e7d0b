"""Under which addresses of the gateway a service's operations are reached, by the route table that is in force."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from gateway.control.probes import probe
from gateway.data.message.refusal import Refusal
from gateway.data.policies.rewrite import Rewrite, rewrite
from gateway.data.routing.route import Route
from gateway.data.routing.table import Table

PARAMETER = re.compile(r"\{([^{}]+)\}")
GROUP = re.compile(r"\((?!\?)[^()]*\)")
ANCHORS = "^$"
SPECIAL = re.compile(r"[\\.*+?\[\]{}|()^$]")
SAMPLES = {"integer": "7", "number": "7", "boolean": "true"}
UUID = "018f4e5c-7d3a-7b21-9c55-0a1b2c3d4e5f"


@dataclass(frozen=True, slots=True)
class Address:
    """
    :ivar path: as clients say it, with the service's parameters in braces.
    """

    path: str
    route: Route


def addresses_of(table: Table, service: str, method: str, path: str, operation: Mapping[str, Any]) -> list[Address]:
    """
    Return where ``method`` of the service's ``path`` is to be had; plain routes before those with conditions.

    Of a rewritten path, the form before is found for prefixes, and for patterns that are plain text around groups.
    """
    samples = _samples(operation)
    found: dict[str, Address] = {}
    for route in sorted(table.routes, key=lambda route: (route.is_conditional, bool(route.hosts), route.name)):
        if route.service != service:
            continue
        for outside in _before(route, path):
            if outside not in found and _leads(table, route, method, outside, path, samples):
                found[outside] = Address(outside, route)
    return list(found.values())


def _before(route: Route, path: str) -> Iterator[str]:
    """Yield what clients may call that the route sends on as ``path``."""
    terms = route.policies.get("rewrite")
    if not isinstance(terms, Rewrite):
        yield path
    elif terms.prefix:
        prefix = "" if terms.prefix == "/" else terms.prefix
        if path == prefix or path.startswith(f"{prefix}/"):
            yield (route.path.decode() + path[len(prefix) :]) or "/"
    else:
        yield path
        yield from _before_pattern(terms, path)


def _before_pattern(terms: Rewrite, path: str) -> Iterator[str]:
    """Put what the groups stand for in ``path`` where the groups are in the pattern."""
    pieces = re.split(r"\\(\d)", terms.to)
    expression = "".join("(.+)" if at % 2 else re.escape(piece) for at, piece in enumerate(pieces))
    match = re.fullmatch(expression + ("" if terms.pattern.endswith("$") else "(.*)"), path)
    if match is None:
        return
    values = dict(zip(map(int, pieces[1::2]), match.groups(), strict=False))
    numbers = count(1)
    literal = GROUP.sub(lambda _: values.get(next(numbers), ""), terms.pattern).strip(ANCHORS)
    rest = "" if terms.pattern.endswith("$") else match.groups()[-1]
    if literal.startswith("/") and not SPECIAL.search(PARAMETER.sub("", literal)):
        yield literal + rest


def _leads(table: Table, route: Route, method: str, outside: str, path: str, samples: Mapping[str, str]) -> bool:
    """Say whether the table sends a request for ``outside``, with values filled in, by the route to ``path``."""
    request = probe(route, method.upper(), _filled(outside, samples))
    try:
        if table.find(request).name != route.name:
            return False
        if (terms := route.policies.get("rewrite")) is not None:
            request.route = route
            rewrite(request, terms)
    except Refusal:
        return False
    return (request.onward_path or request.path).decode() == _filled(path, samples)


def _filled(path: str, samples: Mapping[str, str]) -> str:
    return PARAMETER.sub(lambda name: samples.get(name[1], "x"), path)


def _samples(operation: Mapping[str, Any]) -> dict[str, str]:
    """Return a value for each parameter in the path that may stand there."""
    return {each["name"]: _sample(each.get("schema", {})) for each in _path_parameters(operation.get("parameters", ()))}


def _path_parameters(parameters: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    yield from (each for each in parameters if isinstance(each, Mapping) and each.get("in") == "path")


def _sample(schema: Mapping[str, Any]) -> str:
    if schema.get("enum"):
        return str(schema["enum"][0])
    if schema.get("format") == "uuid":
        return UUID
    return SAMPLES.get(str(schema.get("type")), "x")
