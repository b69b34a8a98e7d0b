"""The service's own event log: what services append to and read back. Nothing here speaks to a broker."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple, TypeVar, cast
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone
from uuid_utils.compat import uuid7

from ficus import context, crash, rows
from ficus.errors import Conflict
from ficus.events import archives, options, poke
from ficus.events.models import LogEntry
from ficus.events.partitions import Partition
from ficus.events.recorded import Recorded
from ficus.events.schema import Event, encode
from ficus.telemetry import tracing

E = TypeVar("E", bound=Event)

_observers: dict[type[Event], list[Callable[[Sequence[tuple[Any, Recorded]]], None]]] = defaultdict(list)
_watchers: list[Callable[[Sequence[Recorded]], None]] = []


class Fact(NamedTuple):
    """
    An event to append.

    :ivar version: as :func:`append` says.
    :ivar recorded_at: when it happened, for events dated in the past; unless given, now.
    :ivar caused_by: id of the event that led to it, where many are handled together.
    """

    event: Event
    version: int
    recorded_at: datetime | None = None
    caused_by: UUID | None = None


class NotInTransaction(RuntimeError):
    """An event was appended outside the transaction that makes it true."""


class ConcurrentChange(Conflict):
    """Somebody else changed the aggregate first."""

    code, title = "concurrent_change", "Changed by someone else at the same time; try again"


def append(event: Event, *, version: int) -> Recorded:
    """
    Append an event in the current transaction; the relay announces it after the commit.

    :param version: the aggregate's version after this event: one higher than before, the first is 1.
    :raises NotInTransaction: outside ``transaction.atomic``.
    :raises ConcurrentChange: if the aggregate has an event of that version; the transaction must be rolled back.
    """
    return append_many([(event, version)])[0]


def append_many(facts: Iterable[Fact | tuple[Event, int] | tuple[Event, int, datetime]]) -> list[Recorded]:
    """
    Append events in bulk, in the order given; otherwise like :func:`append`.

    :param facts: each a :class:`Fact`, or the beginning of one.
    :raises CauseUnknown: while many events are handled together, if a fact does not say which of them caused it.
    """
    if not _in_transaction():
        raise NotInTransaction("append events in the transaction that makes them true")
    events, entries = _entries(Fact(*fact) for fact in facts)
    crash.point("append.before_insert")
    _insert(entries)
    crash.point("append.after_insert")
    appended = [recorded(entry) for entry in entries]
    for watcher in _watchers:
        watcher(appended)
    _tell_observers(list(zip(events, appended, strict=True)))
    crash.point("append.before_commit")
    transaction.on_commit(poke.poke, robust=True)
    return appended


def history(aggregate: str, aggregate_id: UUID) -> list[Recorded]:
    """
    Return every event of one aggregate, oldest first, archived or not.

    :raises ArchiveBroken: if some are in an archive that cannot be read.
    """
    entries = LogEntry.objects.filter(aggregate_type=aggregate, aggregate_id=aggregate_id)
    told = [recorded(entry) for entry in entries.order_by("aggregate_version")]
    return told if is_whole(told) else with_archived(told, archives.histories(aggregate, [aggregate_id])[aggregate_id])


def is_whole(told: Sequence[Recorded]) -> bool:
    """Return whether what the table tells of an aggregate begins at its beginning; then none of it is archived."""
    return bool(told) and told[0].aggregate_version == 1


def with_archived(told: Sequence[Recorded], archived: dict[int, Recorded]) -> list[Recorded]:
    """
    Return what the table and the archives tell of one aggregate.

    Read the table first: while entries are moved they are in both, and what leaves the table is in an archive by then.
    """
    every = archived | {event.aggregate_version: event for event in told}
    return [every[version] for version in sorted(every)]


def read(*, after: int, limit: int) -> list[Recorded]:
    """
    Return entries behind the position ``after``, in order of position, archived or not.

    At most ``limit``, and maybe fewer; none only at the end.

    :raises ArchiveBroken: if they are in an archive that cannot be read, or nowhere.
    """
    found = _in_table(after, limit)
    if not found or found[0].position == after + 1:
        return found
    try:
        return archives.read(after=after, limit=limit)
    except archives.LogIncomplete:
        # They may have been restored to the table meanwhile.
        found = _in_table(after, limit)
        if found[0].position == after + 1:
            return found
        raise


def _in_table(after: int, limit: int) -> list[Recorded]:
    entries = LogEntry.objects.filter(position__gt=after).order_by("position")[:limit]
    return [recorded(entry) for entry in entries]


def recent(types: Collection[str], *, since: datetime) -> list[Recorded]:
    """
    Return what was appended of these types since then, in no order; what is committed counts, sequenced or not.

    Ids are UUIDs of version 7, so their index is one of time. What has been archived meanwhile is left out.
    """
    floor = UUID(int=max(0, int(since.timestamp() * 1000)) << 80)
    return [recorded(entry) for entry in LogEntry.objects.filter(id__gte=floor, type__in=types)]


def read_part(part: Partition, *, after: int, limit: int) -> tuple[list[Recorded], int]:
    """
    Return at most ``limit`` entries of one part of the log behind a position, in order, and how far it was looked.

    Up to there these are all; ``after`` itself when the end of the log is reached.
    """
    if part.of == 1:
        events = read(after=after, limit=limit)
        return events, events[-1].place() if events else after
    # Each part looks at all entries, so it looks at no more of them than it must.
    seen = LogEntry.objects.filter(position__gt=after).order_by("position").values_list("position", "aggregate_id")
    window = [(place, aggregate_id) for place, aggregate_id in seen[: limit * part.of] if place is not None]
    if not window:
        return [], after
    places = [place for place, aggregate_id in window if part.holds(aggregate_id)]
    chosen = [recorded(entry) for entry in LogEntry.objects.filter(position__in=places[:limit]).order_by("position")]
    if window[0][0] > after + 1 or len(chosen) < len(places[:limit]):
        # These are archived, or were while we asked.
        events = read(after=after, limit=limit)
        return [event for event in events if part.holds(event.aggregate_id)], events[-1].place()
    return chosen, places[limit - 1] if len(places) > limit else window[-1][0]


def read_follows(events: Sequence[Recorded], types: Collection[str]) -> dict[int, int]:
    """
    Return by position of an event the position of the last one of these types before it on the same aggregate, else 0.

    Where there may be one in an archive nothing is said.
    """
    follows = {event.place(): 0 for event in events if event.aggregate_version == 1}
    same = LogEntry.objects.filter(aggregate_type=OuterRef("aggregate_type"), aggregate_id=OuterRef("aggregate_id"))
    earlier = same.filter(aggregate_version__lt=OuterRef("aggregate_version"), type__in=types)
    later = LogEntry.objects.filter(position__in=[event.place() for event in events if event.aggregate_version > 1])
    found = later.annotate(
        before=Subquery(earlier.order_by("-aggregate_version").values("position")[:1]),
        whole=Exists(same.filter(aggregate_version=1)),
    )
    for place, before, whole in found.values_list("position", "before", "whole"):
        if place is not None and (before is not None or whole):
            follows[place] = before or 0
    return follows


def last_position() -> int:
    """Return the position of the last entry that has one; 0 when there is none."""
    # By hand, since each append asks on SQLite and the ORM takes longer to write this than the database to answer.
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(position) FROM ficus_events_logentry")
        return cursor.fetchone()[0] or 0


def observe(event: type[E], observer: Callable[[Sequence[tuple[E, Recorded]]], None]) -> None:
    """
    Call ``observer`` with each event of this class that this process appends, in the same transaction.

    It gets the events of one append together, so that bulk work stays bulk.
    """
    _observers[event].append(cast(Callable[[Sequence[tuple[Any, Recorded]]], None], observer))


@contextmanager
def watched(watcher: Callable[[Sequence[Recorded]], None]) -> Iterator[None]:
    """Call ``watcher``, while in the block, with all that any thread of this process appends, in its transaction."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


