"""That orders never change without an event is held by a fence around every test here; this is whether it stands."""

import pytest
from django.db import connection, transaction

from apps.orders import clients
from apps.orders.models import Order, OrderLine
from ficus.rpc.errors import RemoteCallInTransaction
from ficus.testing.fence import UnannouncedWrite

PAST_THE_SERVICES = {
    "save": lambda order: order.save(),
    "update": lambda order: Order.objects.update(reason="x"),
    "delete": lambda order: Order.objects.all().delete(),
    "bulk_update": lambda order: Order.objects.bulk_update([order], ["reason"]),
    "bulk_create": lambda order: OrderLine.objects.bulk_create(
        [OrderLine(order=order, position=9, sku="mug", name="Mug", quantity=1, unit_price=1)]
    ),
    "raw SQL": lambda order: connection.cursor().execute("UPDATE orders_order SET reason = 'x'"),
}


class TestFence:
    @pytest.mark.parametrize("write", PAST_THE_SERVICES.values(), ids=PAST_THE_SERVICES)
    def test_catches_whoever_goes_past_the_services(self, order, fence, write):
        with pytest.raises(UnannouncedWrite), transaction.atomic():
            write(order)

        fence.caught.clear()
        assert (Order.objects.get().reason, OrderLine.objects.count()) == ("", 2)


class TestQuestionToUsers:
    def test_is_refused_in_a_transaction(self, users, catalogue, customer_id):
        with pytest.raises(RemoteCallInTransaction), transaction.atomic():
            clients.find_credit(customer_id)

        assert users.asked == []
