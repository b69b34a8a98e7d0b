"""Goes through all orders, from where the last run of the same kind was ended before its time."""

from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.orders import folding
from apps.orders.folding import OrderState
from apps.orders.models import Order, RebuildFinding, RebuildRun
from apps.orders.rebuilding import rows
from apps.orders.rebuilding.rows import Difference
from ficus import crash
from ficus.events import histories

BATCH = 500
FIRST = UUID(int=0)
Progress = Callable[[int], object]


class Run:
    """
    One pass over all orders, of a kind: the same question asked again goes on where it was left.

    :ivar resumed: whether it goes on.
    """

    def __init__(self, *, checks: bool, as_of: datetime | None = None, anew: bool = False) -> None:
        self.checks, self.as_of = checks, as_of
        self._kind = f"{'check' if checks else 'rebuild'} {as_of.isoformat() if as_of else 'now'}"
        if anew:
            RebuildRun.objects.filter(kind=self._kind).delete()
        started = {"last_id": FIRST, "started_at": timezone.now()}
        self._kept, created = RebuildRun.objects.get_or_create(kind=self._kind, defaults=started)
        self.resumed = not created

    @property
    def done(self) -> int:
        """Return how many orders have been looked at, by the runs before this one too."""
        return self._kept.done

    @property
    def started_at(self) -> datetime:
        return self._kept.started_at

    def go_on(self, progress: Progress = lambda done: None) -> Iterator[Difference]:
        """
        Yield every order that differs, first those that the runs before this one have found; forget them at the end.

        :param progress: called with the number of orders looked at since the last call.
        """
        for found in self._kept.findings.order_by("pk"):
            yield Difference(found.order_id, found.problem, can_be_made=found.can_be_made)
        while ids := _next_ids(self._kept.last_id):
            differences = self._look_at(ids)
            crash.point("rebuild.before_keep")
            self._keep(ids, differences)
            crash.point("rebuild.between_batches")
            progress(len(ids))
            yield from differences
        self._kept.delete()

    def _look_at(self, ids: list[UUID]) -> list[Difference]:
        differences = rows.compare(ids, as_of=self.as_of)
        if self.checks:
            return differences
        written = (rows.write_anew(difference.order_id) for difference in differences)
        return [difference for difference in written if difference is not None]

    def _keep(self, ids: list[UUID], differences: list[Difference]) -> None:
        self._kept.last_id, self._kept.done = ids[-1], self._kept.done + len(ids)
        with transaction.atomic():
            self._kept.save()
            RebuildFinding.objects.bulk_create(
                RebuildFinding(
                    run=self._kept, order_id=each.order_id, problem=each.problem, can_be_made=each.can_be_made
                )
                for each in differences
            )


def count() -> int:
    """Return about how many orders there are to look at."""
    return histories.count(folding.AGGREGATE)


def list_states(as_of: datetime, progress: Progress = lambda done: None) -> Iterator[OrderState]:
    """Yield every order as it was at that instant, by id; those placed later are left out."""
    last = FIRST
    while ids := histories.ids_after(folding.AGGREGATE, last, BATCH):
        told = histories.read(folding.AGGREGATE, ids)
        states = (folding.fold_until(told[order_id], as_of) for order_id in ids)
        yield from (state for state in states if state is not None)
        progress(len(ids))
        last = ids[-1]


def _next_ids(last: UUID) -> list[UUID]:
    """Return the next orders that the log or the table knows."""
    with_rows = Order.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]
    return sorted({*histories.ids_after(folding.AGGREGATE, last, BATCH), *with_rows})[:BATCH]
