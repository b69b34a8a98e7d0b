"""Places and settles many orders in one transaction each, with the same rows and events as one by one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.orders import services
from apps.orders.clients import Reservation, ReservationOutcome
from apps.orders.models import Order, OrderLine, Product
from apps.orders.queries import Quote, QuotedLine
from apps.orders.seeding.plan import PlannedOrder
from ficus import rows
from ficus.events import log
from ficus.events.schema import Event

Fact = tuple[Event, int, datetime]


@transaction.atomic
def place_missing(plans: Sequence[PlannedOrder], products: Mapping[str, Product], *, currency: str) -> int:
    """Record those of the planned orders that do not exist yet, pending, and return how many they were."""
    known = set(Order.objects.filter(pk__in=[plan.id for plan in plans]).values_list("pk", flat=True))
    orders, lines, facts = [], [], []
    for plan in plans:
        if plan.id not in known:
            order, its_lines = _rows(plan, products, currency)
            orders.append(order)
            lines.extend(its_lines)
            facts.append((services.placed(order, its_lines), order.version, plan.placed_at))
    rows.insert(orders)
    rows.insert(lines)
    log.append_many(facts)
    return len(orders)


def _rows(plan: PlannedOrder, products: Mapping[str, Product], currency: str) -> tuple[Order, list[OrderLine]]:
    quoted = tuple(
        QuotedLine(line.sku, products[line.sku].name, line.quantity, products[line.sku].unit_price)
        for line in plan.lines
    )
    quote = Quote(quoted, currency, sum(line.quantity * line.unit_price for line in quoted))
    order = Order(
        id=plan.id,
        customer_id=plan.customer_id,
        currency=currency,
        total=quote.total,
        placed_at=plan.placed_at,
    )
    return order, services.lines_of(order, quote)


def list_reservations(plans: Sequence[PlannedOrder]) -> list[Reservation]:
    """Return what users has to reserve for those of the planned orders that are pending."""
    pending = Order.objects.filter(pk__in=[plan.id for plan in plans], status=Order.Status.PENDING).order_by("pk")
    return [Reservation(order.pk, order.customer_id, order.currency, order.total) for order in pending]


@transaction.atomic
def settle(plans: Sequence[PlannedOrder], outcomes: Mapping[UUID, ReservationOutcome]) -> None:
    """
    Confirm or reject what is still pending by what users answered, and end the confirmed orders as planned.

    The ordinary flow may have been faster with any of them; what it has done is left as it is.
    """
    planned = {plan.id: plan for plan in plans}
    orders = Order.objects.select_for_update().filter(
        pk__in=planned, status__in=[Order.Status.PENDING, Order.Status.CONFIRMED]
    )
    moved: dict[tuple[str, str, int], list[UUID]] = defaultdict(list)
    facts: list[Fact] = []
    for order in orders.order_by("pk"):
        changes = [*_decide(order, planned[order.pk], outcomes), *_end(order, planned[order.pk])]
        if changes:
            moved[order.status, order.reason, order.version].append(order.pk)
            facts.extend(changes)
    for (status, reason, version), ids in moved.items():
        Order.objects.filter(pk__in=ids).update(status=status, reason=reason, version=version)
    log.append_many(facts)


def _decide(order: Order, plan: PlannedOrder, outcomes: Mapping[UUID, ReservationOutcome]) -> list[Fact]:
    outcome = outcomes.get(order.pk)
    if order.status != Order.Status.PENDING or outcome is None:
        return []
    if outcome.reserved:
        order.confirm()
        return [(services.confirmed(order), order.version, plan.decided_at)]
    order.reject(reason=outcome.reason)
    return [(services.rejected(order), order.version, plan.decided_at)]


def _end(order: Order, plan: PlannedOrder) -> list[Fact]:
    if order.status != Order.Status.CONFIRMED or plan.ends_as == Order.Status.CONFIRMED:
        return []
    if plan.ends_as == Order.Status.FULFILLED:
        order.fulfil()
        return [(services.fulfilled(order), order.version, plan.ended_at)]
    order.cancel(reason="changed_mind")
    return [(services.cancelled(order), order.version, plan.ended_at)]
