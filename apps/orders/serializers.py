"""Shapes of what comes in and goes out over HTTP. No query and no rule beyond shape here."""

from typing import Any

from rest_framework import serializers

from apps.orders.models import LINES_MAX, QUANTITY_MAX, Order
from ficus.events.recorded import Recorded
from ficus.http.fields import Identifier, Text, Whole
from ficus.http.openapi import example
from ficus.http.serializers import StrictSerializer


def read(shape: type[serializers.Serializer[Any]], data: Any) -> dict[str, Any]:
    """
    Return what a caller sent, in that shape.

    :raises ValidationError: if it has another.
    """
    command = shape(data=data)
    command.is_valid(raise_exception=True)
    wanted: dict[str, Any] = command.validated_data
    return wanted


class ProductDetail(serializers.Serializer[Any]):
    sku = serializers.CharField()
    name = serializers.CharField()
    unit_price = serializers.IntegerField(help_text="Minor units of currency.")
    currency = serializers.CharField(help_text="ISO 4217.")
    is_active = serializers.BooleanField(help_text="Whether it can be ordered at present.")


class PlaceOrderLine(StrictSerializer):
    sku = Text(max_length=40)
    quantity = Whole(min_value=1, max_value=QUANTITY_MAX)


@example({"lines": [{"sku": "mug-blue", "quantity": 2}, {"sku": "tea-green", "quantity": 1}]})
class PlaceOrder(StrictSerializer):
    lines = serializers.ListField(child=PlaceOrderLine(), min_length=1, max_length=LINES_MAX)
    customer_id = Identifier(required=False, help_text="For whom; only staff may name another.")


@example({"reason": "Ordered twice"})
class CancelOrder(StrictSerializer):
    reason = Text(max_length=200, required=False, default="", allow_blank=True)


class OrderCustomer(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="customer_id")
    username = serializers.CharField(
        source="customer_username", allow_null=True, help_text="Null until the name has reached the orders service."
    )


class OrderLineDetail(serializers.Serializer[Any]):
    sku = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_price = serializers.IntegerField()
    total = serializers.IntegerField()


class OrderDetail(serializers.Serializer[Any]):
    """Amounts are in minor units of ``currency``."""

    id = serializers.UUIDField()
    customer = OrderCustomer(source="*")
    status = serializers.ChoiceField(choices=Order.Status.choices)
    reason = serializers.CharField(help_text="Why it was rejected or cancelled; empty otherwise.")
    currency = serializers.CharField()
    total = serializers.IntegerField()
    lines = OrderLineDetail(many=True)
    placed_at = serializers.DateTimeField()
    version = serializers.IntegerField()


class PlacedOrder(OrderDetail):
    """An order as it has just been placed."""

    degraded = serializers.ListField(
        child=serializers.CharField(),
        help_text="Services that gave no answer; without users the credit is looked at later, when it is reserved.",
    )


class OrderEvent(serializers.Serializer[Any]):
    version = serializers.IntegerField(source="aggregate_version")
    type = serializers.CharField(help_text="Name of the event, such as orders.order_placed.")
    at = serializers.DateTimeField(source="recorded_at")
    actor = serializers.SerializerMethodField(help_text="Who asked for it; null for the system itself.")
    data = serializers.JSONField(source="payload")  # type: ignore[assignment] # a field, not the property

    def get_actor(self, recorded: Recorded) -> str | None:
        return recorded.metadata["actor"] or None


class OrderHistory(serializers.Serializer[Any]):
    """The whole history; an order has few events, so there is one page."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = OrderEvent(many=True)


class OrderFigure(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    sum = serializers.IntegerField(help_text="Minor units of currency.")


class SummaryOf(serializers.Serializer[Any]):
    customer_id = Identifier(required=False, help_text="Whose orders; one's own by default.")


class OrderSummary(serializers.Serializer[Any]):
    customer_id = serializers.UUIDField()
    currency = serializers.CharField()
    by_status = serializers.DictField(child=OrderFigure())