def _in_transaction() -> bool:
    """Return whether a transaction is open, other than the one that Django's TestCase wraps around each test."""
    return any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)


def _entries(facts: Iterable[Fact]) -> tuple[list[Event], list[LogEntry]]:
    now, together = timezone.now(), context.is_together()
    cause = replace(context.current(), traceparent=tracing.current_traceparent())
    events, entries = [], []
    for event, version, recorded_at, caused_by in facts:
        id = uuid7()
        if together:
            cause = context.cause(caused_by)
        events.append(event)
        entries.append(
            LogEntry(
                id=id,
                type=event.TYPE,
                schema_version=event.VERSION,
                aggregate_type=event.AGGREGATE,
                aggregate_id=event.aggregate_id,
                aggregate_version=version,
                payload=encode(event),
                metadata={
                    "correlation_id": cause.correlation_id or str(id),
                    "causation_id": cause.causation_id,
                    "actor": cause.actor,
                    "traceparent": cause.traceparent,
                },
                recorded_at=recorded_at or now,
            )
        )
    return events, entries


def _insert(entries: list[LogEntry]) -> None:
    if connection.vendor == "sqlite":
        # One writer at a time, and it holds the lock since BEGIN IMMEDIATE: the next position is ours.
        for position, entry in enumerate(entries, start=last_position() + 1):
            entry.position = position
    try:
        rows.insert(entries)
    except IntegrityError as error:
        if "aggregate_version" not in str(error):
            raise
        raise ConcurrentChange from error


def recorded(entry: LogEntry) -> Recorded:
    return Recorded(
        options.source(),
        entry.position,
        entry.id,
        entry.type,
        entry.schema_version,
        entry.aggregate_type,
        entry.aggregate_id,
        entry.aggregate_version,
        entry.payload,
        entry.metadata,
        entry.recorded_at,
    )


def _tell_observers(appended: list[tuple[Event, Recorded]]) -> None:
    by_class: dict[type[Event], list[tuple[Event, Recorded]]] = defaultdict(list)
    for event, recorded in appended:
        if type(event) in _observers:
            by_class[type(event)].append((event, recorded))
    for cls, observed in by_class.items():
        for observer in _observers[cls]:
            observer(observed)
