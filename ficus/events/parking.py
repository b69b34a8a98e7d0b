"""
Keeps the events that a consumer could not apply, and tries them again: after 1 s, doubling to 60 s.

The first parked event of an aggregate carries the schedule; those behind it wait for it and then follow at once. An
event whose budget of attempts is spent stays until a person decides about it; see ``decisions``.
"""

import logging
import re
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import orjson
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Count, Min, Q, QuerySet

from ficus.events.consumer import consumers
from ficus.events.models import ParkedEvent
from ficus.events.overtime import TookTooLong
from ficus.events.recorded import Recorded

logger = logging.getLogger(__name__)

# The database's own troubles are no event's fault: nothing is parked for them.
TRANSIENT = (OperationalError, InterfaceError)
BUDGET = 12
_LONGEST_PAUSE_SECONDS = 60
_TRACE_CHARACTERS = 20_000
_AT_ONCE = 500

# What differs between failures of one kind: ids, and numbers other than a version's.
_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_NUMBER = re.compile(r"(?<!version )(?<![\w$])\d[\d.,]*\b")


def park(consumer: str, event: Recorded, error: Exception, *, at: datetime) -> None:
    """Park an event that failed for the first time."""
    parked = _parked(consumer, event, at)
    _record_failure(parked, error, at=at)
    parked.save()


def park_behind(consumer: str, event: Recorded, *, at: datetime) -> None:
    """Park an event whose aggregate waits for an earlier one."""
    parked = _parked(consumer, event, at)
    parked.reason = "waits for an earlier event of the same aggregate"
    parked.save()


def blocked_aggregates(consumer: str, source: str) -> set[tuple[str, UUID]]:
    """Return the aggregates, as type and id, whose events must wait."""
    parked = ParkedEvent.objects.filter(consumer=consumer, source=source)
    return set(parked.values_list("aggregate_type", "aggregate_id"))


def due(*, at: datetime, limit: int = 100) -> list[ParkedEvent]:
    """Return the parked events whose time to be tried again has come, the longest due first."""
    ready = ParkedEvent.objects.filter(retry_at__lte=at, consumer__in=consumers())
    return list(ready.order_by("retry_at")[:limit])


def retry(head: ParkedEvent, handle: Callable[[Recorded], None], *, at: datetime) -> int:
    """
    Apply a parked event and those behind it until one fails; return how many were applied.

    The caller holds the lock on the consumer's cursor, so that nothing is applied or parked at the same time.
    """
    applied = 0
    for parked in _same_aggregate(head).order_by("position")[:_AT_ONCE]:
        try:
            with transaction.atomic():
                handle(msgspec.convert(parked.recorded, Recorded))
        except TRANSIENT:
            raise
        except Exception as error:
            _record_failure(parked, error, at=at)
            parked.save()
            return applied
        parked.delete()
        applied += 1
    _let_next_go(head, at=at)
    return applied


def schedule(parked: ParkedEvent, *, at: datetime) -> None:
    """Have the first event of the aggregate tried at that instant, with a whole new budget; the others follow it."""
    first = _same_aggregate(parked).order_by("position").first()
    if first is not None:
        ParkedEvent.objects.filter(pk=first.pk).update(attempts=0, retry_at=at)


def remove(parked: ParkedEvent, *, at: datetime) -> None:
    """Give the event up for good; those behind it go on."""
    ParkedEvent.objects.filter(pk=parked.pk).delete()
    _let_next_go(parked, at=at)


def list_errors() -> list[dict[str, Any]]:
    """
    Return what is parked by consumer, type and error, the most first.

    Each has ``consumer``, ``type``, ``error`` (empty for events that wait for an earlier one), ``events``,
    ``aggregates``, ``stuck`` (not tried again by themselves) and ``oldest``.
    """
    kinds = ParkedEvent.objects.values("consumer", "type", "error").annotate(
        events=Count("pk"),
        aggregates=Count("aggregate_id", distinct=True),
        stuck=Count("pk", filter=Q(retry_at=None, attempts__gt=0)),
        oldest=Min("parked_at"),
    )
    return [dict(kind) for kind in kinds.order_by("-events", "consumer", "type", "error")]


def error_of(reason: str) -> str:
    """Return what failures of one kind have in common."""
    return _NUMBER.sub("N", _ID.sub("ID", reason))


def _same_aggregate(parked: ParkedEvent) -> QuerySet[ParkedEvent]:
    return ParkedEvent.objects.filter(
        consumer=parked.consumer,
        source=parked.source,
        aggregate_type=parked.aggregate_type,
        aggregate_id=parked.aggregate_id,
    )


def _let_next_go(parked: ParkedEvent, *, at: datetime) -> None:
    """Give the schedule to the event that is now the first of its aggregate."""
    following = _same_aggregate(parked).order_by("position").first()
    if following is not None and following.attempts == 0:
        ParkedEvent.objects.filter(pk=following.pk).update(retry_at=at)


def _parked(consumer: str, event: Recorded, at: datetime) -> ParkedEvent:
    return ParkedEvent(
        consumer=consumer,
        source=event.source,
        position=event.place(),
        event_id=event.id,
        type=event.type,
        aggregate_type=event.aggregate_type,
        aggregate_id=event.aggregate_id,
        recorded=orjson.loads(orjson.dumps(event)),
        parked_at=at,
    )


def _record_failure(parked: ParkedEvent, error: Exception, *, at: datetime) -> None:
    parked.attempts += 1
    pause = min(2 ** (parked.attempts - 1), _LONGEST_PAUSE_SECONDS)
    # What was interrupted would hold everybody up again, for as long.
    spent = parked.attempts >= BUDGET or isinstance(error, TookTooLong)
    parked.retry_at = None if spent else at + timedelta(seconds=pause)
    parked.reason = f"{type(error).__name__}: {error}"[:500]
    parked.error = error_of(parked.reason)
    parked.trace = "".join(traceback.format_exception(error))[-_TRACE_CHARACTERS:]
    logger.error("%s could not apply %s (attempt %s): %s", parked.consumer, parked, parked.attempts, parked.reason)
