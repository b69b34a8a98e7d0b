"""The catalogue, orders and their legal moves, and the copy of customers' names. No writes and no events here."""

from datetime import datetime
from uuid import UUID, uuid5

from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact

from apps.orders.exceptions import IllegalMove
from ficus.events.announced import announced_by

LINES_MAX = 100
QUANTITY_MAX = 1000
TOTAL_MAX = 10**12
PRODUCTS = UUID("9b0c7d52-3f6e-5a41-8f52-6c1d7a90e4b3")  # the name space of products' ids in events


def order_id(placed_at: datetime, random_bits: int) -> UUID:
    """
    Return the id of an order placed at that instant: a UUIDv7 with microseconds in its third part (RFC 9562, method 3).

    Orders therefore sort by id as by placement, and ``order_id(instant, 0)`` is the least id from that instant on.

    :param random_bits: 62 bits that make the id unique.
    """
    milliseconds, microseconds = divmod(round(placed_at.timestamp() * 1_000_000), 1000)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | (microseconds * 4096 // 1000) << 64 | 0b10 << 62 | random_bits)


class Product(models.Model):
    """
    Something that can be ordered while it is active.

    ``unit_price`` is in minor units of ``currency`` (ISO 4217): 1250 EUR means 12.50 euro.
    ``version`` counts its announced changes.
    """

    sku = models.SlugField(max_length=40, primary_key=True)
    name = models.CharField(max_length=200)
    unit_price = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    is_active = models.BooleanField(default=True)
    version = models.BigIntegerField(default=0)

    class Meta:
        permissions = (("offer_product", "Can offer and withdraw products"),)
        constraints = (
            models.CheckConstraint(condition=Q(unit_price__gt=0), name="orders_product_unit_price_positive"),
            models.CheckConstraint(condition=Exact(Length("currency"), 3), name="orders_product_currency_iso"),
        )

    def __str__(self) -> str:
        return f"{self.sku} {self.name}"

    @property
    def event_id(self) -> UUID:
        """Return the id by which events name it: a UUIDv5 of its sku (RFC 9562)."""
        return uuid5(PRODUCTS, self.sku)


class Customer(models.Model):
    """
    What orders needs to show of a customer, copied from the events of the users service.

    ``version`` is that of the user's event last applied, so that an old event changes nothing.
    """

    id = models.UUIDField(primary_key=True)
    username = models.CharField(max_length=150)
    version = models.BigIntegerField()

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(version__gt=0), name="orders_customer_version_positive"),)

    def __str__(self) -> str:
        return self.username


