"""
Applies batches of events: one transaction moves the consumer's cursor and makes its handlers' changes, or neither.

The cursor's row is locked first, so two deliveries of one batch follow each other, and the second finds nothing new.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import groupby
from uuid import UUID

from django.db import connection, transaction

from ficus import crash
from ficus.events import cursors, handling, overtime, parking
from ficus.events.consumer import Consumer, Together, consumers
from ficus.events.cursors import position as position
from ficus.events.models import ParkedEvent
from ficus.events.parking import TRANSIENT
from ficus.events.partitions import WHOLE, Partition
from ficus.events.recorded import Recorded
from ficus.events.schema import MalformedEvent, UnknownEvent

logger = logging.getLogger(__name__)

TRANSACTION_SECONDS = 0.05
# Handled in one call, by handlers that can: as much as fits into a transaction's time.
TOGETHER = 250
# SQLite has no queue of writers: who waits asks again every 1 to 100 ms.
TURN_OF_OTHERS_SECONDS = 0.01

Aggregate = tuple[str, UUID]


@dataclass(frozen=True, slots=True)
class Batch:
    """
    Consecutive events of one log, or of one part of it.

    :ivar previous: position before the first of them; whoever is not there yet has missed something.
    :ivar upto: position up to which these are all events of the part; the last one's unless given.
    :ivar newest: of the log when it was read; 0 if nobody looked.
    :ivar follows: by position of an event, that of the last one before it on the same aggregate that its reader
        handles, 0 if there is none; what is not known is not there, and nothing is unless it was asked for.
    :ivar pushed: whether it came by push, or a push had it pulled; otherwise it has not shown that pushing works.
    """

    source: str
    previous: int
    events: Sequence[Recorded]
    part: Partition = WHOLE
    upto: int | None = None
    newest: int = 0
    follows: Mapping[int, int] = field(default_factory=dict)
    pushed: bool = False

    @property
    def end(self) -> int:
        """The position that is reached when all of it is applied."""
        if self.upto is not None:
            return self.upto
        return self.events[-1].place() if self.events else self.previous


def receive(consumer: Consumer, batch: Batch, *, at: datetime) -> bool:
    """
    Apply what is new in the batch. Return False, having done nothing, if events before it are missing, or if the
    consumer follows the log in another number of parts.

    A batch that takes long is applied in several transactions, each with its own move of the cursor, so that others
    who write to the same rows, or to an SQLite file at all, have their turn.

    If a handler fails, each event is applied in a savepoint of its own; those that fail again are parked, the events
    behind them on the same aggregate too, and the others go on.
    """
    return advance(consumer, batch, at=at) is not None


def advance(
    consumer: Consumer, batch: Batch, *, at: datetime, between: Callable[[], object] = lambda: None
) -> int | None:
    """
    Do what :func:`receive` does; return how often the cursor was moved, None where that returns False.

    :param between: called after each transaction.
    """
    moves = 0
    while True:
        before, reached = _apply_or_park(consumer, batch, at=at) or (0, None)
        if reached is None:
            return None
        moves += reached > before
        between()
        if reached >= batch.end:
            return moves
        crash.point("inbox.between_transactions")
        if connection.vendor == "sqlite":
            time.sleep(TURN_OF_OTHERS_SECONDS)


def _apply_or_park(consumer: Consumer, batch: Batch, *, at: datetime) -> tuple[int, int] | None:
    try:
        return _apply(consumer, batch, at=at, parks=False)
    except TRANSIENT:
        raise
    except Exception as error:
        logger.warning("%s applies a batch of %s one by one: %r", consumer.name, batch.source, error)
        crash.point("inbox.before_one_by_one")
        return _apply(consumer, batch, at=at, parks=True)


def retry_parked(*, at: datetime) -> int:
    """Try the parked events again whose time has come, with those behind them; return how many were applied."""
    return sum(_retry(head, at=at) for head in parking.due(at=at))


def apply(consumer: Consumer, batch: Batch, *, at: datetime, parks: bool) -> int | None:
    """
    Apply the batch, or as much of it as fits into one transaction, from the cursor on.

    :return: the position reached, or None if events before the batch are missing or these are not the consumer's parts.
    """
    moved = _apply(consumer, batch, at=at, parks=parks)
    return moved[1] if moved else None


def _apply(consumer: Consumer, batch: Batch, *, at: datetime, parks: bool) -> tuple[int, int] | None:
    """Do what :func:`apply` does; return the positions before and after."""
    with transaction.atomic():
        crash.point("inbox.before_lock")
        cursor = cursors.lock(consumer.name, batch.source, batch.part)
        crash.point("inbox.after_lock")
        if cursor is None or batch.previous > cursor.position:
            return None
        if batch.end <= cursor.position:
            return cursor.position, cursor.position
        reached, new = batch.end, cursors.unseen(cursor, batch.events)
        if new:
            with overtime.limited(f"{consumer.name} applying {batch.source}"):
                done = apply_in_time(consumer, locked(consumer, new, batch.part), at=at, parks=parks)
            reached = done if done < new[-1].place() else batch.end
        cursors.forget_ahead(cursor, batch.events, reached)
        crash.point("inbox.before_move")
        cursors.move(cursor, reached, at=at, pushed=batch.pushed)
        crash.point("inbox.before_commit")
    crash.point("inbox.after_commit")
    return cursor.position, reached


def locked(consumer: Consumer, events: Sequence[Recorded], part: Partition) -> Sequence[Recorded]:
    """Return as many of the events as one transaction may apply, having locked what those of other parts change too."""
    if consumer.locker is None or part == WHOLE:
        return events
    readable = []
    for event in (chosen := events[:TOGETHER]):
        with suppress(UnknownEvent, MalformedEvent):
            readable += [(event.event(), event)] if event.type in consumer.handlers else []
    consumer.locker(readable)
    return chosen


def apply_in_time(consumer: Consumer, fresh: Sequence[Recorded], *, at: datetime, parks: bool) -> int:
    """Apply events in order until they are done or the transaction has lasted long enough; return the last's place."""
    began = time.monotonic()
    relevant = [event for event in fresh if event.type in consumer.handlers]
    blocked = parking.blocked_aggregates(consumer.name, fresh[0].source) if relevant else set()
    for run in _runs(consumer, relevant, blocked, alone=parks):
        if len(run) > 1:
            handling.handle_together(consumer, run)
        else:
            _apply_one(consumer, run[0], blocked, at=at, parks=parks)
        if time.monotonic() - began > TRANSACTION_SECONDS:
            return run[-1].place()
    return fresh[-1].place()


