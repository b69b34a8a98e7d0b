"""
Serves fresh events while a consumer works off a backlog: an event waits for those before it on its own aggregate, and
not for everybody else's.

Who pulls a log of which he is far behind opens a lane at its end, once, and from then on looks now and then at what has
come since. Of these events he applies each whose predecessor is applied, in the order of the log, and notes it in the
same transaction; when the cursor comes there it passes over it. All else stays for the cursor. An event's predecessor
is the last one before it on the same aggregate of those that he handles: for what he would pass over he need not wait.
"""

import logging
import time
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from ficus import crash
from ficus.events import cursors, handling, inbox, options, overtime, parking
from ficus.events.consumer import Consumer
from ficus.events.feeds import feed
from ficus.events.inbox import Batch
from ficus.events.models import Cursor
from ficus.events.parking import TRANSIENT
from ficus.events.projection import Projection
from ficus.events.recorded import Recorded

logger = logging.getLogger(__name__)

# How often fresh events are looked for, and how many are taken at once: the backlog has most of the time.
EVERY_SECONDS = 0.2
AT_ONCE = 100


class Lane:
    """The fresh events of the part of a log of which a batch of the backlog is being applied."""

    def __init__(self, consumer: Consumer, behind: Batch) -> None:
        self._consumer, self._behind = consumer, behind
        # What a projection shows must be what the log says up to one position.
        self._is_open = not isinstance(consumer, Projection) and self._is_wanted()
        self._served_at = 0.0

    def _is_wanted(self) -> bool:
        """Once it is open it stays so until the cursor has come to its end: what comes last would wait longest."""
        behind = self._behind
        is_far = behind.newest - behind.end > options.far_behind()
        return is_far or (
            behind.newest > behind.end and cursors.has_lane(self._consumer.name, behind.source, behind.part)
        )

    def serve_now_and_then(self) -> None:
        """Serve what is fresh, if it is some time since that was done last."""
        if self._is_open and time.monotonic() - self._served_at >= EVERY_SECONDS:
            serve(self._consumer, self._behind)
            self._served_at = time.monotonic()


def serve(consumer: Consumer, behind: Batch) -> int:
    """
    Apply recent events out of turn; return how many.

    :param behind: from where the backlog is read; its ``newest`` is where a lane begins that is not open yet, or has
        fallen far behind itself.
    :raises Unavailable: if the source does not answer.
    """
    after = _open(consumer, behind)
    batch = (
        None if after is None else feed(behind.source).read_some(after, behind.part, AT_ONCE, list(consumer.handlers))
    )
    if batch is None:
        return 0
    try:
        return _apply(consumer, batch, at=timezone.now(), alone=False)
    except TRANSIENT:
        raise
    except Exception as error:
        logger.warning("%s applies fresh events of %s one by one: %r", consumer.name, batch.source, error)
        return _apply(consumer, batch, at=timezone.now(), alone=True)


def _open(consumer: Consumer, behind: Batch) -> int | None:
    """Return from where on to look at fresh events; None if the cursor is not the consumer's any more."""
    with transaction.atomic():
        cursor = cursors.lock(consumer.name, behind.source, behind.part)
        if cursor is None:
            return None
        if cursor.ahead is None or behind.newest - cursor.ahead > options.far_behind():
            cursor.ahead = max(behind.newest, cursor.position)
            cursors.note_ahead(cursor, [], cursor.ahead)
            logger.warning(
                "%s is %s events of %s behind; what comes after %s overtakes them",
                consumer.name,
                behind.newest - cursor.position,
                behind.source,
                cursor.ahead,
            )
        return cursor.ahead


def _apply(consumer: Consumer, batch: Batch, *, at: datetime, alone: bool) -> int:
    with transaction.atomic():
        cursor = cursors.lock(consumer.name, batch.source, batch.part)
        if cursor is None or cursor.ahead != batch.previous:
            return 0  # somebody else has served it
        ready = _Ready(consumer, cursor, batch)
        with overtime.limited(f"{consumer.name} applying fresh events of {batch.source}"):
            taken, upto = _one_by_one(consumer, ready, at) if alone else _together(consumer, ready, at)
        cursors.note_ahead(cursor, [event.place() for event in taken], upto)
        crash.point("lane.before_commit")
    crash.point("lane.after_commit")
    return len(taken)


class _Ready:
    """Says of the events of a batch, in their order, which may be applied now."""

    def __init__(self, consumer: Consumer, cursor: Cursor, batch: Batch) -> None:
        self.batch, self._cursor = batch, cursor
        handled = [event for event in batch.events if event.type in consumer.handlers]
        self._fresh = {event.place() for event in cursors.unseen(cursor, handled)}
        self._applied = cursors.applied_ahead(cursor, list(batch.follows.values()))
        self._blocked = parking.blocked_aggregates(consumer.name, batch.source)

    def is_next(self, event: Recorded) -> bool:
        before = self.batch.follows.get(event.place())
        if before is None or event.place() not in self._fresh:
            return False
        if (event.aggregate_type, event.aggregate_id) in self._blocked:
            return False
        return before in self._applied or cursors.has_seen(self._cursor, event.aggregate_id, before)

    def note(self, event: Recorded) -> None:
        self._applied.add(event.place())


def _together(consumer: Consumer, ready: _Ready, at: datetime) -> tuple[Sequence[Recorded], int]:
    """Apply what may be applied in the time of a transaction; return it, and up to where the batch was looked at."""
    chosen = []
    for event in ready.batch.events:
        if ready.is_next(event):
            ready.note(event)
            chosen.append(event)
    if not chosen:
        return [], ready.batch.end
    part = inbox.locked(consumer, chosen, ready.batch.part)
    reached = inbox.apply_in_time(consumer, part, at=at, parks=False)
    taken = [event for event in chosen if event.place() <= reached]
    return taken, ready.batch.end if len(taken) == len(chosen) else reached


def _one_by_one(consumer: Consumer, ready: _Ready, at: datetime) -> tuple[Sequence[Recorded], int]:
    """Apply each in a savepoint of its own. What fails is left for its turn, with all behind it on its aggregate."""
    taken = []
    for event in ready.batch.events:
        if ready.is_next(event) and _applied(consumer, event):
            ready.note(event)
            taken.append(event)
    return taken, ready.batch.end


def _applied(consumer: Consumer, event: Recorded) -> bool:
    try:
        with transaction.atomic():
            handling.handle(consumer, event)
    except TRANSIENT:
        raise
    except Exception as error:
        logger.warning("%s leaves %s at %s for its turn: %r", consumer.name, event.type, event.place(), error)
        return False
    return True
