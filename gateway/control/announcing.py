"""Tells the workers of a new version at once, by Redis. Only a hint: they look by themselves once a second."""

import asyncio
import logging
from collections.abc import Callable

from django.conf import settings

logger = logging.getLogger(__name__)

CHANNEL = "ficus.gateway.table"
TIMEOUT_SECONDS = 0.5
PAUSE_SECONDS = 5.0


def announce(news: int | str) -> None:
    """Publish a version, or what else is new; a Redis that is away delays nobody by more than a moment."""
    from redis import Redis, RedisError  # slow to import, and only needed here
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    timeouts = {"socket_timeout": TIMEOUT_SECONDS, "socket_connect_timeout": TIMEOUT_SECONDS}
    try:
        with Redis.from_url(settings.REDIS_URL, retry=Retry(NoBackoff(), 0), **timeouts) as client:
            client.publish(CHANNEL, str(news))
    except RedisError as error:
        logger.info("%s was not announced, and is found within a second: %s", news, error)


async def listen(announced: Callable[[], None]) -> None:
    """Call ``announced`` for each announcement, for ever, whatever state Redis is in."""
    from redis import RedisError
    from redis.asyncio import Redis

    while True:
        try:
            client = Redis.from_url(settings.REDIS_URL, socket_connect_timeout=TIMEOUT_SECONDS)
            async with client, client.pubsub() as channel:
                await channel.subscribe(CHANNEL)
                announced()  # something may have been announced before we listened
                await _hear(channel, announced)
        except (RedisError, OSError) as error:
            logger.debug("announcements cannot be heard: %s", error)
        await asyncio.sleep(PAUSE_SECONDS)


async def _hear(channel: "object", announced: Callable[[], None]) -> None:
    async for message in channel.listen():  # type: ignore[attr-defined]  # redis types it for subscribers only
        if message["type"] == "message":
            announced()
