"""
What the business does, whoever carries the news of it: one function, one transaction.

Each is told how to ``announce``, inside its transaction. A repeat changes nothing. What consumers do takes many at
once, by the same statements as one: ficus hands over what has come, Celery a task at a time. None opens a savepoint
when it runs in a transaction already, as a handler of ficus does.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from uuid import UUID

from django.db import transaction

from bench.events.project import stamps
from bench.events.project.events import Sold
from bench.events.project.models import Hold, Order, Sale, Taken

Committed = Callable[[], None]


def sell(*, number: int, committed: Committed, announce: Callable[[Sale], object]) -> None:
    """Sell something. ``committed`` is called before anything else that waits for the commit."""
    with transaction.atomic():
        transaction.on_commit(committed)
        sale = Sale(number=number, sku="mug", quantity=2)
        sale.save(force_insert=True)
        announce(sale)


def take(sales: Sequence[Sold]) -> None:
    """Take from stock what was sold: the end of one-way events."""
    with transaction.atomic(savepoint=False):
        taken = [Taken(sale_id=sale.sale_id, sku=sale.sku, quantity=sale.quantity) for sale in sales]
        Taken.objects.bulk_create(taken, ignore_conflicts=True)
        transaction.on_commit(partial(stamps.effects, [sale.number for sale in sales]))


def place(*, number: int, committed: Committed, announce: Callable[[Order], object]) -> None:
    """Place an order: the beginning of a saga."""
    with transaction.atomic():
        transaction.on_commit(committed)
        order = Order(number=number, amount=1250)
        order.save(force_insert=True)
        announce(order)


def reserve(orders: Mapping[UUID, int], *, announce: Callable[[Sequence[UUID]], object]) -> None:
    """Reserve what orders come to, by order, in the other service."""
    with transaction.atomic(savepoint=False):
        held = set(Hold.objects.filter(pk__in=orders).values_list("pk", flat=True))
        holds = [Hold(order_id=order_id, amount=amount) for order_id, amount in orders.items() if order_id not in held]
        Hold.objects.bulk_create(holds)
        announce([hold.order_id for hold in holds])


def confirm(order_ids: Collection[UUID], *, announce: Callable[[Sequence[UUID]], object]) -> None:
    """Confirm orders: the end of their sagas."""
    with transaction.atomic(savepoint=False):
        pending = Order.objects.select_for_update().filter(pk__in=order_ids, status=Order.Status.PENDING)
        found = dict(pending.values_list("pk", "number"))
        Order.objects.filter(pk__in=found).update(status=Order.Status.CONFIRMED)
        transaction.on_commit(partial(stamps.effects, list(found.values())))
        announce(list(found))
