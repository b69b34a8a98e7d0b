"""What the gateway adds to a service's operation by the policies of its route: how often, who may, and its refusals."""

from collections.abc import Iterator, Mapping
from typing import Any

from ficus.http.answers import PROBLEM_CONTENT, add_problems
from gateway.data.policies.require import Require
from gateway.data.routing.route import Access, Route

HEADERS: dict[str, dict[str, Any]] = {
    "RateLimit": {
        "description": "Of each limit by its name: `r` requests may come now, and in `t` seconds one more "
        "(draft-ietf-httpapi-ratelimit-headers-10).",
        "schema": {"type": "string"},
    },
    "RateLimit-Policy": {
        "description": "Of each limit by its name: `q` requests in `w` seconds.",
        "schema": {"type": "string"},
    },
}


def scopes_of(route: Route | None) -> list[str]:
    """Return the scopes that the route asks for, whatever its service does."""
    terms = route.policies.get("require") if route else None
    return list(terms.scopes) if isinstance(terms, Require) else []


def add_edge(operation: dict[str, Any], route: Route) -> None:
    """Add the answers of the gateway itself, and what it says in the service's."""
    add_problems(operation, _refusals(operation, route))
    if limits := _limits(route):
        _say(operation, "429", f"Allowed are {limits}; `Retry-After` says when to come back.")
        _tell_of_limits(operation, every_answer="rate" in route.policies)
    if needed := _needed(route):
        _say(operation, "403", needed)


def _refusals(operation: Mapping[str, Any], route: Route) -> Iterator[str]:
    """Yield the statuses with which the gateway itself can answer in the service's place."""
    yield from ("400", "502", "503", "504")
    if route.access is not Access.PUBLIC:
        yield from ("401", "403")
    if "requestBody" in operation:
        yield "413"
    if _limits(route):
        yield "429"


def _limits(route: Route) -> str:
    """Return in words how often, and how much at a time, each may ask; nothing if there is no limit."""
    rate, concurrency = route.policies.get("rate"), route.policies.get("concurrency")
    limits = list(rate.limits) if rate else []
    if concurrency:
        limits.append(f"{concurrency.most} at a time by {concurrency.by}")
    return ", ".join(limits)


def _needed(route: Route) -> str:
    terms = route.policies.get("require")
    if not isinstance(terms, Require):
        return ""
    needed = [f"the scope `{scope}`" for scope in terms.scopes]
    if terms.role:
        needed.append(f"the role `{terms.role}` or one above it")
    return f"Needed are {', '.join(needed)}."


def _say(operation: dict[str, Any], status: str, words: str) -> None:
    """Say so in the operation's answer with that status, after what its service says of it."""
    said = operation["responses"][status]
    if "$ref" in said:
        said = {"description": "", "content": PROBLEM_CONTENT}
    description = f"{said['description']} {words}".strip()
    operation["responses"][status] = {**said, "description": description}


def _tell_of_limits(operation: dict[str, Any], *, every_answer: bool) -> None:
    """Add the header fields to the refusal, and to the successes where they are there too."""
    fields = {name: {"$ref": f"#/components/headers/{name}"} for name in HEADERS}
    for status, response in operation["responses"].items():
        if status == "429":
            wait = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
            response["headers"] = {**wait, **fields, **response.get("headers", {})}
        elif every_answer and status < "400" and "$ref" not in response:
            response["headers"] = {**fields, **response.get("headers", {})}
