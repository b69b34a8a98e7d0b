"""
Refuses what comes over the wire and is no batch of a log that this process follows, and counts it.

Nothing is lost by it: whatever belongs here stands in its producer's log and is pulled from there.
"""

import logging
from datetime import datetime
from typing import Any

import msgspec
from django.db.models import F

from ficus.events import options
from ficus.events.consumer import consumers
from ficus.events.inbox import Batch
from ficus.events.models import RefusedMessage
from ficus.events.parking import TRANSIENT
from ficus.events.partitions import MOST, WHOLE, Partition
from ficus.events.push import addressed
from ficus.events.recorded import Recorded

logger = logging.getLogger(__name__)

# Whoever invents names must not fill the table: after so many rows all further kinds are counted as one.
KINDS = 200
OTHERS = "(others)"
_SHOWN_CHARACTERS = 2_000


class MessageRefused(ValueError):
    """The message is no batch of events for anybody here. Its words are the same for each of a kind."""


def read(
    *, consumer: Any, source: Any, previous: Any, events: Any, partition: Any = 0, of: Any = 1, upto: Any = None
) -> Batch:
    """
    Return the batch that a message is.

    :raises MessageRefused: if its consumer or its source is not configured here, or it is not a run of events.
    """
    if not isinstance(consumer, str) or addressed(consumer)[0] not in consumers():
        raise MessageRefused("no such consumer here")
    if not isinstance(source, str) or source not in options.sources():
        raise MessageRefused("the source is not configured")
    try:
        part = Partition(msgspec.convert(partition, int), msgspec.convert(of, int))
        known = msgspec.convert(events, list[Recorded])
        first, last = msgspec.convert(previous, int), msgspec.convert(upto, int | None)
        batch = Batch(source, first, known, part, last, pushed=True)
    except msgspec.ValidationError:
        raise MessageRefused("not a batch of events") from None
    if not _is_run(batch):
        raise MessageRefused("not consecutive events of its source")
    if not _is_part(batch):
        raise MessageRefused("not of its part of the source")
    return batch


def count(*, consumer: Any, source: Any, reason: str, message: Any, at: datetime) -> None:
    """Count one refused message, and keep how the last one of its kind began. Never fails."""
    logger.error("refused a message for %r from %r: %s", consumer, source, reason)
    kind = {"consumer": _clean(consumer, 50), "source": _clean(source, 50), "reason": reason}
    seen = {"last_at": at, "last": _clean(message, _SHOWN_CHARACTERS)}
    try:
        if not _add_one(kind, seen):
            if RefusedMessage.objects.count() >= KINDS:
                kind |= {"consumer": OTHERS, "source": OTHERS}
            new = RefusedMessage(**kind, **seen, first_at=at)
            RefusedMessage.objects.bulk_create([new], ignore_conflicts=True)
            _add_one(kind, seen)
    except TRANSIENT as error:
        logger.warning("the refused message could not be counted: %s", error)


def _add_one(kind: dict[str, str], seen: dict[str, Any]) -> int:
    return RefusedMessage.objects.filter(**kind).update(count=F("count") + 1, **seen)


def _is_run(batch: Batch) -> bool:
    """Return whether the events follow one another; of a whole log none is left out, or it would be lost."""
    is_whole, position = batch.part == WHOLE, batch.previous
    for event in batch.events:
        if event.source != batch.source or event.position is None or event.position <= position:
            return False
        if is_whole and event.position > position + 1:
            return False
        position = event.position
    return batch.previous >= 0 and (batch.end == position if is_whole else batch.end >= position)


def _is_part(batch: Batch) -> bool:
    part = batch.part
    return 0 <= part.number < part.of <= MOST and all(part.holds(event.aggregate_id) for event in batch.events)


def _clean(value: Any, length: int) -> str:
    """Return a value as text that every database takes: no NUL, no half of a surrogate pair."""
    return str(value).replace("\0", "")[:length].encode("utf-8", "replace").decode()
