from datetime import timedelta
from uuid import uuid4

import pytest

from apps.orders import exceptions, services
from apps.orders.models import Customer, Order, Product
from apps.orders.queries import Line
from contracts.orders import events
from ficus.events import log
from tests.orders.conftest import NOW, place

pytestmark = pytest.mark.django_db


def announced(order):
    return [(recorded.aggregate_version, recorded.event()) for recorded in log.history("order", order.pk)]


def logged():
    return log.LogEntry.objects.count()


class TestPlaceOrder:
    def test_takes_names_and_prices_from_the_catalogue(self, catalogue, customer_id):
        order = place(customer_id, Line("mug", 2), Line("lamp", 1))

        stored = Order.objects.get(pk=order.pk)
        lines = stored.lines.order_by("position").values_list("position", "sku", "name", "quantity", "unit_price")
        assert (stored.status, stored.version, stored.reason) == ("PENDING", 1, "")
        assert (stored.customer_id, stored.currency, stored.total) == (customer_id, "EUR", 11490)
        assert stored.placed_at == NOW
        assert list(lines) == [(1, "mug", "Mug", 2, 1250), (2, "lamp", "Lamp", 1, 8990)]

    def test_announces_the_order_as_its_first_event(self, catalogue, customer_id):
        order = place(customer_id, Line("mug", 2))

        line = events.Line(sku="mug", name="Mug", quantity=2, unit_price=1250)
        assert announced(order) == [
            (
                1,
                events.OrderPlaced(
                    order_id=order.pk,
                    customer_id=customer_id,
                    currency="EUR",
                    total=2500,
                    lines=[line],
                    placed_at=NOW,
                ),
            )
        ]

    @pytest.mark.parametrize(
        ("lines", "refusal"),
        [
            ([], exceptions.EmptyOrder),
            ([Line(f"sku-{number}", 1) for number in range(101)], exceptions.TooManyLines),
            ([Line("mug", 1), Line("mug", 2)], exceptions.DoubledProduct),
            ([Line("mug", 0)], exceptions.QuantityOutOfRange),
            ([Line("mug", 1001)], exceptions.QuantityOutOfRange),
            ([Line("mug", 1), Line("unheard-of", 1)], exceptions.UnknownProduct),
            ([Line("gone", 1)], exceptions.UnknownProduct),
            ([Line("dollar", 1)], exceptions.ForeignCurrency),
        ],
    )
    def test_refuses_lines_that_cannot_be_ordered_and_announces_nothing(self, catalogue, customer_id, lines, refusal):
        with pytest.raises(refusal):
            services.place_order(customer_id=customer_id, lines=lines, currency="EUR", placed_at=NOW)

        assert (Order.objects.count(), logged()) == (0, 0)

    def test_takes_a_total_of_a_trillion_and_refuses_one_more(self, catalogue, customer_id):
        Product.objects.create(sku="island", name="Island", unit_price=10**9, currency="EUR")
        Product.objects.create(sku="pebble", name="Pebble", unit_price=1, currency="EUR")

        order = place(customer_id, Line("island", 1000))
        with pytest.raises(exceptions.TotalTooLarge):
            place(customer_id, Line("island", 1000), Line("pebble", 1))

        assert order.total == 10**12
        assert (Order.objects.count(), logged()) == (1, 1)

    def test_gives_ids_in_the_order_of_placement(self, catalogue, customer_id):
        instants = [NOW + timedelta(microseconds=step) for step in (3, 1, 2)]

        orders = [place(customer_id, placed_at=instant) for instant in instants]

        by_id = sorted(orders, key=lambda order: order.pk)
        assert [order.placed_at for order in by_id] == sorted(instants)


