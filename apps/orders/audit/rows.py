"""Compares each order with its lines, its events in the log, and its saga."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.orders import folding, services
from apps.orders.audit import Finding
from apps.orders.models import Order, OrderLine
from apps.orders.sagas import place_order
from contracts.orders import events
from ficus.events import histories
from ficus.events.recorded import Recorded
from ficus.events.schema import decode
from ficus.sagas.models import SagaInstance

BATCH = 1000
STATUS_AFTER = {event.TYPE: status for event, status in folding.STATUS_AFTER.items()}


def check_rows(progress: Callable[[int], None] = lambda done: None) -> Iterator[Finding]:
    """
    Yield what is wrong with any order.

    :param progress: called with the number of orders read since the last call.
    """
    last = UUID(int=0)
    while ids := list(Order.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        for order_id, problems in _problems_between(ids[0], ids[-1]).items():
            if problems:
                yield from _look_again(order_id)
        last = ids[-1]
        progress(len(ids))
    yield from _events_without_order()


def _look_again(order_id: UUID) -> list[Finding]:
    """Read the order once more, locked: the first look may have fallen between two transactions."""
    with transaction.atomic():
        Order.objects.select_for_update().get(pk=order_id)
        problems = _problems_between(order_id, order_id)[order_id]
    return [Finding(order_id, problem) for problem in problems]


def _problems_between(first: UUID, last: UUID) -> dict[UUID, list[str]]:
    """Return what is wrong with each order whose id lies between the two, both included."""
    lines = _grouped(OrderLine.objects.filter(order_id__gte=first, order_id__lte=last).order_by("position"), "order_id")
    stories = SagaInstance.objects.filter(saga=place_order.name, key__range=(first, last))
    running = dict(stories.values_list("key", "ended_at"))
    orders = list(Order.objects.filter(pk__range=(first, last)))
    told = histories.read(folding.AGGREGATE, [order.pk for order in orders])
    problems = {}
    for order in orders:
        problems[order.pk] = [
            *_against_lines(order, lines[order.pk]),
            *_against_events(order, lines[order.pk], told.get(order.pk, [])),
            *_against_story(order, order.pk in running and running[order.pk] is None),
        ]
    return problems


def _grouped(rows: Any, key: str) -> dict[UUID, list[Any]]:
    groups: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, key)].append(row)
    return groups


def _against_lines(order: Order, lines: list[OrderLine]) -> Iterator[str]:
    if (total := sum(line.total for line in lines)) != order.total:
        yield f"its total is {order.total}, its lines come to {total}"


def _against_story(order: Order, is_running: bool) -> Iterator[str]:
    if is_running != (order.status == Order.Status.PENDING):
        yield f"it is {order.status} and its saga is {'running' if is_running else 'not running'}"


def _against_events(order: Order, lines: list[OrderLine], entries: list[Recorded]) -> Iterator[str]:
    versions = [entry.aggregate_version for entry in entries]
    if versions != list(range(1, order.version + 1)):
        yield f"it has version {order.version} and events with versions {versions}"
    if not entries:
        return
    if entries[0].type != events.OrderPlaced.TYPE:
        yield f"its first event is {entries[0].type}"
    elif services.placed(order, lines) != decode(entries[0].type, entries[0].schema_version, entries[0].payload):
        yield "it differs from the event that placed it"
    if STATUS_AFTER.get(entries[-1].type) != order.status:
        yield f"it is {order.status} and its last event is {entries[-1].type}"
    if entries[-1].payload.get("reason", "") != order.reason:
        yield f"its reason is {order.reason!r}, its last event says {entries[-1].payload.get('reason', '')!r}"


def _events_without_order() -> Iterator[Finding]:
    for order_id in histories.ids_without(folding.AGGREGATE, Order.objects.all()):
        yield Finding(order_id, "the log has events of it, but there is no such order")
