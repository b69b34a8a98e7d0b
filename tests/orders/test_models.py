from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from apps.orders.exceptions import IllegalMove
from apps.orders.models import Order, OrderLine, Product, order_id

PENDING, CONFIRMED, REJECTED = Order.Status.PENDING, Order.Status.CONFIRMED, Order.Status.REJECTED
CANCELLED, FULFILLED = Order.Status.CANCELLED, Order.Status.FULFILLED
NOW = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
MOVES = {
    CONFIRMED: lambda order: order.confirm(),
    REJECTED: lambda order: order.reject(reason="credit_exceeded"),
    CANCELLED: lambda order: order.cancel(reason="changed my mind"),
    FULFILLED: lambda order: order.fulfil(),
}
LEGAL = {
    (PENDING, CONFIRMED),
    (PENDING, REJECTED),
    (PENDING, CANCELLED),
    (CONFIRMED, CANCELLED),
    (CONFIRMED, FULFILLED),
}
ALL = [(before, after) for before in Order.Status for after in MOVES]


class TestMoves:
    @pytest.mark.parametrize(("before", "after"), [pair for pair in ALL if pair in LEGAL])
    def test_a_legal_one_changes_the_status_and_counts_the_version_up(self, before, after):
        order = Order(status=before, version=4)

        MOVES[after](order)

        assert (order.status, order.version) == (after, 5)

    @pytest.mark.parametrize(("before", "after"), [pair for pair in ALL if pair not in LEGAL])
    def test_an_illegal_one_says_the_present_status_and_changes_nothing(self, before, after):
        order = Order(status=before, version=4)

        with pytest.raises(IllegalMove) as refusal:
            MOVES[after](order)

        assert refusal.value.extra == {"present_status": before}
        assert (order.status, order.version, order.reason) == (before, 4, "")


class TestOrderId:
    def test_is_a_uuid_of_version_7_that_holds_the_millisecond(self):
        id = order_id(NOW, 0)

        assert (id.version, id.variant) == (7, "specified in RFC 4122")
        assert id.int >> 80 == round(NOW.timestamp() * 1000 - 0.456)

    def test_sorts_by_the_microsecond_whatever_the_random_bits(self):
        instants = [NOW + timedelta(microseconds=step) for step in range(-1000, 1000)]

        ids = [order_id(instant, 0 if step % 2 else 2**62 - 1) for step, instant in enumerate(instants)]

        assert ids == sorted(ids)
        assert len(set(ids)) == 2000


@pytest.mark.django_db
class TestConstraints:
    @pytest.mark.parametrize(
        ("changes", "name"),
        [
            ({"total": 0}, "orders_order_total_in_range"),
            ({"total": 10**12 + 1}, "orders_order_total_in_range"),
            ({"currency": "EU"}, "orders_order_currency_iso"),
            ({"status": CONFIRMED, "version": 1}, "orders_order_version_fits_status"),
            ({"status": PENDING, "version": 2}, "orders_order_version_fits_status"),
            ({"status": "LOST"}, "orders_order_version_fits_status"),
        ],
    )
    def test_refuse_an_impossible_order(self, changes, name):
        fields = {"customer_id": uuid4(), "currency": "EUR", "total": 1, "placed_at": NOW, **changes}

        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Order.objects.create(id=order_id(NOW, 1), **fields)

        assert Order.objects.count() == 0

    @pytest.mark.parametrize(
        ("changes", "name"),
        [
            ({"quantity": 0}, "orders_orderline_quantity_in_range"),
            ({"quantity": 1001}, "orders_orderline_quantity_in_range"),
            ({"unit_price": 0}, "orders_orderline_unit_price_positive"),
        ],
    )
    def test_refuse_an_impossible_line(self, order, changes, name):
        fields = {"position": 3, "sku": "mug", "name": "Mug", "quantity": 1, "unit_price": 1, **changes}

        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            OrderLine.objects.create(order=order, **fields)

        assert order.lines.count() == 2

    def test_refuse_a_product_that_costs_nothing(self):
        with pytest.raises(IntegrityError, match="orders_product_unit_price_positive"), transaction.atomic():
            Product.objects.create(sku="air", name="Air", unit_price=0, currency="EUR")

        assert Product.objects.count() == 0