class TestMovingAnOrder:
    def test_confirms_and_announces_it(self, order):
        services.confirm_order(order_id=order.pk)

        order.refresh_from_db()
        assert (order.status, order.version) == ("CONFIRMED", 2)
        assert announced(order)[1:] == [(2, events.OrderConfirmed(order_id=order.pk, customer_id=order.customer_id))]

    def test_rejects_with_the_reason(self, order):
        services.reject_order(order_id=order.pk, reason="credit_exceeded")

        order.refresh_from_db()
        assert (order.status, order.reason, order.version) == ("REJECTED", "credit_exceeded", 2)
        assert announced(order)[1:] == [
            (2, events.OrderRejected(order_id=order.pk, customer_id=order.customer_id, reason="credit_exceeded"))
        ]

    def test_cancels_a_confirmed_order_with_the_reason(self, order):
        services.confirm_order(order_id=order.pk)

        services.cancel_order(order_id=order.pk, reason="too late")

        order.refresh_from_db()
        assert (order.status, order.reason, order.version) == ("CANCELLED", "too late", 3)
        assert announced(order)[2:] == [
            (3, events.OrderCancelled(order_id=order.pk, customer_id=order.customer_id, reason="too late"))
        ]

    def test_fulfils_a_confirmed_order_and_says_what_is_due(self, order):
        services.confirm_order(order_id=order.pk)

        services.fulfil_order(order_id=order.pk)

        order.refresh_from_db()
        assert (order.status, order.version) == ("FULFILLED", 3)
        assert announced(order)[2:] == [
            (
                3,
                events.OrderFulfilled(
                    order_id=order.pk, customer_id=order.customer_id, currency="EUR", total=order.total
                ),
            )
        ]

    def test_refuses_an_illegal_move_and_announces_nothing(self, order):
        with pytest.raises(exceptions.IllegalMove):
            services.fulfil_order(order_id=order.pk)

        order.refresh_from_db()
        assert (order.status, order.version) == ("PENDING", 1)
        assert len(announced(order)) == 1

    def test_says_when_there_is_no_such_order(self, db):
        with pytest.raises(exceptions.OrderNotFound):
            services.cancel_order(order_id=uuid4(), reason="")

        assert logged() == 0


class TestReleaseCredit:
    def test_asks_users_each_time_it_is_called(self, order):
        services.release_credit(order_id=order.pk, reason="late")
        services.release_credit(order_id=order.pk, reason="late")

        asked = events.ReleaseCredit(order_id=order.pk, customer_id=order.customer_id, reason="late")
        recorded = log.history("credit_release", order.pk)
        assert [(one.aggregate_version, one.event()) for one in recorded] == [(1, asked), (2, asked)]


class TestRememberCustomer:
    def test_keeps_a_new_name(self, customer_id):
        services.remember_customer(customer_id=customer_id, username="ada", version=1)

        assert Customer.objects.values_list("id", "username", "version").get() == (customer_id, "ada", 1)

    def test_lets_a_newer_name_replace_an_older_one(self, customer_id):
        services.remember_customer(customer_id=customer_id, username="ada", version=1)

        services.remember_customer(customer_id=customer_id, username="ada.l", version=3)

        assert Customer.objects.values_list("username", "version").get() == ("ada.l", 3)

    @pytest.mark.parametrize("version", [1, 2, 3])
    def test_ignores_what_is_not_newer(self, customer_id, version):
        services.remember_customer(customer_id=customer_id, username="ada.l", version=3)

        services.remember_customer(customer_id=customer_id, username="ada", version=version)

        assert Customer.objects.values_list("username", "version").get() == ("ada.l", 3)


class TestCatalogue:
    def test_a_withdrawn_product_cannot_be_ordered_until_it_is_offered_again(self, catalogue, customer_id):
        services.withdraw_product(sku="mug")
        with pytest.raises(exceptions.UnknownProduct):
            place(customer_id, Line("mug", 1))

        services.offer_product(sku="mug")

        assert place(customer_id, Line("mug", 1)).total == 1250


class TestProducts:
    def test_at_another_price_are_announced_as_they_are_then(self, catalogue):
        product = services.change_price(sku="mug", unit_price=1390)

        [told] = log.history("product", product.event_id)
        assert (told.type, told.aggregate_version) == ("orders.product_changed", 1)
        assert told.payload == {
            "product_id": str(product.event_id),
            "sku": "mug",
            "name": "Mug",
            "unit_price": 1390,
            "currency": "EUR",
            "is_active": True,
        }

    def test_that_are_so_already_are_not_announced(self, catalogue):
        product = services.change_price(sku="mug", unit_price=1250)
        services.offer_product(sku="mug")

        assert log.history("product", product.event_id) == []

    def test_are_counted_one_change_after_the_other(self, catalogue):
        services.withdraw_product(sku="mug")
        product = services.offer_product(sku="mug")

        assert [told.payload["is_active"] for told in log.history("product", product.event_id)] == [False, True]
        assert product.version == 2

    @pytest.mark.parametrize("price", [0, -1, 10**12 + 1])
    def test_at_no_price_that_one_can_pay_stay_as_they_are(self, catalogue, price):
        with pytest.raises(exceptions.InvalidPrice):
            services.change_price(sku="mug", unit_price=price)

        assert Product.objects.get(pk="mug").unit_price == 1250

    def test_that_the_catalogue_does_not_have_are_refused(self, catalogue):
        with pytest.raises(exceptions.ProductNotFound):
            services.change_price(sku="unheard-of", unit_price=1)
