"""What the workers' caches counted, and orders to throw kept answers away, which reach them all within two seconds."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from gateway.control.announcing import announce
from gateway.control.models import CacheCount, CachePurge, Route, TableVersion
from gateway.data.cache.purges import Kind, Purge

CONCERNS = timedelta(days=1, hours=1)  # longer than anything stays in Redis
REMEMBERED = timedelta(days=90)


@transaction.atomic
def purge(kind: Kind, value: str, *, by: str, reason: str, at: datetime) -> CachePurge:
    """Have every worker throw away what is kept of a route, a path or a tag, and what is on its way there."""
    version = TableVersion.objects.select_for_update().get(pk=1).number
    CachePurge.objects.filter(at__lt=at - REMEMBERED).delete()
    last = CachePurge.objects.aggregate(last=Max("number"))["last"] or 0
    # Above the time as well, so that numbers grow even if the rows are gone.
    number = max(last + 1, int(at.timestamp() * 1000))
    made = CachePurge.objects.create(number=number, kind=kind.value, value=value, by=by, reason=reason, at=at)
    transaction.on_commit(partial(announce, version))
    return made


def fault(kind: Kind, value: str) -> str:
    """Return what is wrong with an order to throw away, or empty."""
    if kind is Kind.ALL:
        return "all is all; name nothing beside it" if value else ""
    if not value:
        return f"say which {kind.value}"
    if kind is Kind.KEY and not value.startswith("/"):
        return "a key is a path with its query, such as /products/7?lang=en"
    if kind is Kind.TAG and (" " in value or not value.isprintable()):
        return "a tag has no spaces"
    if kind is Kind.ROUTE and not Route.objects.filter(name=value).exists():
        return f"{value} is no route"
    return ""


def purges_after(known: int) -> list[Purge]:
    """Return the purges after a number, in their order; after -1, those that may concern what is in Redis."""
    rows = CachePurge.objects.filter(number__gt=known).order_by("number")
    if known < 0:
        rows = rows.filter(at__gte=timezone.now() - CONCERNS)
    return [Purge(row.number, Kind(row.kind), row.value) for row in rows]


@transaction.atomic
def keep(counts: Mapping[tuple[str, str], int]) -> None:
    """Add what a worker has counted."""
    now = timezone.now()
    for (route, outcome), requests in sorted(counts.items()):
        row, _ = CacheCount.objects.get_or_create(route=route, outcome=outcome, defaults={"last_at": now})
        CacheCount.objects.filter(pk=row.pk).update(requests=F("requests") + requests, last_at=now)
