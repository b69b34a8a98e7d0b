"""Which routes may serve a host and a path, in the order of precedence, so that an engine need not know the order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.data.routing.patterns import compiled
from gateway.data.routing.precedence import host_for, rank
from gateway.data.routing.route import Route


def hosts_in(routes: Iterable[Route]) -> list[bytes]:
    """Return every host that a route names, and at last the empty one, for all others."""
    return [*sorted({host for route in routes for host in route.hosts}), b""]


def for_host(routes: Iterable[Route], host: bytes) -> list[Route]:
    """
    Return the routes that requests for ``host`` may take, the first in precedence first.

    :param host: a name or a ``*.`` name; whatever is covered by it and by no longer one is meant.
    """
    covering = [(route, host_for(route, host)) for route in routes] if host else [(each, b"") for each in routes]
    ranked = [(rank(route, by), route) for route, by in covering if by is not None and (host or not route.hosts)]
    return [route for _, route in sorted(ranked, key=lambda pair: pair[0])]


@dataclass(frozen=True, slots=True)
class Place:
    """
    All paths for which the same routes come into question.

    :ivar path: canonical, as in a route: without a trailing slash.
    :ivar below: whether the paths below it are meant, or it alone, with or without a trailing slash.
    :ivar candidates: in order; the last may be one that takes every request.
    """

    path: bytes
    below: bool
    candidates: tuple[Route, ...]

    @property
    def only(self) -> Route | None:
        """The one route of this place, if every request takes it."""
        first = self.candidates[0] if self.candidates else None
        return first if first is not None and takes_all(first, self) else None


def takes_all(route: Route, place: Place) -> bool:
    """Say whether a request for the place takes ``route`` whatever else it says."""
    settled = not route.pattern or not place.below
    return settled and not route.conditions and not route.methods


def places_of(routes: Sequence[Route]) -> list[Place]:
    """Return the places of routes that are in their order."""
    paths = sorted({route.path for route in routes})
    roomy = {route.path for route in routes if route.is_prefix}
    found = [_place(routes, path, below=False) for path in paths]
    return found + [_place(routes, path, below=True) for path in sorted(roomy)]


def _place(routes: Sequence[Route], path: bytes, *, below: bool) -> Place:
    place = Place(path, below, ())
    candidates = []
    for route in routes:
        if not _comes_into_question(route, path, below):
            continue
        candidates.append(route)
        if takes_all(route, place):
            break
    return Place(path, below, tuple(candidates))


def _comes_into_question(route: Route, path: bytes, below: bool) -> bool:
    if not route.covers(path) or (below and not route.is_prefix):
        return False
    if route.pattern and not below:
        return bool(compiled(route.pattern).fullmatch(path[len(route.path) :]))
    return True
