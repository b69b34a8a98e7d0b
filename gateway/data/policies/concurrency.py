"""Optional policy: how many requests of each may be under way at a time."""

from collections.abc import Collection, Iterable
from functools import cached_property, partial
from typing import Annotated, Literal

from msgspec import Meta

from gateway.data.limiting.keys import key_of
from gateway.data.limiting.quota import By
from gateway.data.message.refusal import Refusal
from gateway.data.message.request import Request
from gateway.data.policies.terms import Terms
from gateway.data.routing.route import Access, Route

RETRY_SECONDS = 1


class Concurrency(Terms, frozen=True, dict=True):
    """Let only so many requests be under way at a time; those beyond get 429."""

    most: Annotated[int, Meta(ge=1, le=100_000, description="Requests; each worker allows an equal share, at least 1.")]
    by: Annotated[
        Literal["subject", "client", "address", "route"], Meta(description="Whose requests are counted together.")
    ] = "subject"

    def mistakes(self, route: Route, services: Collection[str]) -> Iterable[str]:
        if route.access is Access.PUBLIC and self.by in (By.SUBJECT, By.CLIENT):
            yield f"with access: {Access.PUBLIC} nobody is known; count by address or route"

    @cached_property
    def counted_by(self) -> By:
        return By(self.by)


def concurrency(request: Request, terms: Concurrency) -> None:
    """
    Count the request until its answer is complete.

    :raises Refusal: 429 if there are as many already.
    """
    gateway = request.gateway
    route, limiter = request.route.name, gateway.limiter
    key = b"%b:%b" % (route.encode(), key_of(request, terms.counted_by))
    entered = gateway.occupancy.enter(key, max(1, terms.most // limiter.workers))
    limiter.counts[route, "concurrency", "admitted" if entered else "refused"] += 1
    if not entered:
        raise _refusal(terms)
    request.endings = (*request.endings, partial(gateway.occupancy.leave, key))


def _refusal(terms: Concurrency) -> Refusal:
    """Say it as draft-ietf-httpapi-ratelimit-headers-10 does, whose quota unit this is."""
    name = f"concurrency-{terms.by}"
    fields = (
        (b"retry-after", b"%d" % RETRY_SECONDS),
        (b"ratelimit-policy", b'"%b";q=%d;qu="concurrent-requests"' % (name.encode(), terms.most)),
        (b"ratelimit", b'"%b";r=0;t=%d' % (name.encode(), RETRY_SECONDS)),
    )
    detail = f"At most {terms.most} requests may be under way at a time."
    return Refusal(429, "quota_exceeded", detail, headers=fields, extra={"violated-policies": [name]})
