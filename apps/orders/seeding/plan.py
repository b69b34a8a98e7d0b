"""Decides what each seeded order is like, by its seed and number alone. Nothing is read or written here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from apps.orders.models import Order, order_id
from apps.orders.queries import Line

# Fixed, so that a second run finds the orders of the first.
FIRST_DAY = datetime(2026, 5, 1, tzinfo=UTC)
DAYS = 180


@dataclass(frozen=True, slots=True)
class PlannedOrder:
    """
    An order as it is to be seeded.

    :ivar ends_as: what becomes of it once it is confirmed.
    :ivar decided_at: when its credit is said to have been decided; ``ended_at`` when it is fulfilled or cancelled.
    """

    id: UUID
    customer_id: UUID
    lines: tuple[Line, ...]
    placed_at: datetime
    decided_at: datetime
    ends_as: Order.Status
    ended_at: datetime


def plan_order(seed: int, number: int, *, customers: Sequence[UUID], skus: Sequence[str]) -> PlannedOrder:
    """
    Return the order of that number; the same arguments give the same order.

    Its id depends on seed and number alone, so that more customers do not make a second order of the first.

    :param skus: cheapest first; cheap ones are ordered more often.
    """
    random = Random(f"{seed}/{number}")  # noqa: S311 - invents demo data
    placed_at = FIRST_DAY + timedelta(microseconds=random.randrange(DAYS * 86_400_000_000))
    id = order_id(placed_at, random.getrandbits(62))
    decided_at = placed_at + timedelta(milliseconds=random.randint(15, 60))
    return PlannedOrder(
        id=id,
        placed_at=placed_at,
        decided_at=decided_at,
        ends_as=random.choices(
            [Order.Status.FULFILLED, Order.Status.CONFIRMED, Order.Status.CANCELLED], weights=[60, 30, 10]
        )[0],
        ended_at=decided_at + timedelta(minutes=random.randint(5, 2880)),
        customer_id=random.choice(customers),
        lines=_plan_lines(random, skus),
    )


def _plan_lines(random: Random, skus: Sequence[str]) -> tuple[Line, ...]:
    chosen = {min(random.randrange(len(skus)), random.randrange(len(skus))) for _ in range(random.randint(1, 3))}
    return tuple(Line(skus[index], random.choice((1, 1, 1, 2, 2, 3))) for index in sorted(chosen))
