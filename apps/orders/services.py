"""Everything that can happen to orders: one function, one transaction, its events. No remote call inside one."""

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.orders import clients, exceptions, queries
from apps.orders.models import TOTAL_MAX, Customer, Order, OrderLine, Product
from apps.orders.models import order_id as new_order_id
from contracts.orders import events
from ficus import rows
from ficus.configuration import live
from ficus.events import log
from ficus.events.schema import Event

Causes = Mapping[UUID, UUID | None]


def check_credit(*, customer_id: UUID, lines: Sequence[queries.Line], currency: str) -> bool:
    """
    Refuse lines that are plainly over the customer's credit, before an order is placed; say whether that was known.

    Asks users, so it must stay outside a transaction. When users gives no answer of use in time nothing is refused: the
    saga decides later; so it does, as if all were well, for customers who are not asked for (``ask_credit_first``).

    :raises CreditExceeded: if users answered that the credit does not suffice.
    :raises CustomerUnknown: if users answered that there is no such customer.
    """
    quote = queries.get_quote(lines, currency=currency)
    if not live.is_on("ask_credit_first", customer_id):
        return True
    credit = clients.find_credit(customer_id)
    if credit is not None and credit.currency == currency and credit.available < quote.total:
        raise exceptions.CreditExceeded(
            f"The order comes to {quote.total}, the available credit is {credit.available}.",
            total=quote.total,
            available=credit.available,
            currency=currency,
        )
    return credit is not None


@transaction.atomic
def place_order(*, customer_id: UUID, lines: Sequence[queries.Line], currency: str, placed_at: datetime) -> Order:
    """
    Record a new order at the catalogue's prices, pending until the customer's credit is reserved.

    :raises InvalidLines: a subclass of it, if the lines cannot be ordered together.
    """
    quote = queries.get_quote(lines, currency=currency)
    order = Order(
        id=new_order_id(placed_at, secrets.randbits(62)),
        customer_id=customer_id,
        currency=quote.currency,
        total=quote.total,
        placed_at=placed_at,
    )
    rows.insert([order])
    its_lines = lines_of(order, quote)
    rows.insert(its_lines)
    log.append(placed(order, its_lines), version=order.version)
    return order


def confirm_order(*, order_id: UUID) -> Order:
    """Accept one order, like :func:`confirm_orders`."""
    return confirm_orders(order_ids=[order_id])[0]


@transaction.atomic
def confirm_orders(*, order_ids: Collection[UUID], caused_by: Causes | None = None) -> list[Order]:
    """
    Accept pending orders whose credit is reserved; a handful of queries for any number.

    :param caused_by: by order, the event that led to it, where the orders have different causes.
    :raises IllegalMove: if an order is not pending; then none is accepted.
    """
    orders = _lock_orders(order_ids)
    for order in orders:
        order.confirm()
    return _record_many(orders, confirmed, caused_by)


def reject_order(*, order_id: UUID, reason: str) -> Order:
    """Turn down one order, like :func:`reject_orders`."""
    return reject_orders(reasons={order_id: reason})[0]


@transaction.atomic
def reject_orders(*, reasons: Mapping[UUID, str], caused_by: Causes | None = None) -> list[Order]:
    """
    Turn down pending orders whose credit was refused; a handful of queries for any number.

    :param reasons: by order.
    :param caused_by: as :func:`confirm_orders` says.
    :raises IllegalMove: if an order is not pending; then none is turned down.
    """
    orders = _lock_orders(reasons)
    for order in orders:
        order.reject(reason=reasons[order.id])
    return _record_many(orders, rejected, caused_by)


@transaction.atomic
def cancel_order(*, order_id: UUID, reason: str) -> Order:
    """
    End an order; the event makes users release what is held for it.

    :raises IllegalMove: if the order is neither pending nor confirmed.
    """
    order = _lock_order(order_id)
    order.cancel(reason=reason)
    return _record(order, cancelled(order))


@transaction.atomic
def fulfil_order(*, order_id: UUID) -> Order:
    """
    Mark a confirmed order as delivered; the event makes users capture what is held for it.

    :raises IllegalMove: if the order is not confirmed.
    """
    order = _lock_order(order_id)
    order.fulfil()
    return _record(order, fulfilled(order))


@transaction.atomic
def release_credit(*, order_id: UUID, reason: str) -> None:
    """
    Ask users to let go of what it reserved for an order that does not want it any more.

    Asking again does no harm: users releases a hold once.
    """
    order = _lock_order(order_id)
    asked = len(log.history(events.ReleaseCredit.AGGREGATE, order_id))
    log.append(events.ReleaseCredit(order_id=order.id, customer_id=order.customer_id, reason=reason), version=asked + 1)


