"""Asks a service anew for what is stale, while clients are given what there is (RFC 5861, section 3)."""

import asyncio
import logging
from typing import TYPE_CHECKING

from gateway.data.cache.conditions import asking_about
from gateway.data.cache.entry import Entry
from gateway.data.cache.filling import FAILURES, Flight, Landed
from gateway.data.cache.storing import storage
from gateway.data.message.onward import onward_head
from gateway.data.upstream.question import Unanswered, exchange

if TYPE_CHECKING:
    from gateway.data.cache.cache import Cache
    from gateway.data.message.request import Request
    from gateway.data.policies.cache import Cache as Terms

logger = logging.getLogger(__name__)

AT_ONCE = 32  # in a worker


def refresh(cache: "Cache", request: "Request", terms: "Terms", entry: Entry) -> None:
    """Ask in a task of its own, unless somebody does already; never fails and never waits."""
    flight_key = entry.key, entry.selection
    if flight_key in cache.flights or len(cache.under_way) >= AT_ONCE:
        return
    flight = cache.flights[flight_key] = Flight()
    task = asyncio.get_running_loop().create_task(_refreshed(cache, request, terms, entry, _question(request, entry)))

    def land(done: asyncio.Task[bool]) -> None:
        cache.under_way.discard(done)
        del cache.flights[flight_key]
        succeeded = not done.cancelled() and done.exception() is None and done.result()
        flight.land(Landed.KEPT if succeeded else Landed.FAILED)

    cache.under_way.add(task)
    task.add_done_callback(land)


def _question(request: "Request", entry: Entry) -> bytes:
    kept = request.kept
    request.kept = asking_about(kept, entry)
    milliseconds = int(request.route.timeout_seconds * 1000)
    head = onward_head(request, request.upstream.hidden_cookies, milliseconds)
    request.kept = kept
    return head


async def _refreshed(cache: "Cache", request: "Request", terms: "Terms", entry: Entry, question: bytes) -> bool:
    """Return whether the service said something that is to be believed."""
    asked_at, purge = cache.clock(), cache.purges.last
    try:
        reply = await exchange(
            request.upstream,
            question,
            bodyless_answer=False,
            may_use_kept=True,
            seconds=request.route.timeout_seconds,
            keep_at_most=terms.body_limit,
        )
    except Unanswered as error:
        logger.info("a kept answer could not be refreshed: %s", error)
        return False
    if reply.status in FAILURES:
        logger.info("a kept answer could not be refreshed: %s answered %d", request.upstream.name, reply.status)
        return False
    fields = list(reply.headers)
    if reply.status == 304:
        return cache.confirm(request, terms, entry, fields, asked_at, purge) is not None
    how = storage(request, terms, reply.status, fields, cache.clock()) if reply.is_whole else None
    cache.memory.drop(entry)
    if how is not None:
        answer = reply.status, fields, reply.body
        cache.keep(request, terms, entry.key, answer, how, asked_at=asked_at, purge=purge)
    return True
