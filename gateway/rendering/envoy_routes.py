"""One route for Envoy: the entries that stand for it, in their order, and what of it is lost."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from gateway.data.message.reader import SERVED
from gateway.data.routing.conditions import Condition, Source
from gateway.data.routing.route import Access, Route
from gateway.rendering.envoy_services import cluster_of
from gateway.rendering.expressions import HOST, PATH, TooManyGroups, below, rewriting
from gateway.rendering.plan import Loss, Plan, split_of, unknown_policies

KNOWN = ("rewrite", "split")
LONGEST_WAIT_SECONDS = 10  # that Prefer: wait may add
LARGEST_KEPT = 2**32 - 1  # bytes that the buffer filter can count
ALLOWED_MS = 5_000
HOP_MS = 20
_BUFFER = "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.BufferPerRoute"
_TOKENS = "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig"
_METHODS = "|".join(sorted(method.decode() for method in SERVED))


def unspoken() -> list[dict[str, Any]]:
    """Return what is refused whatever the routes say."""
    return [
        {"match": {"connect_matcher": {}}, **refusal(405, "This method is not served here.")},
        {"match": {"prefix": "/", "headers": [_method("TRACE|CONNECT")]}, **refusal(405, "This method is not served.")},
        {
            "match": {"prefix": "/", "headers": [{**_method(_METHODS), "invert_match": True}]},
            **refusal(501, "This method is not known here."),
        },
        _unless(":authority", HOST, 400, "There must be one Host field, and it must name a host."),
        _unless(":path", f"/{PATH}(?:[?].*)?", 400, "The path is malformed."),
        _unless(":path", ".{0,1000}.{0,1000}.{0,1000}.{0,1000}.{0,96}", 414, "The address is too long."),
        {
            "match": {
                "prefix": "/",
                "headers": [
                    {"name": "expect", "present_match": True},
                    {**_header("expect", "(?i:100-continue)"), "invert_match": True},
                ],
            },
            **refusal(417, "The only expectation here is 100-continue."),
        },
    ]


def virtual_routes(route: Route, plan: Plan) -> Iterable[dict[str, Any]]:
    """Yield the route's entries: bodies that are too large, those that do not say how large they are, all others."""
    match = _match(route, route.methods)
    headers = match.get("headers", [])
    if route.body_limit < 2**63 - 2:
        declared = {"name": "content-length", "range_match": {"start": route.body_limit + 1, "end": 2**63 - 1}}
        yield {
            "name": f"{route.name}, too large",
            "match": {**match, "headers": [*headers, declared]},
            **refusal(413, f"A body has at most {route.body_limit} bytes here."),
        }
    if 0 < route.body_limit <= LARGEST_KEPT:
        # Envoy has taken the transfer coding away by now; what is kept back is measured, at most the limit of it.
        silent = {"name": "content-length", "present_match": False}
        entry = _entry(route, plan, {**match, "headers": [*headers, silent]})
        measured = {"@type": _BUFFER, "buffer": {"max_request_bytes": route.body_limit}}
        entry["typed_per_filter_config"] = {
            **entry.get("typed_per_filter_config", {}),
            "envoy.filters.http.buffer": measured,
        }
        yield {**entry, "name": f"{route.name}, of unknown length"}
    yield _entry(route, plan, match)


def refusing_methods(routes: Sequence[Route]) -> Iterable[dict[str, Any]]:
    """Yield the entries for what is served by another method, and is 405 since no route was taken before them."""
    for route in routes:
        if route.methods:
            allow = ", ".join(sorted(method.decode() for method in _allowed(route, routes)))
            yield {
                "name": f"{route.name}, another method",
                "match": _match(route, frozenset()),
                **refusal(405, "This method is not served here."),
                "response_headers_to_add": [{"header": {"key": "allow", "value": allow}}],
            }


def losses_of(route: Route, plan: Plan) -> Iterable[Loss]:
    """Yield what Envoy does not keep of a route."""
    if route.access is not Access.PUBLIC and not plan.keys_url:
        yield Loss(route.name, f"{route.access.value}: where the issuer's keys are is not known; the service must look")
    elif route.access is not Access.PUBLIC:
        yield Loss(route.name, f"{route.access.value}: tokens are looked at, revocations and sessions are not")
    if route.waits:
        yield Loss(
            route.name, "waits: the service may take 10 s more on every request, whether it was asked for or not"
        )
    if not 0 <= route.body_limit <= LARGEST_KEPT:
        yield Loss(route.name, "body_limit: a chunked body is not measured")
    if any(each.source is Source.QUERY and each.wanted.startswith("~") for each in route.conditions):
        yield Loss(route.name, "query: a pattern looks at values before their escapes are resolved")
    if "rewrite" in route.policies and not _rewriting(route):
        yield Loss(route.name, "rewrite: Envoy cannot say this substitute; the path goes on as it is")
    yield from unknown_policies(route, KNOWN)