def _runs(
    consumer: Consumer, events: Sequence[Recorded], blocked: set[Aggregate], *, alone: bool
) -> Iterator[Sequence[Recorded]]:
    """Split events into those that one call handles: consecutive ones of one handler of many, and any other alone."""

    def taken_by(event: Recorded) -> Together | None:
        return None if alone or _aggregate(event) in blocked else consumer.together.get(event.type)

    for handler, consecutive in groupby(events, taken_by):
        run, size = list(consecutive), TOGETHER if handler else 1
        yield from (run[start : start + size] for start in range(0, len(run), size))


def _apply_one(consumer: Consumer, event: Recorded, blocked: set[Aggregate], *, at: datetime, parks: bool) -> None:
    if _aggregate(event) in blocked:
        parking.park_behind(consumer.name, event, at=at)
    elif not parks:
        handling.handle(consumer, event)
    elif not _handled(consumer, event, at=at):
        blocked.add(_aggregate(event))


def _aggregate(event: Recorded) -> Aggregate:
    return event.aggregate_type, event.aggregate_id


def _handled(consumer: Consumer, event: Recorded, *, at: datetime) -> bool:
    try:
        with transaction.atomic():
            handling.handle(consumer, event)
    except TRANSIENT:
        raise
    except Exception as error:
        crash.point("parking.after_savepoint")
        parking.park(consumer.name, event, error, at=at)
        crash.point("parking.before_commit")
        return False
    return True


def _retry(due: ParkedEvent, *, at: datetime) -> int:
    consumer = consumers().get(due.consumer)
    if consumer is None:
        return 0
    with transaction.atomic():
        cursors.lock_of(due.consumer, due.source, due.aggregate_id)
        head = ParkedEvent.objects.filter(pk=due.pk, retry_at__lte=at).first()
        crash.point("parking.before_retry")
        with overtime.limited(f"{due.consumer} trying {due.source} again"):
            applied = parking.retry(head, partial(handling.handle, consumer), at=at) if head else 0
        crash.point("parking.after_retry")
    return applied
