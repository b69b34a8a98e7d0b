"""
Each customer's orders in figures: how many stand at which status, and what they come to.

The figures are a projection of the own log and follow it, however soon. Whoever asks still gets what is true when he
asks: to the figures is added what the log holds behind them. When that is much, since the figures are being replayed
or the relay is away, or when an event of theirs is parked, the orders themselves are counted.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, Q, Subquery, Sum

from apps.orders import folding
from apps.orders.folding import OrderState
from apps.orders.models import CustomerFigure, Order
from ficus.events import histories, options
from ficus.events.consumer import Received
from ficus.events.models import Cursor, LogEntry, ParkedEvent
from ficus.events.schema import Event

PROJECTION = "orders.summary"
# Events behind the figures that are folded for one answer; with more, counting orders is cheaper.
TAIL = 300


@dataclass(frozen=True, slots=True)
class Figure:
    """How many orders, and the sum of their totals in minor units."""

    count: int = 0
    sum: int = 0

    def __add__(self, other: "Figure") -> "Figure":
        return Figure(self.count + other.count, self.sum + other.sum)


Key = tuple[UUID, str, str]


@transaction.atomic
def tally(moves: Sequence[tuple[Event, Received]]) -> None:
    """
    Bring the figures forward by these events of orders, consecutive in the log.

    The caller holds the projection's cursor, so that nobody else writes figures and nothing is counted twice.
    """
    told = histories.read(folding.AGGREGATE, {received.aggregate_id for _, received in moves})
    states = {order_id: list(folding.states(history)) for order_id, history in told.items()}
    changes: dict[Key, Figure] = defaultdict(Figure)
    for _, received in moves:
        its_states, version = states[received.aggregate_id], received.aggregate_version
        _count(changes, its_states[version - 2] if version > 1 else None, -1)
        _count(changes, its_states[version - 1], 1)
    _add(changes)


def get_summary(*, customer_id: UUID, currency: str) -> dict[str, Figure]:
    """Return one customer's orders in that currency by status as they are now; every status is there."""
    figures = _followed_up(customer_id, currency)
    if figures is None:
        figures = _counted(customer_id, currency)
    return {status: figures.get(status, Figure()) for status in Order.Status.values}


def _count(changes: dict[Key, Figure], state: OrderState | None, times: int) -> None:
    if state is not None:
        changes[state.customer_id, state.currency, state.status] += Figure(times, times * state.total)


def _add(changes: dict[Key, Figure]) -> None:
    known = {
        (row.customer_id, row.currency, row.status): Figure(row.count, row.sum)
        for row in CustomerFigure.objects.filter(customer_id__in={customer_id for customer_id, _, _ in changes})
    }
    sums = {key: known.get(key, Figure()) + change for key, change in changes.items() if change != Figure()}
    CustomerFigure.objects.bulk_create(
        [
            CustomerFigure(
                customer_id=customer_id, currency=currency, status=status, count=figure.count, sum=figure.sum
            )
            for (customer_id, currency, status), figure in sums.items()
        ],
        update_conflicts=True,
        unique_fields=["customer_id", "currency", "status"],
        update_fields=["count", "sum"],
    )


def _followed_up(customer_id: UUID, currency: str) -> dict[str, Figure] | None:
    """Return the figures with what the log holds behind them; None if they should not be relied on."""
    followed = _followed(customer_id, currency)
    moved = None if followed is None else _moved_behind(followed[0], customer_id)
    if followed is None or moved is None:
        return None
    position, figures = followed
    changes: dict[Key, Figure] = defaultdict(Figure)
    for history in histories.read(folding.AGGREGATE, moved).values() if moved else ():
        seen = [recorded for recorded in history if recorded.position is not None and recorded.position <= position]
        _count(changes, folding.fold(seen), -1)
        _count(changes, folding.fold(history), 1)
    of_currency = {status: change for (_, its_currency, status), change in changes.items() if its_currency == currency}
    return {status: figures.get(status, Figure()) + of_currency.get(status, Figure()) for status in Order.Status.values}


def _followed(customer_id: UUID, currency: str) -> tuple[int, dict[str, Figure]] | None:
    """
    Return the figures and the position they have followed the log to, which one statement must read together.

    None if an event of the projection is parked, or if the figures came up between two statements.
    """
    figures = CustomerFigure.objects.filter(customer_id=customer_id, currency=currency)
    cursor = Cursor.objects.filter(consumer=PROJECTION, source=options.source(), partition=0)
    parked = Exists(ParkedEvent.objects.filter(consumer=PROJECTION))
    rows = list(figures.annotate(parked=parked, position=Subquery(cursor.values("position"))))
    if rows:
        found = {row.status: Figure(row.count, row.sum) for row in rows}
        return None if rows[0].parked or rows[0].position is None else (rows[0].position, found)
    without = cursor.annotate(parked=parked, counted=Exists(figures)).filter(parked=False, counted=False)
    position = without.values_list("position", flat=True).first()
    return None if position is None else (position, {})


def _moved_behind(position: int, customer_id: UUID) -> set[UUID] | None:
    """
    Return which orders of the customer have events behind a position of the log.

    None if there are many events, or if the first of them are in archives.
    """
    behind = LogEntry.objects.filter(Q(position__gt=position) | Q(position=None))
    fields = ("position", "aggregate_type", "aggregate_id", "payload__customer_id")
    tail = list(behind.values_list(*fields)[: TAIL + 1])
    first = min((place for place, *_ in tail if place is not None), default=position + 1)
    if len(tail) > TAIL or first > position + 1:
        return None
    return {id for _, kind, id, customer in tail if kind == folding.AGGREGATE and customer == str(customer_id)}


def _counted(customer_id: UUID, currency: str) -> dict[str, Figure]:
    """Count the orders themselves, in their covering index."""
    orders = Order.objects.filter(customer_id=customer_id, currency=currency).values("status")
    rows = orders.annotate(count=Count("pk"), sum=Sum("total")).order_by("status")
    return {row["status"]: Figure(row["count"], row["sum"]) for row in rows}
