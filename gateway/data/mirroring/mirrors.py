"""Sends copies of requests to other services, after the client has been answered, and counts what came of them."""

import asyncio
import logging
from collections import Counter, deque
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from gateway.data.message.onward import onward_head
from gateway.data.mirroring.comparison import Answer, differences
from gateway.data.upstream.question import Unanswered, exchange

if TYPE_CHECKING:
    from gateway.data.message.request import Request
    from gateway.data.mirroring.copying import Copy
    from gateway.data.upstream.upstream import Upstream

logger = logging.getLogger(__name__)

AT_ONCE = 32  # copies under way in a worker; those beyond are left out, so that a slow mirror costs nothing
REMEMBERED = 200
MARK = b"x-ficus-mirrored: true\r\n"


class Outcome(StrEnum):
    """What became of a request that was to be mirrored."""

    SAME = "same"
    DIFFERENT = "different"
    UNCOMPARED = "body too large to compare"
    FAILED = "no answer from the mirror"
    TOO_LARGE = "request too large to mirror"
    LEFT_OUT = "left out, too many at once"


@dataclass(frozen=True, slots=True)
class Difference:
    """:ivar found: in what the answers differ, as ``comparison`` names it."""

    route: str
    service: str
    method: str
    path: str
    found: tuple[str, ...]
    at: datetime


class Mirrors:
    """One worker's."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str, Outcome]] = Counter()
        self.differences: deque[Difference] = deque(maxlen=REMEMBERED)
        self._under_way: set[asyncio.Task[None]] = set()

    def count(self, route: str, service: str, outcome: Outcome) -> None:
        self.counts[route, service, outcome] += 1

    def take(self) -> tuple[Counter[tuple[str, str, Outcome]], list[Difference]]:
        """Return what has been counted and found since the last time."""
        taken = self.counts, list(self.differences)
        self.counts = Counter()
        self.differences.clear()
        return taken

    def send(self, request: "Request", copy: "Copy") -> None:
        """Send the copy in a task of its own, unless there are too many; never fails and never waits."""
        terms = copy.terms
        upstream = request.gateway.upstreams.get(terms.to)
        if upstream is None:
            return
        if len(self._under_way) >= AT_ONCE:
            self.count(request.route.name, terms.to, Outcome.LEFT_OUT)
            return
        task = asyncio.get_running_loop().create_task(self._mirrored(request, copy, upstream))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _mirrored(self, request: "Request", copy: "Copy", upstream: "Upstream") -> None:
        route, service = request.route.name, copy.terms.to
        try:
            answer = await _ask(request, copy, upstream)
            self._compare(request, copy, answer)
        except Unanswered as error:
            logger.info("a mirrored request was not answered: %s", error)
            self.count(route, service, Outcome.FAILED)
        except Exception:  # whatever it is, it concerns nobody who waits
            logger.exception("a request could not be mirrored")
            self.count(route, service, Outcome.FAILED)

    def _compare(self, request: "Request", copy: "Copy", answer: Answer) -> None:
        terms, own = copy.terms, copy.answer
        found = differences(
            own,
            answer,
            ignored_headers=frozenset(name.lower().encode() for name in terms.ignore_headers),
            ignored_fields=terms.ignore_fields,
        )
        route = request.route.name
        if found:
            self.count(route, terms.to, Outcome.DIFFERENT)
            method, path = request.method.decode(), request.path.decode()
            self.differences.append(Difference(route, terms.to, method, path, tuple(found), datetime.now(UTC)))
        elif own.body is None or answer.body is None:
            self.count(route, terms.to, Outcome.UNCOMPARED)
        else:
            self.count(route, terms.to, Outcome.SAME)


async def _ask(request: "Request", copy: "Copy", upstream: "Upstream") -> Answer:
    seconds = request.route.timeout_seconds
    head = onward_head(request, upstream.hidden_cookies, int(seconds * 1000))
    body = copy.body
    if request.length is None:
        body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
    reply = await exchange(
        upstream,
        head[:-2] + MARK + b"\r\n" + body,
        bodyless_answer=request.method == b"HEAD",
        may_use_kept=request.is_safe and not request.has_body,
        seconds=seconds,
        keep_at_most=copy.terms.body_limit,
    )
    return Answer(reply.status, reply.headers, reply.body if reply.is_whole else None)
