"""The rows of the business, the same for every contender. Each is found again by a key of the business."""

from django.db import models
from uuid_utils.compat import uuid7


class Sale(models.Model):
    """:ivar number: of the event in the benchmark, never used twice."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    number = models.BigIntegerField()
    sku = models.CharField(max_length=40)
    quantity = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"sale {self.number}"


class Taken(models.Model):
    """What was taken from stock for a sale."""

    sale_id = models.UUIDField(primary_key=True)
    sku = models.CharField(max_length=40)
    quantity = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"taken for {self.sale_id}"


class Order(models.Model):
    """:ivar number: as of a sale."""

    class Status(models.TextChoices):
        PENDING = "pending"
        CONFIRMED = "confirmed"

    id = models.UUIDField(primary_key=True, default=uuid7)
    number = models.BigIntegerField()
    amount = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)

    def __str__(self) -> str:
        return f"order {self.number}: {self.status}"


class Hold(models.Model):
    """What users reserved for an order."""

    order_id = models.UUIDField(primary_key=True)
    amount = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"held for {self.order_id}"
