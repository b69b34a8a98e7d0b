"""What a worker does beside answering: closes what is slow or idle, and looks out for a new route table."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from time import monotonic
from typing import Any

from gateway.data.cache.purges import Purge
from gateway.data.certificates import Certificates
from gateway.data.mirroring.mirrors import Mirrors
from gateway.data.operations import Order, obey, report
from gateway.data.routing.table import Table
from gateway.data.runtime import Gateway
from gateway.data.upstream.checks import Checks
from gateway.data.upstream.instance import KEEP_SECONDS
from gateway.data.upstream.tls import Security

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 0.5
POLL_SECONDS = 1.0
COUNT_SECONDS = 2.0
REPORT_SECONDS = 2.0
REPORT_ANYWAY_SECONDS = 10.0

Reload = Callable[[int], Awaitable[Table | None]]
Purged = Callable[[int], Awaitable[Iterable[Purge]]]
Keep = Callable[[Mirrors], Awaitable[None]]
Newer = Callable[[int], Awaitable[list[Order]]]
KeepReport = Callable[[dict[str, Any]], Awaitable[None]]


async def sweep(gateway: Gateway) -> None:
    """
    Close, for ever, the connections whose time is over; one task instead of a timer for each of thousands.

    Likewise end the ejections that are over, and begin the health checks that are due.
    """
    checks = Checks()
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        now = monotonic()
        for connection in [each for each in gateway.connections if 0 < each.patience < now]:
            connection.lose_patience()
        for upstream in gateway.upstreams.values():
            for instance in upstream.instances:
                instance.close_idle(before=now - KEEP_SECONDS)
            upstream.pass_time(now)
            upstream.guard.budget.pass_time(now)
            checks.begin_due(upstream, now)


async def follow_certificates(gateway: Gateway) -> None:
    """
    Use the newest certificates that are sound, for ever; requests under way stay as they are.

    Those of services are of whom the table in force names, and change with it.
    """
    while True:
        await asyncio.sleep(POLL_SECONDS)
        if gateway.certificates is not None:
            _follow(gateway.certificates, gateway.certificates.reload_if_changed, "the certificates")
        for name, upstream in gateway.upstreams.items():
            if upstream.security is not None:
                _follow(upstream.security, upstream.reload_certificates, f"the certificates for {name}")


def _follow(kept: Certificates | Security, reload_if_changed: Callable[[], bool], words: str) -> None:
    before = kept.trouble
    if reload_if_changed():
        logger.info("%s have been read anew", words)
    elif kept.trouble and kept.trouble != before:
        logger.error("%s cannot be used, and the last good ones stay: %s", words, kept.trouble)


async def follow_table(gateway: Gateway, reload: Reload, announced: asyncio.Event) -> None:
    """
    Keep the gateway's table the newest that is sound, for ever.

    :param reload: returns the table if its version is another than the one given, else None.
    :param announced: set when there may be a new one; without it the table is looked at every ``POLL_SECONDS``.
    """
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await announced.wait()
        announced.clear()
        try:
            table = await reload(gateway.table.version)
        except Exception as error:  # a database that is away or a table that is wrong: the last good one serves
            logger.warning("the route table cannot be read: %s", error)
            gateway.trouble = str(error)
            continue
        gateway.trouble = ""
        if table is not None:
            logger.info("route table %d replaces %d", table.version, gateway.table.version)
            gateway.use(table)


async def follow_purges(gateway: Gateway, after: Purged, announced: asyncio.Event) -> None:
    """
    Throw away, for ever, what operators want thrown away.

    :param after: returns the purges after the one of a number; -1 for those that may concern what is in Redis.
    """
    cache = gateway.cache
    while True:
        try:
            for purge in await after(cache.purges.last):
                cache.purges.learn(purge, cache.memory)
            cache.purges.last = max(cache.purges.last, 0)
        except Exception as error:  # what is kept serves on, and is looked at again in a moment
            logger.warning("purges cannot be read: %s", error)
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await announced.wait()
        announced.clear()


async def count_cached(gateway: Gateway, keep: Callable[[Mapping[tuple[str, str], int]], Awaitable[None]]) -> None:
    """Publish and hand over, for ever, what the cache has counted."""
    from gateway.data import metrics

    while True:
        await asyncio.sleep(COUNT_SECONDS)
        counts = gateway.cache.take()
        metrics.publish_cached(counts, gateway.cache.memory.bytes)
        try:
            if counts:
                await keep(counts)
        except Exception as error:
            logger.warning("what the cache counted cannot be kept: %s", error)


async def count_mirrored(gateway: Gateway, keep: Keep) -> None:
    """Hand over, for ever, what came of mirroring; what cannot be kept is lost, since it concerns no client."""
    while True:
        await asyncio.sleep(COUNT_SECONDS)
        try:
            await keep(gateway.mirrors)
        except Exception as error:
            logger.warning("what was mirrored cannot be counted: %s", error)


async def follow_orders(gateway: Gateway, newer: Newer, announced: asyncio.Event) -> None:
    """
    Do, for ever, what operators order about upstreams.

    :param newer: returns the orders after a number; for 0 those that are in force.
    :param announced: as in :func:`follow_table`.
    """
    known = 0
    while True:
        try:
            for order in await newer(known):
                obey(gateway, order)
                known = order.number
        except Exception as error:
            logger.warning("orders cannot be read: %s", error)
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await announced.wait()
        announced.clear()


async def report_upstreams(gateway: Gateway, keep: KeepReport) -> None:
    """Report, for ever, how upstreams are doing: soon if anything happens, and now and then if nothing does."""
    last: dict[str, Any] = {}
    reported_at = float("-inf")
    while True:
        present = report(gateway)
        seen = _without_times(present)
        if seen != last or monotonic() - reported_at >= REPORT_ANYWAY_SECONDS:
            try:
                await keep(present)
                last, reported_at = seen, monotonic()
            except Exception as error:
                logger.warning("the state of upstreams cannot be reported: %s", error)
        await asyncio.sleep(REPORT_SECONDS)


def _without_times(report: dict[str, Any]) -> dict[str, Any]:
    """Return of each upstream what changes only when something happens."""
    return {
        name: (
            state["breaker"]["state"],
            state["bulkhead"],
            state["budget"],
            state["tls"],
            state["registry"].get("trouble"),
            [(each["url"], each["state"], each["fault"]) for each in state["instances"]],
        )
        for name, state in report["upstreams"].items()
    }
