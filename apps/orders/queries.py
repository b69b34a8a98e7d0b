"""Every read beyond a primary key. Nothing is changed here."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery

from apps.orders import exceptions, folding
from apps.orders.folding import OrderState
from apps.orders.models import LINES_MAX, QUANTITY_MAX, TOTAL_MAX, Customer, Order, OrderLine, Product
from ficus.auth.principal import Caller
from ficus.caching.kept import Kept
from ficus.events import log
from ficus.events.recorded import Recorded

# Pages of the catalogue as they are shown. What an order costs is never read from here: see :func:`get_quote`.
catalogue = Kept("orders.catalogue", seconds=30)
FIRST_PAUSE_SECONDS = 0.01
LONGEST_PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Line:
    """What a customer asks for: so many pieces of a product."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class QuotedLine:
    sku: str
    name: str
    quantity: int
    unit_price: int


@dataclass(frozen=True, slots=True)
class Quote:
    """What the lines cost by the catalogue as it is now, in minor units of ``currency``."""

    lines: tuple[QuotedLine, ...]
    currency: str
    total: int


def get_quote(lines: Sequence[Line], *, currency: str) -> Quote:
    """
    Return what these lines cost in that currency (ISO 4217), by the rows of the catalogue at this moment.

    :raises InvalidLines: a subclass of it, if the lines cannot be ordered together.
    """
    _check_shape(lines)
    sold = Product.objects.filter(is_active=True, sku__in=[line.sku for line in lines])
    products = {product.sku: product for product in sold}
    if unknown := [line.sku for line in lines if line.sku not in products]:
        raise exceptions.UnknownProduct(f"Not sold here: {', '.join(unknown)}.")
    if foreign := [product.sku for product in products.values() if product.currency != currency]:
        raise exceptions.ForeignCurrency(f"Not sold in {currency}: {', '.join(foreign)}.")
    quoted = tuple(
        QuotedLine(line.sku, products[line.sku].name, line.quantity, products[line.sku].unit_price) for line in lines
    )
    total = sum(line.quantity * line.unit_price for line in quoted)
    if total > TOTAL_MAX:
        raise exceptions.TotalTooLarge(f"An order's total is at most {TOTAL_MAX}; this one has {total}.")
    return Quote(lines=quoted, currency=currency, total=total)


def _check_shape(lines: Sequence[Line]) -> None:
    if not lines:
        raise exceptions.EmptyOrder
    if len(lines) > LINES_MAX:
        raise exceptions.TooManyLines(f"An order takes at most {LINES_MAX} lines; this one has {len(lines)}.")
    if len({line.sku for line in lines}) < len(lines):
        raise exceptions.DoubledProduct("Each product goes on one line.")
    if not all(1 <= line.quantity <= QUANTITY_MAX for line in lines):
        raise exceptions.QuantityOutOfRange(f"A quantity is from 1 to {QUANTITY_MAX}.")


def list_products() -> QuerySet[Product]:
    """Return the catalogue by sku, with what is not sold at present."""
    return Product.objects.order_by("sku")


def get_product(sku: str) -> Product:
    """:raises ProductNotFound: if the catalogue does not have it."""
    product = Product.objects.filter(sku=sku).first()
    if product is None:
        raise exceptions.ProductNotFound
    return product


def list_orders() -> QuerySet[Order]:
    """Return orders newest first, ready to be shown: with lines, and ``customer_username`` from our copy or None."""
    lines = Prefetch("lines", OrderLine.objects.order_by("position"))
    return Order.objects.order_by("-id").prefetch_related(lines).annotate(customer_username=_username())


def list_visible_orders(viewer: Caller) -> QuerySet[Order]:
    """Return the orders that the viewer may know of, as :func:`list_orders` does: staff all, others their own."""
    orders = list_orders()
    if viewer.has_role("support"):
        return orders
    return orders.filter(customer_id=viewer.id) if viewer.id else orders.none()


def get_order(order_id: UUID, *, viewer: Caller) -> Order:
    """
    Return an order ready to be shown.

    :raises OrderNotFound: if there is none that the viewer may know of.
    """
    order = list_visible_orders(viewer).filter(pk=order_id).first()
    if order is None:
        raise exceptions.OrderNotFound
    return order


def search_orders(orders: QuerySet[Order], text: str) -> QuerySet[Order]:
    """Return the orders that a person means by ``text``: an order's id, a customer's, or a name's beginning."""
    if not text.strip():
        return orders
    try:
        wanted = UUID(text.strip())
    except ValueError:
        named = Customer.objects.filter(username__istartswith=text.strip()).values("pk")
        return orders.filter(customer_id__in=named)
    return orders.filter(Q(pk=wanted) | Q(customer_id=wanted))


def wait_for_outcome(order_id: UUID, *, seconds: float) -> None:
    """Return when the order is no longer pending, or after so many seconds."""
    ends_at, pause = time.monotonic() + seconds, FIRST_PAUSE_SECONDS
    pending = Order.objects.filter(pk=order_id, status=Order.Status.PENDING)
    while pending.exists() and (left := ends_at - time.monotonic()) > 0:
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)


def list_history(order_id: UUID) -> list[Recorded]:
    """Return every event of the order, first to last."""
    return log.history(folding.AGGREGATE, order_id)


def is_known(order_id: UUID) -> bool:
    """Return whether there is a row or an event of such an order."""
    return Order.objects.filter(pk=order_id).exists() or bool(list_history(order_id))


def find_order_as_of(order_id: UUID, at: datetime) -> OrderState | None:
    """Return the order as its events tell that it was at that instant, or None if it had not been placed."""
    return folding.fold_until(list_history(order_id), at)


def list_customers(ids: Iterable[UUID] | None = None) -> QuerySet[Customer]:
    """Return the customers whose names have reached us, by id."""
    customers = Customer.objects.order_by("id")
    return customers if ids is None else customers.filter(pk__in=ids)


def _username() -> Subquery:
    return Subquery(Customer.objects.filter(pk=OuterRef("customer_id")).values("username"))
