"""Asks several services at once for the parts of one answer."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from ficus import deadline
from ficus.errors import Unauthorized
from gateway.data import runtime
from gateway.data.upstream.question import Unanswered, ask

PART_SECONDS = 2.0
PASSED_ON = ("Authorization", "X-Request-ID", "traceparent", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host")


@dataclass(frozen=True, slots=True)
class Part:
    """
    One question.

    :ivar name: under which the answer's part is known.
    :ivar needs: a member without which an answer is none.
    """

    name: str
    service: str
    target: str
    needs: str


@dataclass(frozen=True, slots=True)
class Composed:
    """
    What was answered in time.

    :ivar parts: by name, only those that were answered with 200 and make sense.
    :ivar degraded: names of the services of which a part is missing, sorted.
    """

    parts: Mapping[str, dict[str, Any]]
    degraded: list[str]


async def compose(request: HttpRequest, *wanted: Part) -> Composed:
    """
    Ask for all parts on behalf of whoever sent ``request``.

    :raises Unauthorized: if a service does not know him.
    """
    headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
    seconds = deadline.for_next_hop(PART_SECONDS)
    answers = await asyncio.gather(*(_answer(part, headers, seconds) for part in wanted))
    found = {part.name: answer for part, answer in zip(wanted, answers, strict=True) if answer is not None}
    missing = {part.service for part in wanted if part.name not in found}
    return Composed(found, sorted(missing))


async def _answer(part: Part, headers: Mapping[str, str], seconds: float) -> dict[str, Any] | None:
    """Return the part, or None if the service does not give it."""
    allowed = {**headers, "Accept": "application/json", "X-Request-Timeout-Ms": str(max(int(seconds * 1000), 1))}
    upstream = runtime.current().upstreams[part.service]
    try:
        reply = await ask(upstream, "GET", part.target, headers=allowed.items(), seconds=seconds)
        if reply.status == 401:
            raise Unauthorized("Sign in again.")
        answer = reply.json() if reply.status == 200 else None
        return answer if isinstance(answer, dict) and part.needs in answer else None
    except Unanswered:
        return None
