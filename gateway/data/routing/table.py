"""The route table as workers use it: built once, never changed, as quick with a thousand routes as with ten."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.data.message.refusal import Refusal
from gateway.data.policies import steps_of
from gateway.data.routing.patterns import PatternSet
from gateway.data.routing.precedence import host_of, rank
from gateway.data.routing.route import Access, Route
from gateway.data.upstream.address import Address
from gateway.data.upstream.terms import ServiceTerms

if TYPE_CHECKING:
    from gateway.data.message.request import Request

TRIED_TOGETHER = 8  # patterns of one path, from which on they are one automaton

# Whatever no line of the table names: the console, the docs, health, or a 404.
LOCAL = Route(name="this process", service="", path=b"", access=Access.OPTIONAL, timeout_seconds=30.0)
LOCAL = replace(LOCAL, steps=steps_of(LOCAL))
# Those of them that look at the caller's Authorization for themselves: it is no access token.
PUBLIC = replace(LOCAL, access=Access.PUBLIC)
PUBLIC = replace(PUBLIC, steps=steps_of(PUBLIC))
PUBLIC_PATHS = frozenset((b"/metrics",))


class Table:
    """
    Routes by priority, host and path, in the order that ``precedence`` gives.

    A table of one priority and no hosts, which is the plain case, is two dictionaries.

    :ivar version: grows with each change of the table in the database.
    :ivar services: where the instances of each service are.
    :ivar terms: on which services are asked, of those that have any of their own.
    :ivar sought: under which names services are looked for in the registry.
    """

    __slots__ = ("_groups", "_plain", "routes", "services", "sought", "terms", "version")

    def __init__(
        self,
        routes: Iterable[Route],
        version: int,
        services: Mapping[str, tuple[Address, ...]] | None = None,
        terms: Mapping[str, ServiceTerms] | None = None,
        sought: Mapping[str, str] | None = None,
    ) -> None:
        self.routes = tuple(replace(route, steps=steps_of(route)) for route in routes)
        self.version = version
        self.services = services or {}
        self.terms = terms or {}
        self.sought = sought or {}
        priorities = sorted({route.priority for route in self.routes}, reverse=True)
        self._groups = tuple(_Hosts([each for each in self.routes if each.priority == level]) for level in priorities)
        no_hosts = len(self._groups) == 1 and not any(route.hosts for route in self.routes)
        self._plain = tuple(self._groups[0].for_host(b"")) if no_hosts else ()

    def find(self, request: "Request") -> Route:
        """
        Return the route for a request whose path is canonical, with or without a trailing slash.

        :raises Refusal: 405 if the path is known and the method is not served there.
        """
        path = request.path
        if path.endswith(b"/"):
            path = path[:-1]
        allowed: set[bytes] = set()
        for paths in self._plain or self._for_host(request):
            route = paths.find(request, path, allowed)
            if route is not None:
                return route
        if allowed:
            raise _method_not_allowed(request.method, allowed)
        return PUBLIC if path in PUBLIC_PATHS else LOCAL

    def _for_host(self, request: "Request") -> "Iterator[_Paths]":
        host = host_of(request.fields[b"host"])
        for group in self._groups:
            yield from group.for_host(host)


class _Hosts:
    """The routes of one priority, by the host they are for."""

    __slots__ = ("_any", "_by_name")

    def __init__(self, routes: list[Route]) -> None:
        self._any = _Paths([route for route in routes if not route.hosts], b"")
        names = {host for route in routes for host in route.hosts}
        self._by_name = {name: _Paths([route for route in routes if name in route.hosts], name) for name in names}

    def for_host(self, host: bytes) -> "Iterator[_Paths]":
        """Yield the paths of the host's own name, of ever shorter wildcards, and of any host."""
        by_name = self._by_name
        if by_name:
            if host in by_name:
                yield by_name[host]
            rest = host
            while rest:
                rest = rest.partition(b".")[2]
                if rest and b"*." + rest in by_name:
                    yield by_name[b"*." + rest]
        yield self._any


class _Paths:
    """Routes by path: an exact path goes before a prefix, a longer prefix before a shorter one."""

    __slots__ = ("_crowded", "_exact", "_prefixes")

    def __init__(self, routes: list[Route], host: bytes) -> None:
        self._exact: dict[bytes, tuple[Route, ...]] = {}
        self._prefixes: dict[bytes, tuple[Route, ...]] = {}
        for route in sorted(routes, key=lambda route: rank(route, host)):
            where = self._prefixes if route.is_prefix else self._exact
            where[route.path] = (*where.get(route.path, ()), route)
        self._crowded = {
            path: _Crowd(found)
            for path, found in self._prefixes.items()
            if sum(bool(route.pattern) for route in found) >= TRIED_TOGETHER
        }

    def find(self, request: "Request", path: bytes, allowed: set[bytes]) -> Route | None:
        """
        Return the first route that is meant, or None.

        :param allowed: is told the methods of routes that would be, but for the method.
        """
        if path in self._exact:
            route = _first(self._exact[path], request, path, allowed)
            if route is not None:
                return route
        prefixes, crowded = self._prefixes, self._crowded
        above = path
        while True:
            if above in prefixes:
                found = crowded[above].narrowed(path[len(above) :]) if above in crowded else prefixes[above]
                route = _first(found, request, path, allowed)
                if route is not None:
                    return route
            if not above:
                return None
            above = above[: above.rindex(b"/")]


def _first(found: tuple[Route, ...], request: "Request", path: bytes, allowed: set[bytes]) -> Route | None:
    for route in found:
        if route.is_conditional and not route.fits(request, path):
            continue
        if not route.methods or request.method in route.methods:
            return route
        allowed |= route.methods
    return None


class _Crowd:
    """Many patterns of one path, narrowed to those that match before each is looked at by itself."""

    __slots__ = ("_patterns", "_rest", "_set")

    def __init__(self, routes: tuple[Route, ...]) -> None:
        self._patterns = [route for route in routes if route.pattern]
        self._rest = tuple(route for route in routes if not route.pattern)
        self._set = PatternSet([route.pattern for route in self._patterns])

    def narrowed(self, below: bytes) -> tuple[Route, ...]:
        return (*(self._patterns[place] for place in self._set.matching(below)), *self._rest)


def _method_not_allowed(method: bytes, allowed: set[bytes]) -> Refusal:
    names = b", ".join(sorted(allowed))
    detail = f"{method.decode()} is not served here; {names.decode()} is."
    return Refusal(405, "method_not_allowed", detail, headers=((b"allow", names),))
