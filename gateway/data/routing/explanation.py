"""Says why a request goes where it goes: each route for its path, in the order of precedence, and why it lost."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.data.routing.patterns import compiled
from gateway.data.routing.precedence import Rank, host_for, host_of, rank
from gateway.data.routing.route import Route
from gateway.data.routing.table import Table

if TYPE_CHECKING:
    from gateway.data.message.request import Request


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    A route that has to do with the request's path.

    :ivar reason: why it is not taken; empty for the one that is.
    """

    route: Route
    reason: str


def explain(table: Table, request: "Request") -> list[Candidate]:
    """Return the candidates; the one taken, if any, is as :meth:`Table.find` has it. Slow, and meant for people."""
    host = host_of(request.fields[b"host"])
    path = request.path.removesuffix(b"/")
    covering = [route for route in table.routes if route.covers(path)]
    ranked = sorted(covering, key=lambda route: rank(route, host_for(route, host) or b""))
    found: list[Candidate] = []
    winner: Route | None = None
    for route in ranked:
        reason = next(_reasons(route, request, host, path), "")
        if not reason and winner is not None:
            reason = f"{winner.name} goes before it: {_advantage(winner, route, host)}"
        elif not reason:
            winner = route
        found.append(Candidate(route, reason))
    return found


def _reasons(route: Route, request: "Request", host: bytes, path: bytes) -> Iterator[str]:
    if host_for(route, host) is None:
        yield f"it is for the host {b', '.join(route.hosts).decode()}"
    if route.pattern and not compiled(route.pattern).fullmatch(path[len(route.path) :]):
        yield f"{path[len(route.path) :].decode() or 'nothing'} does not match {route.pattern}"
    for condition in route.conditions:
        if not condition.holds(request):
            yield f"it wants {condition}"
    if not route.serves(request.method):
        yield f"it serves {b' '.join(sorted(route.methods)).decode()}"


def _advantage(winner: Route, loser: Route, host: bytes) -> str:
    names = ("higher priority", "more exact host", "longer host", "exact path", "longer path", "", "own method", "name")
    pairs = list(zip(names, _rank(winner, host), _rank(loser, host), strict=True))
    name = next(name for name, one, other in pairs if one != other)
    if name:
        return name
    return "pattern" if winner.pattern and not loser.pattern else "more conditions"


def _rank(route: Route, host: bytes) -> Rank:
    return rank(route, host_for(route, host) or b"")