@announced_by("order")
class Order(models.Model):
    """
    A customer's wish to buy, from placement to its end.

    ``customer_id`` names a user of the users service: an identifier, never a foreign key.
    ``total`` is in minor units of ``currency`` (ISO 4217).
    ``version`` counts the order's events: placing is 1, and each move adds one.
    """

    class Status(models.TextChoices):
        PENDING = "PENDING"
        CONFIRMED = "CONFIRMED"
        REJECTED = "REJECTED"
        CANCELLED = "CANCELLED"
        FULFILLED = "FULFILLED"

    id = models.UUIDField(primary_key=True, editable=False)
    customer_id = models.UUIDField()
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.PENDING)
    reason = models.CharField(max_length=200, blank=True)
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField()
    placed_at = models.DateTimeField()
    version = models.BigIntegerField(default=1)

    class Meta:
        permissions = (("fulfil_order", "Can fulfil orders"),)
        constraints = (
            models.CheckConstraint(condition=Q(total__gt=0, total__lte=TOTAL_MAX), name="orders_order_total_in_range"),
            models.CheckConstraint(condition=Exact(Length("currency"), 3), name="orders_order_currency_iso"),
            models.CheckConstraint(
                condition=Q(status="PENDING", version=1)
                | Q(status__in=["CONFIRMED", "REJECTED"], version=2)
                | Q(status="CANCELLED", version__in=[2, 3])
                | Q(status="FULFILLED", version=3),
                name="orders_order_version_fits_status",
            ),
        )
        indexes = (
            models.Index(fields=["customer_id", "-id"], name="orders_order_customer_newest"),
            models.Index(fields=["status", "-id"], name="orders_order_status_newest"),
            models.Index(fields=["customer_id", "currency", "status", "total"], name="orders_order_summary"),
        )

    def __str__(self) -> str:
        return f"{self.id} {self.status}"

    def confirm(self) -> None:
        """
        Accept a pending order.

        :raises IllegalMove: if the order is not pending.
        """
        self._move(self.Status.CONFIRMED, allowed_from={self.Status.PENDING})

    def reject(self, *, reason: str) -> None:
        """
        Turn a pending order down.

        :raises IllegalMove: if the order is not pending.
        """
        self._move(self.Status.REJECTED, allowed_from={self.Status.PENDING}, reason=reason)

    def cancel(self, *, reason: str) -> None:
        """
        End an order that is not needed any more.

        :raises IllegalMove: if the order is neither pending nor confirmed.
        """
        self._move(self.Status.CANCELLED, allowed_from={self.Status.PENDING, self.Status.CONFIRMED}, reason=reason)

    def fulfil(self) -> None:
        """
        Mark a confirmed order as delivered.

        :raises IllegalMove: if the order is not confirmed.
        """
        self._move(self.Status.FULFILLED, allowed_from={self.Status.CONFIRMED})

    def _move(self, status: Status, *, allowed_from: set[Status], reason: str = "") -> None:
        if self.status not in allowed_from:
            raise IllegalMove(f"The order is {self.status} and cannot become {status}.", present_status=self.status)
        self.status, self.reason, self.version = status, reason, self.version + 1


class CustomerFigure(models.Model):
    """
    How many orders of a customer stand at a status, and the sum of their totals in minor units of ``currency``.

    A projection of the log, so no more than a help to count: see ``figures``.
    """

    customer_id = models.UUIDField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=9, choices=Order.Status.choices)
    count = models.BigIntegerField()
    sum = models.BigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer_id", "currency", "status"], name="orders_customerfigure_one_for_each_status"
            ),
            models.CheckConstraint(condition=Q(count__gte=0, sum__gte=0), name="orders_customerfigure_not_negative"),
        )

    def __str__(self) -> str:
        return f"{self.count} {self.status} of {self.customer_id}"


@announced_by("order", part=True)
class OrderLine(models.Model):
    """A product as it was named and priced when the order was placed; amounts in the order's currency."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    sku = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    quantity = models.PositiveIntegerField()
    unit_price = models.BigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["order", "position"], name="orders_orderline_position_unique"),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=QUANTITY_MAX), name="orders_orderline_quantity_in_range"
            ),
            models.CheckConstraint(condition=Q(unit_price__gt=0), name="orders_orderline_unit_price_positive"),
        )

    def __str__(self) -> str:
        return f"{self.quantity} x {self.sku}"

    @property
    def total(self) -> int:
        return self.quantity * self.unit_price


class RebuildRun(models.Model):
    """
    How far a rebuild or a check has come, so that the next one of its kind goes on from there.

    :ivar kind: what was asked; there is one run of a kind at a time.
    :ivar last_id: the last order that was looked at.
    """

    kind = models.CharField(max_length=60, primary_key=True)
    last_id = models.UUIDField()
    done = models.BigIntegerField(default=0)
    started_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind}: {self.done} done"


class RebuildFinding(models.Model):
    """
    An order that a run under way has found to differ from its events.

    :ivar can_be_made: whether its events tell what it should be.
    """

    run = models.ForeignKey(RebuildRun, on_delete=models.CASCADE, related_name="findings")
    order_id = models.UUIDField()
    problem = models.TextField()
    can_be_made = models.BooleanField()

    def __str__(self) -> str:
        return f"{self.order_id}: {self.problem}"
