"""
Rows that follow from logs alone, so that they can be dropped and made again while everything else goes on.

    summary = Projection("orders.summary", rows=[CustomerFigures])

    @summary.handles_together(OrderPlaced, OrderConfirmed)
    def tally_orders(moves: Sequence[tuple[Event, Received]]) -> None:
        ...

Its cursors are its own. Whoever reads its rows reads with them how far they are, since they follow, however soon.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from ficus import crash
from ficus.events import cursors, inbox, log, options
from ficus.events.consumer import Consumer, consumers
from ficus.events.feeds import feed
from ficus.events.models import ParkedEvent
from ficus.events.partitions import WHOLE


class Projection(Consumer):
    """
    A consumer whose handlers change nothing but ``rows``, announce nothing, and ask nobody.

    :ivar rows: the models whose tables it alone writes.
    """

    def __init__(self, name: str, *, rows: Sequence[type[Model]]) -> None:
        super().__init__(name)
        self.rows = tuple(rows)


@dataclass(frozen=True, slots=True)
class Place:
    """
    How far a projection has followed one log.

    :ivar behind: how many events it has yet to see; None for a log that is not in this database.
    """

    source: str
    position: int
    behind: int | None


def projections() -> dict[str, Projection]:
    """Return every projection declared in this process by name."""
    return {name: consumer for name, consumer in consumers().items() if isinstance(consumer, Projection)}


def places(projection: Projection) -> list[Place]:
    """Return how far the projection is in each log that it follows."""
    reached = [(source, inbox.position(projection.name, source)) for source in options.followed_by(projection)]
    end = log.last_position()
    return [
        Place(source, position, end - position if source == options.source() else None) for source, position in reached
    ]


def drop(projection: Projection) -> None:
    """Remove the projection's rows, and have it follow its logs from their beginning."""
    with transaction.atomic():
        for source in options.followed_by(projection):
            cursors.lock(projection.name, source, WHOLE)
        for model in projection.rows:
            _empty(model)
        ParkedEvent.objects.filter(consumer=projection.name).delete()
        cursors.rewind(projection.name)
        crash.point("projection.before_commit")


def replay(projection: Projection, progress: Callable[[int], object] = lambda read: None) -> None:
    """
    Drop the projection and bring it up to date; if this ends early, the running system does the rest.

    The workers and the relay may apply the same events at the same time: the cursor lets one of them.

    :param progress: called with the number of events passed since the last call.
    :raises Unavailable: if a log cannot be read; then nothing is dropped.
    """
    sources = options.followed_by(projection)
    for source in sources:
        next(iter(feed(source).read(0)), None)
    drop(projection)
    crash.point("projection.after_drop")
    for source in sources:
        while _read_on(projection, source, progress):
            pass


def _read_on(projection: Projection, source: str, progress: Callable[[int], object]) -> bool:
    """Apply what the feed gives in one go; return whether it gave anything."""
    start = reached = inbox.position(projection.name, source)
    for batch in feed(source).read(start):
        inbox.receive(projection, batch, at=timezone.now())
        progress(batch.end - reached)
        reached = batch.end
        crash.point("projection.between_batches")
    return reached > start


def _empty(model: type[Model]) -> None:
    """Delete every row in one statement: no row of a projection has another that hangs on it."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {connection.ops.quote_name(model._meta.db_table)}")  # noqa: S608 - a model's table
