from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from apps.orders import folding, services
from apps.orders.folding import BrokenHistory, OrderState, fold, fold_until
from apps.orders.models import Order
from contracts.orders.events import Line
from ficus.events import log
from tests.orders.conftest import NOW, place

pytestmark = pytest.mark.django_db


@pytest.fixture
def history(order):
    """The events of an order that was confirmed and then cancelled."""
    services.confirm_order(order_id=order.pk)
    services.cancel_order(order_id=order.pk, reason="too late")
    return log.history("order", order.pk)


class TestFold:
    def test_gives_the_order_with_all_it_was_placed_with(self, order):
        state = fold(log.history("order", order.pk))

        assert state == OrderState(
            id=order.pk,
            customer_id=order.customer_id,
            status="PENDING",
            reason="",
            currency="EUR",
            total=11490,
            placed_at=NOW,
            lines=(
                Line(sku="mug", name="Mug", quantity=2, unit_price=1250),
                Line(sku="lamp", name="Lamp", quantity=1, unit_price=8990),
            ),
            version=1,
        )

    @pytest.mark.parametrize(
        "moves",
        [
            [],
            [services.confirm_order],
            [lambda order_id: services.reject_order(order_id=order_id, reason="credit_exceeded")],
            [lambda order_id: services.cancel_order(order_id=order_id, reason="")],
            [services.confirm_order, services.fulfil_order],
            [services.confirm_order, lambda order_id: services.cancel_order(order_id=order_id, reason="dear")],
        ],
    )
    def test_gives_what_the_services_left_in_the_row(self, catalogue, moves):
        order = place(uuid4())
        for move in moves:
            move(order_id=order.pk)

        state = fold(log.history("order", order.pk))

        row = Order.objects.get()
        assert (state.status, state.reason, state.version) == (row.status, row.reason, row.version)

    def test_gives_the_order_after_each_event_in_turn(self, history):
        seen = [(state.version, state.status, state.reason) for state in folding.states(history)]

        assert seen == [(1, "PENDING", ""), (2, "CONFIRMED", ""), (3, "CANCELLED", "too late")]

    def test_gives_nothing_without_events(self):
        assert fold([]) is None

    @pytest.mark.parametrize("chosen", [[1, 2], [0, 2], [0, 0], [0, 2, 1]])
    def test_refuses_a_history_that_does_not_begin_or_has_a_gap(self, history, chosen):
        with pytest.raises(BrokenHistory):
            fold(history[index] for index in chosen)

    def test_refuses_what_is_no_event_of_an_order(self, order):
        services.release_credit(order_id=order.pk, reason="")
        [release] = log.history("credit_release", order.pk)

        with pytest.raises(BrokenHistory, match=r"orders\.release_credit is no event of an order"):
            fold([*log.history("order", order.pk), replace(release, aggregate_version=2)])


class TestFoldUntil:
    def test_gives_the_order_as_it_was_at_an_instant(self, history):
        placed, confirmed, cancelled = (recorded.recorded_at for recorded in history)
        instants = [placed - timedelta(microseconds=1), placed, confirmed, cancelled, cancelled + timedelta(days=1)]

        seen = [state and state.status for state in (fold_until(history, at) for at in instants)]

        assert seen == [None, "PENDING", "CONFIRMED", "CANCELLED", "CANCELLED"]
