"""What a change would do: which requests, recent ones and made-up ones, would go elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.control.probes import probes
from gateway.data import runtime
from gateway.data.message.refusal import Refusal
from gateway.data.message.request import Request
from gateway.data.routing.table import Table

SHOWN_AT_MOST = 50


@dataclass(frozen=True, slots=True)
class Effect:
    """
    A request that would be served otherwise.

    :ivar recent: whether somebody has really sent it just now.
    """

    request: str
    before: str
    after: str
    recent: bool

    def __str__(self) -> str:
        return f"{self.request}: {self.before} -> {self.after}"


def effects(before: Table, after: Table) -> list[Effect]:
    """Return the requests that the two tables serve differently, recent ones first, each once."""
    found: dict[tuple[str, str, str], Effect] = {}
    asked = [(request, True) for request in recent()]
    asked += [(request, False) for request in probes((*before.routes, *after.routes))]
    for request, is_recent in asked:
        one, other = outcome(before, request), outcome(after, request)
        if one != other:
            words = in_words(request)
            found.setdefault((words, one, other), Effect(words, one, other, is_recent))
    return list(found.values())[:SHOWN_AT_MOST]


def recent() -> Iterable[Request]:
    """Return what this worker has answered just now; nothing in a process that is none."""
    try:
        gateway = runtime.current()
    except RuntimeError:
        return []
    return [request for request in gateway.recent if request.fields.get(b"host")]


def in_words(request: Request) -> str:
    return f"{request.method.decode()} {request.path.decode()} at {request.fields[b'host'].decode()}"


def outcome(table: Table, request: Request) -> str:
    """Return who serves the request, and on what terms, in a few words."""
    try:
        route = table.find(request)
    except Refusal as refusal:
        return str(refusal.status)
    if not route.service:
        return "this process, or 404"
    terms = [route.access.value, f"{route.timeout_seconds:g} s", *route.policies]
    return f"{route.service} by {route.name} ({', '.join(terms)})"
