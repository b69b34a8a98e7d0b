"""
Tells the relay that the log has grown, by a Redis publish from a thread of its own.

A hint only: the relay looks once a second by itself, so no request waits for Redis and none fails with it.
"""

import logging
import os
import threading
import time

from ficus import crash
from ficus.events import options

logger = logging.getLogger(__name__)

# Pokes closer together than this become one.
_PAUSE_SECONDS = 0.002
_TIMEOUT_SECONDS = 0.5

_grown = threading.Event()
_publisher: threading.Thread | None = None
_starting = threading.Lock()


def poke() -> None:
    """Ask the relay to look now. Returns at once, whatever state Redis is in."""
    crash.point("append.after_commit")
    _grown.set()
    if _publisher is None:
        _start()


def channel() -> str:
    """Return the Redis channel on which this service's relay listens."""
    return f"ficus.events.{options.source()}"


def _start() -> None:
    global _publisher
    with _starting:
        if _publisher is None:
            _publisher = threading.Thread(target=_publish_for_ever, name="poke", daemon=True)
            _publisher.start()


def _publish_for_ever() -> None:
    import redis  # slow to import, and only needed here
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    client = redis.Redis.from_url(
        options.redis_url(),
        socket_timeout=_TIMEOUT_SECONDS,
        socket_connect_timeout=_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    while True:
        _grown.wait()
        _grown.clear()
        try:
            client.publish(channel(), b"")
            time.sleep(_PAUSE_SECONDS)
        except redis.RedisError as error:
            logger.debug("the relay was not poked: %s", error)
            time.sleep(1)


def _forget_the_thread() -> None:
    """Start afresh in a forked child: threads do not survive a fork."""
    global _publisher, _grown, _starting
    _publisher, _grown, _starting = None, threading.Event(), threading.Lock()


os.register_at_fork(after_in_child=_forget_the_thread)
