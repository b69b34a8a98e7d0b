"""
How far consumers have followed logs: one row for each part of a log that a consumer follows.

The rows say in how many parts, whatever settings say: a worker goes by them, and one process, the relay, changes them
to what its settings say when it starts. So old and new processes may overlap.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Min, QuerySet
from django.utils import timezone

from ficus.events import options
from ficus.events.models import AppliedAhead, Cursor
from ficus.events.partitions import Partition, number_of, parts
from ficus.events.recorded import Recorded

logger = logging.getLogger(__name__)


def position(consumer: str, source: str, part: Partition | None = None) -> int:
    """Return up to where the consumer has followed the source, or one part of it; 0 if it never began."""
    rows = _rows(consumer, source)
    if part is not None:
        rows = rows.filter(partition=part.number, partitions=part.of)
    reached: int | None = rows.aggregate(least=Min("position"))["least"]
    return reached or 0


def parts_of(consumer: str, source: str) -> list[Partition]:
    """Return the parts in which the consumer follows the source; if it never began, those that it will begin with."""
    of = _rows(consumer, source).filter(partition=0).values_list("partitions", flat=True).first()
    return parts(of or options.partitions(consumer))


def lock(consumer: str, source: str, part: Partition) -> Cursor | None:
    """Lock the cursor of a part until the transaction ends; None if the consumer follows in another number of parts."""
    rows = _rows(consumer, source)
    wanted = rows.select_for_update().filter(partition=part.number, partitions=part.of)
    cursor = wanted.first()
    if cursor is None:
        if not rows.exists():
            _begin(consumer, source)
        # Somebody else may have begun, between the two questions too.
        cursor = wanted.first()
    return cursor


def lock_of(consumer: str, source: str, aggregate_id: UUID) -> Cursor:
    """Lock the cursor that an aggregate's events move until the transaction ends."""
    while True:
        of = len(parts_of(consumer, source))
        cursor = lock(consumer, source, Partition(number_of(aggregate_id, of), of))
        if cursor is not None:
            return cursor


def has_seen(cursor: Cursor, aggregate_id: UUID, place: int) -> bool:
    """Return whether the consumer has seen the event at that place in its turn."""
    return place <= cursor.position or any(
        layer[number_of(aggregate_id, len(layer))] >= place for layer in cursor.passed
    )


def unseen(cursor: Cursor, events: Sequence[Recorded]) -> list[Recorded]:
    """Return those of the part's events that the consumer has not seen, in their turn or out of it."""
    new = [event for event in events if not has_seen(cursor, event.aggregate_id, event.place())]
    ahead = applied_ahead(cursor, [event.place() for event in new])
    return [event for event in new if event.place() not in ahead]


def applied_ahead(cursor: Cursor, places: Sequence[int]) -> set[int]:
    """Return at which of these places the consumer has applied events out of turn."""
    if cursor.ahead is None or not places:
        return set()
    return set(_ahead(cursor).filter(position__in=places).values_list("position", flat=True))


def move(cursor: Cursor, reached: int, *, at: datetime, pushed: bool) -> None:
    """Note that everything up to a position is seen, by push or by pull. The caller holds the lock."""
    pulled_since = None if pushed else cursor.pulled_since or at
    changes = {"position": reached, "moved_at": at, "pulled_since": pulled_since}
    if cursor.passed:
        changes["passed"] = [layer for layer in cursor.passed if max(layer) > reached]
    if cursor.ahead is not None and cursor.ahead <= reached:
        changes["ahead"] = None
    Cursor.objects.filter(pk=cursor.pk).update(**changes)


def forget_ahead(cursor: Cursor, events: Sequence[Recorded], reached: int) -> None:
    """Forget of these events which were applied out of turn, up to a position that the cursor has come to."""
    if cursor.ahead is not None:
        places = [event.place() for event in events if event.place() <= reached]
        _ahead(cursor).filter(position__in=places).delete()


def has_lane(consumer: str, source: str, part: Partition) -> bool:
    """Return whether the consumer has looked at events of the part out of turn that its cursor has not come to."""
    rows = _rows(consumer, source).filter(partition=part.number, partitions=part.of)
    return rows.filter(ahead__isnull=False).exists()


def note_ahead(cursor: Cursor, places: Sequence[int], upto: int) -> None:
    """Note what was applied out of turn, and up to where everything was looked at. The caller holds the lock."""
    noted = [AppliedAhead(consumer=cursor.consumer, source=cursor.source, position=place) for place in places]
    AppliedAhead.objects.bulk_create(noted)
    Cursor.objects.filter(pk=cursor.pk).update(ahead=upto)


def adopt(consumer: str, source: str, of: int) -> bool:
    """
    Have the consumer follow the source in so many parts from now on; return whether it did otherwise before.

    All begin where the least of the old ones was. What the others had seen beyond is kept with them and passed over,
    so nothing is applied twice, and what was dropped or parked meanwhile stays so.
    """
    with transaction.atomic():
        old = list(_rows(consumer, source).select_for_update().order_by("partition"))
        if not old or old[0].partitions == of:
            return False
        positions = [cursor.position for cursor in old]
        start = min(positions)
        layers = [positions] if max(positions) > start else []
        for layer in (layer for cursor in old for layer in cursor.passed):
            if max(layer) > start and layer not in layers:
                layers.append(layer)
        aheads = [cursor.ahead for cursor in old if cursor.ahead is not None]
        _rows(consumer, source).delete()
        Cursor.objects.bulk_create(
            Cursor(
                consumer=consumer,
                source=source,
                partition=number,
                partitions=of,
                position=start,
                passed=layers,
                ahead=max(aheads, default=None),
            )
            for number in range(of)
        )
    logger.warning("%s follows %s in %s parts now, %s before", consumer, source, of, len(old))
    return True


def rewind(consumer: str) -> None:
    """Have the consumer follow its logs from their beginning. The caller holds the locks."""
    Cursor.objects.filter(consumer=consumer).update(position=0, passed=[], ahead=None, moved_at=timezone.now())


def _rows(consumer: str, source: str) -> QuerySet[Cursor]:
    return Cursor.objects.filter(consumer=consumer, source=source)


def _begin(consumer: str, source: str) -> None:
    """Make the cursors, unless somebody else has done so meanwhile, perhaps in another number."""
    of = options.partitions(consumer)
    first, *others = [Cursor(consumer=consumer, source=source, partition=number, partitions=of) for number in range(of)]
    Cursor.objects.bulk_create([first], ignore_conflicts=True)
    if _rows(consumer, source).select_for_update().filter(partition=0, partitions=of).exists():
        Cursor.objects.bulk_create(others, ignore_conflicts=True)


def _ahead(cursor: Cursor) -> QuerySet[AppliedAhead]:
    return AppliedAhead.objects.filter(consumer=cursor.consumer, source=cursor.source)
