"""Optional policy: answers are kept and given again, as a shared cache does (RFC 9111)."""

from collections.abc import Awaitable, Collection, Iterable
from typing import Annotated

from msgspec import Meta

from gateway.data.cache.invalidating import Invalidating
from gateway.data.message.request import Request
from gateway.data.policies.terms import Terms
from gateway.data.routing.route import Route

DAY = 86_400
LARGEST_BODY = 8 * 1024 * 1024  # bytes


class Cache(Terms, frozen=True):
    """Keep the answers to GET that the service allows to be kept, and give them again."""

    ttl_seconds: Annotated[
        int, Meta(ge=0, le=30 * DAY, description="How long an answer is fresh that says nothing about it; 0: not kept.")
    ] = 0
    stale_if_error_seconds: Annotated[
        int, Meta(ge=0, le=30 * DAY, description="How long after that it is given if the service fails.")
    ] = 0
    stale_while_revalidate_seconds: Annotated[
        int, Meta(ge=0, le=30 * DAY, description="How long after that it is given while the service is asked anew.")
    ] = 0
    body_limit: Annotated[int, Meta(ge=0, le=LARGEST_BODY, description="Bytes; larger answers are not kept.")] = 262_144
    shared: Annotated[bool, Meta(description="Whether answers are kept in Redis too, for all workers.")] = False
    clients_may_refresh: Annotated[
        bool,
        Meta(description="Whether a client's Cache-Control makes the service be asked although there is an answer."),
    ] = False

    def mistakes(self, route: Route, services: Collection[str]) -> Iterable[str]:
        if route.methods and not route.methods & {b"GET", b"HEAD"}:
            yield "the route serves neither GET nor HEAD"


def cache(request: Request, terms: Cache) -> Awaitable[None] | None:
    """
    Give what is kept, or have the answer kept.

    Waits where another request asks for the same just now, or where Redis may have it.

    :raises AtOnce: with what is kept.
    :raises Refusal: 504 if the answer of another does not come in time, or the client wants none that is not kept.
    """
    if request.method in (b"GET", b"HEAD"):
        return request.gateway.cache.serve(request, terms)
    if not request.is_safe:
        request.watchers = (*request.watchers, Invalidating(request.gateway.cache))
    return None