@transaction.atomic
def remember_customer(*, customer_id: UUID, username: str, version: int) -> None:
    """
    Keep the customer's name for showing it with orders.

    :param version: of the user's event that says so; an older one than the last changes nothing.
    """
    customer = Customer.objects.select_for_update().filter(pk=customer_id).first()
    if customer is None:
        Customer.objects.create(id=customer_id, username=username, version=version)
    elif customer.version < version:
        customer.username, customer.version = username, version
        customer.save(update_fields=["username", "version"])


def offer_product(*, sku: str) -> Product:
    """
    Let a product be ordered from now on.

    :raises ProductNotFound: if the catalogue does not have it.
    """
    return _change_product(sku, is_active=True)


def withdraw_product(*, sku: str) -> Product:
    """
    Let a product not be ordered any more; orders that have it stay as they are.

    :raises ProductNotFound: if the catalogue does not have it.
    """
    return _change_product(sku, is_active=False)


def change_price(*, sku: str, unit_price: int) -> Product:
    """
    Sell a product at another price, in minor units of its currency; orders that have it stay as they are.

    Whoever begins to place an order when this has returned pays the new price.

    :raises InvalidPrice: unless it is at least 1 and no more than an order may come to.
    :raises ProductNotFound: if the catalogue does not have it.
    """
    if not 1 <= unit_price <= TOTAL_MAX:
        raise exceptions.InvalidPrice(f"A price is from 1 to {TOTAL_MAX}.")
    return _change_product(sku, unit_price=unit_price)


@transaction.atomic
def _change_product(sku: str, **changes: Any) -> Product:
    """Change a product and announce it as it is then; nothing is announced if it is so already."""
    product = Product.objects.select_for_update().filter(pk=sku).first()
    if product is None:
        raise exceptions.ProductNotFound
    if all(getattr(product, field) == value for field, value in changes.items()):
        return product
    for field, value in changes.items():
        setattr(product, field, value)
    product.version += 1
    product.save(update_fields=[*changes, "version"])
    log.append(product_changed(product), version=product.version)
    return product


def product_changed(product: Product) -> events.ProductChanged:
    return events.ProductChanged(
        product_id=product.event_id,
        sku=product.sku,
        name=product.name,
        unit_price=product.unit_price,
        currency=product.currency,
        is_active=product.is_active,
    )


def _lock_order(order_id: UUID) -> Order:
    return _lock_orders([order_id])[0]


def _lock_orders(order_ids: Collection[UUID]) -> list[Order]:
    """Return the orders with their rows locked, always in the order of their ids."""
    orders = list(Order.objects.select_for_update().filter(pk__in=order_ids).order_by("pk"))
    if len(orders) < len(order_ids):
        raise exceptions.OrderNotFound
    return orders


def _record(order: Order, event: Event) -> Order:
    return _record_many([order], lambda _: event)[0]


def _record_many(
    orders: Sequence[Order], announcement: Callable[[Order], Event], caused_by: Causes | None = None
) -> list[Order]:
    rows.update([(order, order.version - 1) for order in orders], ["status", "reason", "version"])
    causes = caused_by or {}
    log.append_many(log.Fact(announcement(order), order.version, caused_by=causes.get(order.id)) for order in orders)
    return list(orders)


def lines_of(order: Order, quote: queries.Quote) -> list[OrderLine]:
    """Return the rows of a quote's lines, not saved."""
    return [
        OrderLine(
            order=order,
            position=position,
            sku=line.sku,
            name=line.name,
            quantity=line.quantity,
            unit_price=line.unit_price,
        )
        for position, line in enumerate(quote.lines, start=1)
    ]


def placed(order: Order, lines: Sequence[OrderLine]) -> events.OrderPlaced:
    """Return the event that announces a new order."""
    return events.OrderPlaced(
        order_id=order.id,
        customer_id=order.customer_id,
        currency=order.currency,
        total=order.total,
        lines=[
            events.Line(sku=line.sku, name=line.name, quantity=line.quantity, unit_price=line.unit_price)
            for line in lines
        ],
        placed_at=order.placed_at,
    )


def confirmed(order: Order) -> events.OrderConfirmed:
    return events.OrderConfirmed(order_id=order.id, customer_id=order.customer_id)


def rejected(order: Order) -> events.OrderRejected:
    return events.OrderRejected(order_id=order.id, customer_id=order.customer_id, reason=order.reason)


def cancelled(order: Order) -> events.OrderCancelled:
    return events.OrderCancelled(order_id=order.id, customer_id=order.customer_id, reason=order.reason)


def fulfilled(order: Order) -> events.OrderFulfilled:
    return events.OrderFulfilled(
        order_id=order.id, customer_id=order.customer_id, currency=order.currency, total=order.total
    )
