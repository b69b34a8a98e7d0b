"""
Hands batches to the broker. The only place that publishes events, and only the relay process calls it.

A failure means "unknown": the batch may have arrived. Whoever receives it twice or never is none the worse.
"""

from collections.abc import Sequence
from typing import Protocol

import redis
from celery import Celery
from celery.exceptions import CeleryError
from kombu.exceptions import KombuError
from redis.backoff import NoBackoff
from redis.retry import Retry

from ficus.events import options
from ficus.events.partitions import WHOLE, Partition, parts
from ficus.events.recorded import Recorded

TASK = "events.receive_batch"
CANARY = "events.canary"
TIMEOUT_SECONDS = 1.0
_COMPANIONS = ".*"
BROKER_ERRORS = (redis.RedisError, KombuError, CeleryError, OSError)


class Broker(Protocol):
    """What the relay needs of a broker. Each call fails with one of ``BROKER_ERRORS``, soon."""

    def waiting(self, consumer: str, part: Partition = WHOLE) -> int:
        """Return how many batches of the part the consumer has not taken yet."""
        ...

    def push(
        self,
        consumer: str,
        previous: int,
        events: Sequence[Recorded],
        part: Partition = WHOLE,
        upto: int | None = None,
    ) -> None:
        """Publish a batch as one message, without trying again."""
        ...


class CeleryBroker:
    """
    Celery over Redis.

    :param app: named rather than taken as Celery's current one, which is another in each thread.
    """

    def __init__(self, app: Celery) -> None:
        self._app, self._redis = app, connect()

    def waiting(self, consumer: str, part: Partition = WHOLE) -> int:
        return int(self._redis.llen(queue_of(addressed(consumer)[0], part)))

    def push(
        self,
        consumer: str,
        previous: int,
        events: Sequence[Recorded],
        part: Partition = WHOLE,
        upto: int | None = None,
    ) -> None:
        self._app.send_task(
            TASK,
            kwargs={
                "consumer": consumer,
                "source": options.source(),
                "previous": previous,
                "events": events,
                "partition": part.number,
                "of": part.of,
                "upto": upto,
            },
            queue=queue_of(addressed(consumer)[0], part),
            retry=False,
            ignore_result=True,
        )


def queue_of(consumer: str, part: Partition = WHOLE) -> str:
    """Return the queue on which a consumer's batches of one part wait; every worker of the consumer listens to it."""
    return f"events.{consumer}" if part == WHOLE else f"events.{consumer}.{part.number}"


def queues_of(consumer: str) -> list[str]:
    """
    Return the queues that every worker of a consumer listens to, whatever number of parts its producers know of.

    The one of the whole log comes first: its companions' batches wait there, and those of producers without parts.
    """
    its_parts = parts(options.partitions(consumer))
    return [queue_of(consumer), *(queue_of(consumer, part) for part in its_parts if part != WHOLE)]


def companions_of(consumer: str) -> str:
    """Return the name under which the whole log is pushed to those that go with a consumer, but not to itself."""
    return f"{consumer}{_COMPANIONS}"


def addressed(name: str) -> tuple[str, bool]:
    """Return whose consumer a message is addressed to, and whether to its companions alone."""
    return name.removesuffix(_COMPANIONS), name.endswith(_COMPANIONS)


def connect() -> redis.Redis:
    """Return a client that fails within a second and leaves trying again to its caller."""
    return redis.Redis.from_url(
        options.redis_url(),
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
