"""Optional policy: what a reader gets while the service fails, put together from other services, or always the same."""

import asyncio
import re
from collections.abc import Collection, Iterable
from typing import Annotated, Any

import orjson
from msgspec import Meta

from gateway.data.deadline import milliseconds_to_pass_on, seconds_left
from gateway.data.degrading import Substitute
from gateway.data.message.onward import identity_and_trail
from gateway.data.message.refusal import Refusal
from gateway.data.message.request import Request
from gateway.data.policies.terms import Terms
from gateway.data.routing.route import Route
from gateway.data.upstream.question import Unanswered, ask

PART_SECONDS = 2.0
JSON = (b"content-type", b"application/json")
NOT_KEPT = (b"cache-control", b"no-store")
_PART = re.compile(r"([-a-zA-Z0-9_]{1,50}) (/[!-~]*)")

Name = Annotated[str, Meta(min_length=1, max_length=100)]
Place = Annotated[str, Meta(max_length=500)]


class Fallback(Terms, frozen=True):
    """Answer GET, HEAD and OPTIONS in another way while the service fails or is away."""

    parts: Annotated[
        dict[Name, Place],
        Meta(
            description="An object of what other services answer: the member's name, then service and path.",
            examples=[{"user": "users /users/me"}],
        ),
    ] = {}
    body: Annotated[
        str,
        Meta(max_length=65536, description="What is answered, after parts if there are any and none is answered."),
    ] = ""
    status: Annotated[int, Meta(ge=200, le=599, description="Status of that body.")] = 200
    content_type: Annotated[str, Meta(pattern="^[ -~]+$", max_length=200, description="Of that body.")] = (
        "application/json"
    )

    def mistakes(self, route: Route, services: Collection[str]) -> Iterable[str]:
        if not self.body and not self.parts:
            yield "say a body, or parts"
        for name, place in self.parts.items():
            found = _PART.fullmatch(place)
            if found is None:
                yield f"{name}: {place} is not of the form: service /path"
            elif found[1] not in services:
                yield f"{name}: no address of the service {found[1]} is configured"


def fallback(request: Request, terms: Fallback) -> None:
    """Add to what is tried, in order, when the service has failed; a write is never said to be done that is not."""
    if not request.is_safe:
        return
    if terms.parts:
        request.fallbacks = (*request.fallbacks, lambda request, _: _composed(request, terms))
    if terms.body:
        request.fallbacks = (*request.fallbacks, lambda request, _: _static(terms))


def _static(terms: Fallback) -> Substitute:
    headers = ((b"content-type", terms.content_type.encode()), NOT_KEPT)
    return Substitute(terms.status, headers, terms.body.encode(), kind=b"static")


async def _composed(request: Request, terms: Fallback) -> Substitute | None:
    """Return the parts that there are, with the names of the services of which one is missing."""
    try:
        seconds = min(seconds_left(request), PART_SECONDS)
    except Refusal:
        return None
    answers = await asyncio.gather(*(_part(request, place, seconds) for place in terms.parts.values()))
    found = {name: answer for name, answer in zip(terms.parts, answers, strict=True) if answer is not None}
    if not found:
        return None
    missing = {place.partition(" ")[0] for name, place in terms.parts.items() if name not in found}
    body = orjson.dumps({**found, "degraded": sorted(missing)})
    return Substitute(200, (JSON, NOT_KEPT), body, kind=b"composed")


async def _part(request: Request, place: str, seconds: float) -> Any:
    service, _, path = place.partition(" ")
    fields = [(name.decode(), value.decode("latin-1")) for name, value in identity_and_trail(request)]
    fields += [("accept", "application/json"), ("x-request-timeout-ms", str(milliseconds_to_pass_on(seconds)))]
    try:
        reply = await ask(request.gateway.upstreams[service], "GET", path, headers=fields, seconds=seconds)
        return reply.json() if reply.status == 200 else None
    except Unanswered:
        return None