def losses_of_all(plan: Plan) -> Iterable[Loss]:
    """Yield what Envoy keeps of no route."""
    if plan.trusted_hops:
        yield Loss("", f"nobody in front is believed; what {', '.join(plan.trusted_hops)} says of its clients is gone")


def refusal(status: int, detail: str) -> dict[str, Any]:
    return {"direct_response": {"status": status, "body": {"inline_string": detail}}}


def _entry(route: Route, plan: Plan, match: dict[str, Any]) -> dict[str, Any]:
    seconds = route.timeout_seconds + (LONGEST_WAIT_SECONDS if route.waits else 0)
    allowed = max(ALLOWED_MS, round(seconds * 1000)) - HOP_MS
    entry: dict[str, Any] = {
        "name": route.name,
        "match": match,
        "route": {
            **_destination(route),
            # An answer may go on for ever as long as it goes on: silence ends it, before its head and within it.
            "timeout": "0s",
            "idle_timeout": f"{seconds:g}s",
            "retry_policy": {"retry_on": "connect-failure", "num_retries": 1},
            **_rewriting(route),
        },
        "request_headers_to_add": [{"header": {"key": "x-request-timeout-ms", "value": f"{allowed}"}}],
    }
    if route.access is not Access.PUBLIC and plan.keys_url:
        needed = {"@type": _TOKENS, "requirement_name": route.access.value}
        entry["typed_per_filter_config"] = {"envoy.filters.http.jwt_authn": needed}
    return entry


def _destination(route: Route) -> dict[str, Any]:
    weights = split_of(route)
    if not weights:
        return {"cluster": cluster_of(route.service)}
    clusters = [{"name": cluster_of(name), "weight": weight} for name, weight in weights.items()]
    return {"weighted_clusters": {"clusters": clusters}}


def _rewriting(route: Route) -> dict[str, Any]:
    terms = route.policies.get("rewrite")
    if terms is None:
        return {}
    try:
        pattern, to = rewriting(route, terms)
    except TooManyGroups:
        return {}
    return {"regex_rewrite": {"pattern": {"regex": pattern}, "substitution": to}}


def _match(route: Route, methods: frozenset[bytes]) -> dict[str, Any]:
    match: dict[str, Any] = {}
    if route.pattern or not route.is_prefix:
        match["safe_regex"] = {"regex": below(route)}
    elif route.path:
        match["path_separated_prefix"] = route.path.decode()
    else:
        match["prefix"] = "/"
    headers = [_method("|".join(sorted(map(re.escape, (each.decode() for each in methods)))))] if methods else []
    headers += [_condition(each) for each in route.conditions if each.source is Source.HEADER]
    query = [_condition(each) for each in route.conditions if each.source is Source.QUERY]
    if headers:
        match["headers"] = headers
    if query:
        match["query_parameters"] = query
    return match


def _condition(condition: Condition) -> dict[str, Any]:
    wanted = condition.wanted
    if wanted in ("*", "!"):
        return {"name": condition.name, "present_match": wanted == "*"}
    said = {"safe_regex": {"regex": wanted[1:]}} if wanted.startswith("~") else {"exact": wanted}
    return {"name": condition.name, "string_match": said}


def _unless(name: str, pattern: str, status: int, detail: str) -> dict[str, Any]:
    """Return the entry for what is refused because a field is not as it has to be."""
    match = {"prefix": "/", "headers": [{**_header(name, pattern), "invert_match": True}]}
    return {"match": match, **refusal(status, detail)}


def _header(name: str, pattern: str) -> dict[str, Any]:
    return {"name": name, "string_match": {"safe_regex": {"regex": pattern}}}


def _method(pattern: str) -> dict[str, Any]:
    return _header(":method", pattern)


def _allowed(route: Route, routes: Sequence[Route]) -> frozenset[bytes]:
    """Return the methods that are served where ``route`` would be taken but for the method."""
    found = route.methods
    for other in routes:
        covers = other.covers(route.path) and (other.is_prefix or not route.is_prefix)
        if covers and (not other.is_conditional or _same(other, route)):
            found |= other.methods
    return found


def _same(one: Route, other: Route) -> bool:
    return (one.path, one.pattern, one.conditions) == (other.path, other.pattern, other.conditions)
