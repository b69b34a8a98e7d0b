"""Several callers at the same time, each with a database connection of its own."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from rest_framework.test import APIClient

from apps.orders import services
from apps.orders.audit.rows import check_rows
from apps.orders.exceptions import IllegalMove
from apps.orders.models import Customer, Order
from contracts.users.events import CreditReserved, UserRegistered
from ficus.events import log
from ficus.events.consumer import consumers
from ficus.events.inbox import Batch
from ficus.events.inbox import receive as receive_batch
from ficus.testing import tokens
from ficus.testing.events import foreign
from tests.orders.conftest import NOW, place

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run each in a thread of its own, all beginning together, and return their results."""
    barrier = Barrier(len(works))

    def run(work):
        barrier.wait()
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as executor:
        return list(executor.map(run, works))


def attempt(move, **arguments):
    """Return whether the move was made."""

    def work():
        try:
            move(**arguments)
        except IllegalMove:
            return False
        return True

    return work


class TestOneIdempotencyKey:
    def test_makes_one_order_of_64_requests(self, catalogue, users, customer_id):
        users.available[customer_id] = 10**9
        header = tokens.bearer(user_id=customer_id)

        def request():
            body = {"lines": [{"sku": "mug", "quantity": 1}]}
            return APIClient().post("/orders", body, format="json", HTTP_IDEMPOTENCY_KEY="once", **header)

        answers = at_once(*[request] * 64)

        statuses = Counter(answer.status_code for answer in answers)
        assert Order.objects.count() == 1
        assert set(statuses) <= {201, 409}
        assert len([answer for answer in answers if answer.status_code == 201]) >= 1
        assert {answer.json()["id"] for answer in answers if answer.status_code == 201} == {str(Order.objects.get().pk)}
        assert len([a for a in answers if a.status_code == 201 and "Idempotency-Replayed" not in a]) == 1


class TestMovesAtTheSameTime:
    def test_let_one_of_many_confirmations_win(self, order):
        won = at_once(*[attempt(services.confirm_order, order_id=order.pk)] * 8)

        order.refresh_from_db()
        assert (won.count(True), order.status, order.version) == (1, "CONFIRMED", 2)
        assert list(check_rows()) == []

    def test_let_one_of_two_different_ends_win(self, catalogue):
        for _ in range(10):
            order = place(uuid4())

            won = at_once(
                attempt(services.confirm_order, order_id=order.pk),
                attempt(services.reject_order, order_id=order.pk, reason="credit_exceeded"),
            )

            assert sorted(won) == [False, True]
        assert list(check_rows()) == []

    def test_of_different_orders_do_not_disturb_each_other(self, catalogue):
        orders = [place(uuid4()) for _ in range(16)]

        won = at_once(*[attempt(services.confirm_order, order_id=order.pk) for order in orders])

        assert won == [True] * 16
        assert list(check_rows()) == []


class TestAnswersAtTheSameTime:
    def deliver(self, *events, to="orders"):
        received = [foreign(to, event, position=number) for number, event in enumerate(events, start=1)]
        return lambda: receive_batch(consumers()[to], Batch("users", 0, received), at=NOW)

    def reserved(self, order):
        return CreditReserved(customer_id=order.customer_id, order_id=order.pk, amount=order.total, currency="EUR")

    def test_confirm_once_when_a_batch_is_delivered_twice_together(self, order):
        delivery = self.deliver(self.reserved(order))

        applied = at_once(*[delivery] * 4)

        order.refresh_from_db()
        assert (applied, order.status, order.version) == ([True] * 4, "CONFIRMED", 2)
        assert len(log.history("order", order.pk)) == 2

    def test_and_a_cancellation_leave_no_credit_behind(self, order):
        at_once(self.deliver(self.reserved(order)), attempt(services.cancel_order, order_id=order.pk, reason=""))

        order.refresh_from_db()
        compensations = len(log.history("credit_release", order.pk))
        # Cancelled after the answer, OrderCancelled releases; before it, the saga takes the late answer back.
        assert (order.status, order.version, compensations) in {("CANCELLED", 3, 0), ("CANCELLED", 2, 1)}
        assert list(check_rows()) == []

    def test_keep_one_row_for_a_customer_whom_two_deliveries_tell_of(self, db):
        registered = UserRegistered(user_id=uuid4(), username="ada", email="ada@example.com", roles=["customer"])
        delivery = self.deliver(registered, to="orders.customers")

        applied = at_once(*[delivery] * 4)

        assert (applied, Customer.objects.count()) == ([True] * 4, 1)
