"""Limiters that are connected to a real Redis while a test runs."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from gateway.data.limiting.limiter import Limiter
from gateway.data.limiting.redis_link import RedisLink
from tests.ficus.events.redis_server import RedisServer

PATIENCE_SECONDS = 60.0


@asynccontextmanager
async def connected(server: RedisServer) -> AsyncIterator[RedisLink]:
    """Yield a link that is up."""
    link = RedisLink(server.url)
    running = asyncio.create_task(link.run())
    try:
        await eventually(lambda: link.is_up)
        yield link
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def limiters(server: RedisServer, count: int, *, begun: bool = True) -> AsyncIterator[list[Limiter]]:
    """Yield as many workers' limiters, which know of each other if ``begun``."""
    links = [RedisLink(server.url) for _ in range(count)]
    made = [Limiter(link) for link in links]
    running = [asyncio.create_task(each.run()) for each in made]
    try:
        if begun:
            await eventually(lambda: all(link.is_up for link in links))
            await eventually(lambda: all(each.workers == count for each in made))
        yield made
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def eventually(look: Callable[[], bool]) -> None:
    """:raises TimeoutError: if it is not so within a minute."""
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while not look():
        if time.monotonic() > ends_at:
            raise TimeoutError("not so after a minute")
        await asyncio.sleep(0.01)
