"""Seeds the catalogue and then orders, a batch at a time. Users is asked between transactions, never inside one."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from uuid import UUID

import stamina
from django.conf import settings
from django.db import OperationalError, connections

from apps.orders import clients, queries
from apps.orders.clients import Reservation, ReservationOutcome
from apps.orders.models import Product
from apps.orders.seeding import CannotSeed, batches
from apps.orders.seeding.catalogue import PRODUCTS
from apps.orders.seeding.plan import PlannedOrder, plan_order
from ficus.errors import Unavailable
from ficus.events import catch_up, options
from ficus.events.consumer import consumers

BATCH = 1000
PATIENCE_SECONDS = 60
# How long users' relay may take to give its newest events their position, and how often we look.
ANNOUNCED_WITHIN_SECONDS = 5.0
PAUSE_SECONDS = 0.3
SKUS = [sku for sku, _, _ in PRODUCTS]
# The demo people keep their credit for those who try the system.
DEMO_PEOPLE = ("ada", "sam", "olga", "root")


def seed_catalogue() -> int:
    """Add the products that are missing and return how many they were; those that are there stay as they are."""
    before = Product.objects.count()
    Product.objects.bulk_create(
        (
            Product(sku=sku, name=name, unit_price=price, currency=settings.ORDER_CURRENCY)
            for sku, name, price in PRODUCTS
        ),
        ignore_conflicts=True,
    )
    queries.catalogue.forget()
    return Product.objects.count() - before


def seed_orders(*, orders: int, seed: int, progress: Callable[[int], Any]) -> int:
    """
    Place and settle those of the first ``orders`` orders of the plan that are missing; return how many they were.

    While users decides about one batch, the next is placed.

    :param progress: called with the number of orders done since the last call.
    :raises CannotSeed: if there are no customers, or users does not answer.
    """
    if not orders:
        return 0
    added, decided = 0, None
    try:
        customers = _customers()
        with ThreadPoolExecutor(1) as users:
            for start in range(0, orders, BATCH):
                plans = _plan(range(start, min(start + BATCH, orders)), seed, customers)
                added += _place(plans)
                asked = users.submit(_reserve, batches.list_reservations(plans))
                if decided:
                    progress(_settle(*decided))
                decided = plans, asked
            if decided:
                progress(_settle(*decided))
    except Unavailable as error:
        raise CannotSeed(f"orders cannot be seeded: users does not answer ({error})") from None
    return added


def _customers() -> list[UUID]:
    """Return whom to order for, having seen that users answers and read what it has announced about people."""
    clients.reserve_credits([])
    before, customers = None, _pulled_customers()
    gives_up_at = time.monotonic() + ANNOUNCED_WITHIN_SECONDS
    while customers != before and time.monotonic() < gives_up_at:
        time.sleep(PAUSE_SECONDS)
        # Nobody known may mean that they are not announced yet; that is no sign that no more will come.
        before, customers = customers or None, _pulled_customers()
    if not customers:
        raise CannotSeed("orders cannot be seeded: no customers are known; seed users first")
    return customers


def _pulled_customers() -> list[UUID]:
    copy = consumers()["orders.customers"]
    for source in options.followed_by(copy):
        catch_up.pull(copy, source)
    return list(queries.list_customers().exclude(username__in=DEMO_PEOPLE).values_list("pk", flat=True))


def _plan(numbers: range, seed: int, customers: list[UUID]) -> list[PlannedOrder]:
    return [plan_order(seed, number, customers=customers, skus=SKUS) for number in numbers]


# The workers write to the same databases meanwhile, and each step may be repeated. The steps have no arguments, since
# each retry is logged with them.


def _place(plans: list[PlannedOrder]) -> int:
    @stamina.retry(on=OperationalError, attempts=None, timeout=PATIENCE_SECONDS)
    def place() -> int:
        return batches.place_missing(plans, Product.objects.in_bulk(SKUS), currency=settings.ORDER_CURRENCY)

    return place()


def _reserve(reservations: list[Reservation]) -> dict[UUID, ReservationOutcome]:
    @stamina.retry(on=Unavailable, attempts=None, timeout=PATIENCE_SECONDS)
    def reserve() -> dict[UUID, ReservationOutcome]:
        return clients.reserve_credits(reservations) if reservations else {}

    try:
        return reserve()
    finally:
        connections.close_all()


def _settle(plans: list[PlannedOrder], asked: "Future[dict[UUID, ReservationOutcome]]") -> int:
    outcomes = asked.result()

    @stamina.retry(on=OperationalError, attempts=None, timeout=PATIENCE_SECONDS)
    def settle() -> None:
        batches.settle(plans, outcomes)

    settle()
    return len(plans)
