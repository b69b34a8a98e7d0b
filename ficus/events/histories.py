"""Reads what happened to many aggregates at once, archived or not; ``log.history`` reads that of one."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from ficus.events import archives, log
from ficus.events.models import ArchivedAggregate, LogEntry
from ficus.events.recorded import Recorded


def read(aggregate: str, ids: Collection[UUID]) -> dict[UUID, list[Recorded]]:
    """
    Return every event of each of these aggregates, oldest first; those without any are not there.

    :raises ArchiveBroken: if some are in an archive that cannot be read.
    """
    entries = LogEntry.objects.filter(aggregate_type=aggregate, aggregate_id__in=ids)
    told: dict[UUID, list[Recorded]] = defaultdict(list)
    for entry in entries.order_by("aggregate_id", "aggregate_version"):
        told[entry.aggregate_id].append(log.recorded(entry))
    begun_earlier = [id for id in ids if not log.is_whole(told.get(id, ()))]
    archived = archives.histories(aggregate, begun_earlier) if begun_earlier else {}
    return {**told, **{id: log.with_archived(told.get(id, ()), its) for id, its in archived.items()}}


def ids_after(aggregate: str, last: UUID, limit: int) -> list[UUID]:
    """Return the next ids, in their order, of the aggregates of this kind that the log knows."""
    known = {id for rows in _rows(aggregate, aggregate_id__gt=last) for id in _ids(rows)[:limit]}
    return sorted(known)[:limit]


def ids_without(aggregate: str, rows: QuerySet[Any]) -> Iterator[UUID]:
    """Yield the ids of the aggregates of this kind that the log knows and that have none of these rows."""
    strays = [entries.exclude(aggregate_id__in=rows.values("pk")) for entries in _rows(aggregate)]
    in_table, archived = (entries.values_list("aggregate_id", flat=True) for entries in strays)
    yield from in_table.union(archived).iterator()


def count(aggregate: str) -> int:
    """Return how many aggregates of this kind have begun; while entries are moved to an archive, at least so many."""
    begun = LogEntry.objects.filter(aggregate_type=aggregate, aggregate_version=1).count()
    return begun + ArchivedAggregate.objects.filter(aggregate_type=aggregate, first_version=1).count()


def last_version(aggregate: str) -> Coalesce:
    """Return, for a query over rows whose key is the aggregate's id, the version of its last event; 0 without any."""
    about = {"aggregate_type": aggregate, "aggregate_id": OuterRef("pk")}
    entries = LogEntry.objects.filter(**about).order_by("-aggregate_version").values("aggregate_version")
    archived = ArchivedAggregate.objects.filter(**about).order_by("-last_version").values("last_version")
    return Coalesce(Subquery(entries[:1]), Subquery(archived[:1]), 0)


def _rows(aggregate: str, **narrowed: Any) -> list[QuerySet[Any]]:
    models: list[type[Model]] = [LogEntry, ArchivedAggregate]  # in this order: see log.with_archived
    return [model._default_manager.filter(aggregate_type=aggregate, **narrowed) for model in models]


def _ids(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.order_by("aggregate_id").values_list("aggregate_id", flat=True).distinct()
