"""Compares some orders' rows with what their events tell, and writes those rows anew that differ."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.orders import folding
from apps.orders.folding import BrokenHistory, OrderState
from apps.orders.models import Order, OrderLine
from contracts.orders.events import Line
from ficus.events import histories, log
from ficus.events.announced import unannounced
from ficus.events.recorded import Recorded


@dataclass(frozen=True, slots=True)
class Difference:
    """
    Where an order's row is not what its events tell.

    :ivar can_be_made: whether the events tell what the row should be.
    """

    order_id: UUID
    problem: str
    can_be_made: bool

    def __str__(self) -> str:
        return f"{self.order_id}: {self.problem}"


def compare(ids: Collection[UUID], *, as_of: datetime | None = None) -> list[Difference]:
    """
    Return how these orders' rows differ from their events, by id.

    :param as_of: compare with what the events told at that instant instead of now.
    """
    suspected = [difference.order_id for difference in _differences(ids, as_of)]
    return [found for order_id in suspected for found in _look_again(order_id, as_of)]


def write_anew(order_id: UUID) -> Difference | None:
    """
    Make the order's row and lines what its events tell; return what was wrong with them, or None.

    A row without events, or with a broken history, is left as it is: there is nothing to make it from.
    """
    with transaction.atomic(), unannounced("the events that it is made from have been announced"):
        found = _differences_locked(order_id, None)
        if any(difference.can_be_made for difference in found):
            _write(order_id)
    return found[0] if found else None


def _look_again(order_id: UUID, as_of: datetime | None) -> list[Difference]:
    with transaction.atomic():
        return _differences_locked(order_id, as_of)


def _differences_locked(order_id: UUID, as_of: datetime | None) -> list[Difference]:
    Order.objects.select_for_update().filter(pk=order_id).first()
    return list(_differences([order_id], as_of))


def _differences(ids: Collection[UUID], as_of: datetime | None) -> Iterator[Difference]:
    told = histories.read(folding.AGGREGATE, ids)
    rows = _states_of_rows(ids)
    for order_id in sorted(ids):
        try:
            state = _fold(told.get(order_id, []), as_of)
        except (BrokenHistory, ValueError, LookupError) as error:
            yield Difference(order_id, f"its events do not tell of an order: {error}", can_be_made=False)
            continue
        problem = "; ".join(_problems(rows.get(order_id), state, as_of))
        if problem:
            yield Difference(order_id, problem, can_be_made=state is not None)


def _fold(history: list[Recorded], as_of: datetime | None) -> OrderState | None:
    return folding.fold(history) if as_of is None else folding.fold_until(history, as_of)


def _problems(row: OrderState | None, told: OrderState | None, as_of: datetime | None) -> Iterator[str]:
    if told is None:
        if row is not None:
            yield "it had not been placed" if as_of else "there are no events of it"
    elif row is None:
        yield f"there is no such order, and its events say {told.status}"
    else:
        shown, wanted = asdict(row), asdict(told)
        for name in shown:
            if shown[name] != wanted[name]:
                yield f"{name} is {_brief(shown[name])}, its events say {_brief(wanted[name])}"


def _brief(value: object) -> str:
    return f"{len(value)} others" if isinstance(value, tuple) else str(value) or "empty"


def _states_of_rows(ids: Collection[UUID]) -> dict[UUID, OrderState]:
    lines: dict[UUID, list[Line]] = defaultdict(list)
    for line in OrderLine.objects.filter(order_id__in=ids).order_by("order_id", "position"):
        lines[line.order_id].append(
            Line(sku=line.sku, name=line.name, quantity=line.quantity, unit_price=line.unit_price)
        )
    return {
        order.pk: OrderState(
            id=order.pk,
            customer_id=order.customer_id,
            status=order.status,
            reason=order.reason,
            currency=order.currency,
            total=order.total,
            placed_at=order.placed_at,
            lines=tuple(lines[order.pk]),
            version=order.version,
        )
        for order in Order.objects.filter(pk__in=ids)
    }


def _write(order_id: UUID) -> None:
    told = folding.fold(log.history(folding.AGGREGATE, order_id))
    if told is None:
        return
    fields = {name: value for name, value in asdict(told).items() if name not in ("id", "lines")}
    order, _ = Order.objects.update_or_create(pk=told.id, defaults=fields)
    OrderLine.objects.filter(order=order).delete()
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            position=position,
            sku=line.sku,
            name=line.name,
            quantity=line.quantity,
            unit_price=line.unit_price,
        )
        for position, line in enumerate(told.lines, start=1)
    )
