"""What the relays of others push to this service's worker. Celery's names and queues end here."""

import logging
from typing import Any

from celery import shared_task
from django.utils import timezone

from ficus import crash
from ficus.errors import Unavailable
from ficus.events import catch_up, inbox, options, refusals, watchdog
from ficus.events.consumer import Consumer, consumers
from ficus.events.inbox import Batch
from ficus.events.parking import TRANSIENT
from ficus.events.partitions import WHOLE
from ficus.events.projection import Projection
from ficus.events.push import CANARY, TASK, addressed
from ficus.events.refusals import MessageRefused

logger = logging.getLogger(__name__)


@shared_task(name=TASK)
def receive_batch(
    *_more: object,
    consumer: Any = None,
    source: Any = None,
    previous: Any = None,
    events: Any = None,
    partition: Any = 0,
    of: Any = 1,
    upto: Any = None,
    **_unknown: object,
) -> None:
    """
    Apply a pushed batch. It may be lost, repeated, late or wrong: the cursor knows, and the log is pulled instead.

    :param previous: position before the first event.
    :param partition: which part of its log it is, ``of`` so many; an older producer says nothing and means the whole.
    :param upto: position up to which these are all events of that part; unless given, the last event's.
    """
    crash.point("worker.received")
    try:
        batch = refusals.read(
            consumer=consumer, source=source, previous=previous, events=events, partition=partition, of=of, upto=upto
        )
    except MessageRefused as refused:
        refusals.count(consumer=consumer, source=source, reason=str(refused), message=events, at=timezone.now())
        crash.point("worker.after_refusal")
        return
    for target in _listening(consumer, batch):
        try:
            # What a projection has missed may be its whole log: that is for the relay to pull, beside fresh events.
            if not inbox.receive(target, batch, at=timezone.now()) and not isinstance(target, Projection):
                crash.point("worker.before_pull")
                catch_up.pull(target, source, batch.part, patience=catch_up.WORKERS_PATIENCE, pushed=True)
            watchdog.serve(target.name, source, batch.part.number)
        except (*TRANSIENT, Unavailable) as error:
            logger.warning("%s leaves what comes after %s of %s to be pulled: %s", target.name, previous, source, error)
    crash.point("worker.done")


@shared_task(name=CANARY)
def sing(**_unknown: object) -> None:
    """Be taken: a worker that has nothing else to take shows by this that it hears."""


def _listening(name: str, batch: Batch) -> list[Consumer]:
    """Return the consumer of that name, and its companions that follow the source; they follow the whole of it."""
    name, only_companions = addressed(name)
    if batch.part != WHOLE:
        return [consumers()[name]]
    companions = (consumer for consumer in consumers().values() if consumer.name.startswith(f"{name}."))
    listening = [companion for companion in companions if batch.source in options.followed_by(companion)]
    return listening if only_companions else [consumers()[name], *listening]
