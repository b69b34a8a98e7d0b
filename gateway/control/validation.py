"""What is wrong with a route table, in an operator's words. A table is taken as a whole or not at all."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from gateway.data.deadline import LONGEST_SECONDS
from gateway.data.message.fields import is_passed_on
from gateway.data.message.path import canonical
from gateway.data.message.reader import SERVED
from gateway.data.message.refusal import Refusal
from gateway.data.routing.conditions import Condition, Source
from gateway.data.routing.patterns import BadPattern, compiled
from gateway.data.routing.route import Route

# Paths of the gateway's own without which nobody could look at or mend anything.
RESERVED = (b"/admin", b"/docs", b"/livez", b"/login", b"/logout", b"/me", b"/openapi.json", b"/readyz", b"/static")
PRIORITIES = 16  # different ones in a table: each is looked through by itself
_HOST = re.compile(rb"(?:\*\.)?[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\]")
_FIELD_NAME = re.compile(r"[a-z0-9-]+")


class InvalidTable(Exception):
    """
    The table cannot be used as it stands.

    :ivar mistakes: every one, each naming its route.
    """

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = list(mistakes)


def mistakes_in(routes: Sequence[Route], services: Collection[str]) -> list[str]:
    """
    Return what is wrong with the table that ``routes`` make up.

    :param services: names for which an address is known.
    """
    found = [f"{route.name}: {mistake}" for route in routes for mistake in _alone(route, services)]
    if len({route.priority for route in routes}) > PRIORITIES:
        found.append(f"there are more than {PRIORITIES} different priorities")
    return found + list(_collisions(routes))


def _alone(route: Route, services: Collection[str]) -> Iterable[str]:
    if route.service not in services:
        yield f"no address of the service {route.service} is configured"
    if fault := _path_fault(route.path):
        yield fault
    hidden = [own for own in RESERVED if _hides(route, own)]
    if hidden:
        yield f"it would hide {hidden[0].decode()}, which the gateway answers itself"
    if unknown := route.methods - SERVED:
        yield f"the gateway does not serve the method {min(unknown).decode()}"
    if not 0 < route.timeout_seconds <= LONGEST_SECONDS:
        yield f"a timeout is at most {LONGEST_SECONDS:.0f} seconds"
    yield from _pattern_faults(route)
    for host in route.hosts:
        if not _HOST.fullmatch(host):
            yield f"{host.decode()} is no host; a name without a port, or *. and a name"
    for condition in route.conditions:
        yield from _condition_faults(condition)
    for kind, terms in route.policies.items():
        yield from (f"{kind}: {mistake}" for mistake in terms.mistakes(route, services))


def _pattern_faults(route: Route) -> Iterable[str]:
    if not route.pattern:
        return
    if not route.path:
        yield "a pattern needs a path to stand below, other than /"
    try:
        compiled(route.pattern)
    except BadPattern as error:
        yield str(error)


def _condition_faults(condition: Condition) -> Iterable[str]:
    if condition.source is Source.HEADER:
        if not _FIELD_NAME.fullmatch(condition.name):
            yield f"{condition.name} is not the name of a header field"
        elif not is_passed_on(condition.name.encode()):
            yield f"the header field {condition.name} is not looked at: what clients say in it is taken away"
    if condition.wanted.startswith("~"):
        try:
            compiled(condition.wanted[1:])
        except BadPattern as error:
            yield f"{condition.source.value} {condition.name}: {error}"


def _path_fault(path: bytes) -> str:
    """:param path: as in a route: without the trailing slash, so that the root is empty."""
    try:
        resolved, query = canonical(path or b"/", b"")
    except Refusal as refusal:
        return f"{path.decode()}: {refusal.detail}"
    if query or resolved != (path or b"/") or path.endswith(b"/"):
        return f"{path.decode()} is not canonical; that would be {resolved.decode().rstrip('/') or '/'}"
    return ""


def _hides(route: Route, own: bytes) -> bool:
    return route.covers(own) or route.path.startswith(own + b"/")


def _collisions(routes: Sequence[Route]) -> Iterable[str]:
    """
    Two routes of one path may share it only if each serves other methods, or one serves those that are left; likewise
    those of one pattern, host, priority and set of conditions.
    """
    alike: dict[tuple[object, ...], list[Route]] = defaultdict(list)
    for route in routes:
        for host in route.hosts or (b"",):
            same = route.path, route.is_prefix, route.pattern, frozenset(route.conditions), route.priority, host
            alike[same].append(route)
    return {
        f"{first.name} and {second.name} both serve {_words(second)}": None
        for group in alike.values()
        for number, second in enumerate(group)
        for first in group[:number]
        if _same_methods(first, second)
    }


def _same_methods(first: Route, second: Route) -> bool:
    if not first.methods or not second.methods:
        return first.methods == second.methods
    return bool(first.methods & second.methods)


def _words(route: Route) -> str:
    methods = b" ".join(sorted(route.methods)).decode()
    return f"{methods} {route.path.decode() or '/'}{route.pattern}".strip()
