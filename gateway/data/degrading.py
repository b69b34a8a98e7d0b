"""What a client gets instead of an error when a service fails: whatever a policy or the cache has put by for it."""

import logging
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import TYPE_CHECKING

from gateway.data.message.at_once import AtOnce
from gateway.data.message.refusal import Refusal

if TYPE_CHECKING:
    from gateway.data.message.request import Field, Request

logger = logging.getLogger(__name__)

DEGRADABLE = frozenset((500, 502, 503, 504))


class Substitute(AtOnce):
    """An answer in place of an error, which the client is told in ``X-Ficus-Degraded``."""

    def __init__(self, status: int, fields: "tuple[Field, ...]", body: bytes, *, kind: bytes) -> None:
        """:param kind: of the substitute, such as ``static`` or ``composed``."""
        super().__init__(status, (*fields, (b"x-ficus-degraded", kind)), body)
        self.kind = kind


# Returns what to answer instead, or nothing if it has nothing; it may have to wait for it.
Fallback = Callable[["Request", Refusal], "AtOnce | Awaitable[AtOnce | None] | None"]


async def substitute_for(request: "Request", refusal: Refusal) -> Refusal:
    """
    Return what the cache has, or what the first of the request's fallbacks does; ``refusal`` itself if nobody has any.
    """
    if request.stand_in is not None:
        kept = request.stand_in.instead_of(refusal)
        if kept is not refusal:
            return kept
    for fallback in request.fallbacks:
        try:
            found = fallback(request, refusal)
            if isawaitable(found):
                found = await found
        except Exception:  # whatever it is, the client is owed the answer that he would have had without it
            logger.exception("a fallback failed")
            continue
        if found is not None:
            if isinstance(found, Substitute):
                request.gateway.degraded[request.route.name, found.kind.decode()] += 1
            return found
    return refusal
