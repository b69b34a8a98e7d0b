"""One route as an HTTPRoute, and what of it is lost."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from math import gcd
from typing import Any
from zlib import crc32

from gateway.data.routing.conditions import Condition, Source
from gateway.data.routing.route import Access, Route
from gateway.data.upstream.address import Address
from gateway.data.upstream.destinations import literal
from gateway.rendering.expressions import below
from gateway.rendering.plan import Loss, split_of, unknown_policies

KNOWN = ("rewrite", "split")
MOST_HOSTS = 16  # of one HTTPRoute, by its definition


class Names:
    """What services are called in a cluster, and in how many Services their instances have to be."""

    def __init__(self, services: Mapping[str, Sequence[Address]]) -> None:
        self._services = services

    def backends(self, service: str) -> list[tuple[str, int, Sequence[Address]]]:
        """
        Return name, weight and instances of each Service.

        It is one for all instances; one each if weights differ, or if they have names and not addresses.
        """
        open_ones = [address for address in self._services.get(service, ()) if address.weight]
        alike = len({address.weight for address in open_ones}) <= 1
        if alike and (len(open_ones) == 1 or all(literal(address.host) for address in open_ones)):
            return [(word(service), max(len(open_ones), 1), open_ones)]
        return [(f"{word(service)}-{number}", each.weight, [each]) for number, each in enumerate(open_ones, 1)]


def word(name: str) -> str:
    """Return the name as Kubernetes takes it (RFC 1123 label), and no two names as one."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:45]
    return plain if plain == name else f"{plain or 'unnamed'}-{crc32(name.encode()):08x}"


def port_of(addresses: Sequence[Address]) -> int:
    """Return the port of the Service for these instances: its own, unless it is only another name for one."""
    return next((address.port for address in addresses if not literal(address.host)), 80)


def manifests(route: Route, gateway: str, names: Names) -> Iterable[dict[str, Any]]:
    """Yield the route as as many HTTPRoutes as its hosts and methods need."""
    hosts = [host.decode() for host in route.hosts]
    parts = [hosts[start : start + MOST_HOSTS] for start in range(0, len(hosts), MOST_HOSTS)] or [[]]
    for number, part in enumerate(parts, 1):
        spec: dict[str, Any] = {"parentRefs": [{"name": gateway}]}
        if part:
            spec["hostnames"] = part
        spec["rules"] = [_rule(route, match, names) for match in _matches(route)]
        suffix = f"-{number}" if len(parts) > 1 else ""
        yield {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": {"name": f"{word(route.name)}{suffix}", "annotations": {"ficus/route": route.name}},
            "spec": spec,
        }


def left_out(route: Route) -> str:
    """Return why the route cannot be said without taking requests that are not its own, or nothing."""
    absent = [str(condition) for condition in route.conditions if condition.wanted == "!"]
    return f"left out, since a match cannot ask for {' and '.join(absent)}" if absent else ""


def losses_of(route: Route) -> Iterable[Loss]:
    """Yield what the Gateway API does not keep of a route."""
    if reason := left_out(route):
        yield Loss(route.name, reason)
        return
    if route.access is not Access.PUBLIC:
        yield Loss(route.name, f"{route.access.value}: tokens are not looked at; the service must")
    yield Loss(route.name, f"body_limit: {route.body_limit} bytes are not a limit there")
    if route.waits:
        yield Loss(route.name, "waits: Prefer is not looked at")
    if route.pattern or any(each.wanted.startswith("~") or each.wanted == "*" for each in route.conditions):
        yield Loss(route.name, "patterns: whether and how they are taken is the implementation's to say")
    terms = route.policies.get("rewrite")
    if terms is not None and (terms.pattern or route.pattern):
        yield Loss(
            route.name, "rewrite: only the prefix of a route without a pattern can be; the path goes on as it is"
        )
    yield from unknown_policies(route, KNOWN)


def _rule(route: Route, match: dict[str, Any], names: Names) -> dict[str, Any]:
    """Return the rule for one match: a prefix can only be replaced where there is but one."""
    rule: dict[str, Any] = {"matches": [match]}
    if filters := _filters(route):
        rule["filters"] = filters
    rule["backendRefs"] = _backends(route, names)
    rule["timeouts"] = {"backendRequest": f"{round(route.timeout_seconds * 1000)}ms"}
    return rule


def _matches(route: Route) -> list[dict[str, Any]]:
    match: dict[str, Any] = {}
    for source, key in ((Source.HEADER, "headers"), (Source.QUERY, "queryParams")):
        said = [_condition(each) for each in route.conditions if each.source is source]
        if said:
            match[key] = said
    methods: list[dict[str, Any]] = [{"method": method.decode()} for method in sorted(route.methods)]
    return [{"path": path, **match, **method} for path in _paths(route) for method in methods or [{}]]


def _paths(route: Route) -> list[dict[str, str]]:
    path = route.path.decode() or "/"
    if route.pattern:
        return [{"type": "RegularExpression", "value": below(route)}]
    if route.is_prefix:
        return [{"type": "PathPrefix", "value": path}]
    # A trailing slash makes no difference here, and does there.
    return [{"type": "Exact", "value": each} for each in dict.fromkeys((path, path.rstrip("/") + "/"))]


def _condition(condition: Condition) -> dict[str, str]:
    wanted = condition.wanted
    if wanted == "*":
        return {"type": "RegularExpression", "name": condition.name, "value": ".*"}
    if wanted.startswith("~"):
        return {"type": "RegularExpression", "name": condition.name, "value": wanted[1:]}
    return {"type": "Exact", "name": condition.name, "value": wanted}


def _filters(route: Route) -> list[dict[str, Any]]:
    terms = route.policies.get("rewrite")
    if terms is None or terms.pattern or route.pattern:
        return []
    path: dict[str, str] = {"type": "ReplacePrefixMatch", "replacePrefixMatch": terms.prefix}
    if not route.is_prefix:
        path = {"type": "ReplaceFullPath", "replaceFullPath": terms.prefix}
    return [{"type": "URLRewrite", "urlRewrite": {"path": path}}]


def _backends(route: Route, names: Names) -> list[dict[str, Any]]:
    """Return where the route goes, the weights of a split and of instances multiplied."""
    shares = split_of(route) or {route.service: 1}
    parts = {service: names.backends(service) for service in shares}
    whole = {service: sum(weight for _, weight, _ in found) for service, found in parts.items()}
    together = reduce(lambda one, other: one * other // gcd(one, other), whole.values(), 1)
    return [
        {"name": name, "port": port_of(addresses), "weight": shares[service] * weight * together // whole[service]}
        for service, found in parts.items()
        for name, weight, addresses in found
    ]
