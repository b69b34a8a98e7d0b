from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.orders import services
from apps.orders.models import Order
from contracts.orders.events import OrderConfirmed, OrderPlaced, ReleaseCredit
from contracts.users.events import CreditRefused, CreditReserved
from ficus.events import log
from ficus.sagas import decisions, timers
from ficus.sagas.models import SagaInstance
from ficus.testing.events import receive
from tests.orders.conftest import place

pytestmark = pytest.mark.django_db
DEADLINE = timedelta(seconds=120)


@pytest.fixture(autouse=True)
def _deadline(monkeypatch):
    monkeypatch.delenv("ORDER_DEADLINE_SECONDS", raising=False)


def reserved(order):
    return CreditReserved(customer_id=order.customer_id, order_id=order.pk, amount=order.total, currency=order.currency)


def refused(order, reason="credit_exceeded"):
    return CreditRefused(
        customer_id=order.customer_id, order_id=order.pk, amount=order.total, currency=order.currency, reason=reason
    )


def state(order):
    order.refresh_from_db()
    return (order.status, order.reason, order.version)


def history(order):
    return [recorded.type for recorded in log.history("order", order.pk)]


def compensations(order):
    return [recorded.event() for recorded in log.history("credit_release", order.pk)]


def story(order):
    return SagaInstance.objects.get(saga="orders.place_order", key=order.pk)


class TestPlaceOrder:
    def test_begins_with_the_order_and_a_deadline(self, order):
        begun = story(order)

        assert (begun.status, begun.awaits) == ("running", "reserve credit")
        assert timedelta(0) < begun.deadline_at - timezone.now() <= DEADLINE

    def test_confirms_the_order_when_its_credit_is_reserved(self, order):
        receive("orders", reserved(order))

        assert state(order) == ("CONFIRMED", "", 2)
        assert (story(order).status, compensations(order)) == ("done", [])

    def test_rejects_the_order_when_its_credit_is_refused(self, order):
        receive("orders", refused(order, "customer_inactive"))

        assert state(order) == ("REJECTED", "customer_inactive", 2)
        assert (story(order).status, compensations(order)) == ("refused", [])

    def test_tells_the_outcome_as_caused_by_the_answer(self, order):
        answer = receive("orders", reserved(order))

        confirmed = log.history("order", order.pk)[1]
        assert confirmed.type == OrderConfirmed.TYPE
        assert confirmed.metadata["causation_id"] == str(answer.id)
        assert confirmed.metadata["correlation_id"] == answer.metadata["correlation_id"]

    def test_changes_nothing_when_an_answer_comes_again(self, order):
        receive("orders", reserved(order))

        receive("orders", reserved(order), version=2)

        assert state(order) == ("CONFIRMED", "", 2)
        assert compensations(order) == []

    def test_leaves_a_fulfilled_order_alone_when_an_answer_comes_again(self, order):
        receive("orders", reserved(order))
        services.fulfil_order(order_id=order.pk)

        receive("orders", reserved(order), version=2)

        assert state(order) == ("FULFILLED", "", 3)
        assert compensations(order) == []

    def test_takes_nothing_back_when_a_cancelled_order_is_refused_credit(self, order):
        services.cancel_order(order_id=order.pk, reason="changed my mind")

        receive("orders", refused(order))

        assert state(order) == ("CANCELLED", "changed my mind", 2)
        assert compensations(order) == []

    def test_releases_credit_that_is_reserved_for_a_cancelled_order(self, order):
        services.cancel_order(order_id=order.pk, reason="changed my mind")

        receive("orders", reserved(order))

        assert state(order) == ("CANCELLED", "changed my mind", 2)
        assert compensations(order) == [
            ReleaseCredit(order_id=order.pk, customer_id=order.customer_id, reason="order_no_longer_wants_it")
        ]

    def test_ends_when_a_confirmed_order_is_cancelled_without_a_compensation(self, order):
        receive("orders", reserved(order))

        services.cancel_order(order_id=order.pk, reason="")

        assert state(order) == ("CANCELLED", "", 3)
        assert compensations(order) == []


class TestDeadline:
    def sweep(self, *, after, followed_since=timedelta(days=-1)):
        now = timezone.now()
        since = None if followed_since is None else now + followed_since
        return timers.sweep(at=now + after, followed_since=since)

    def test_leaves_an_order_alone_before_it(self, order):
        ended = self.sweep(after=DEADLINE - timedelta(seconds=1))

        assert (ended, state(order)) == (0, ("PENDING", "", 1))

    def test_cancels_an_order_that_got_no_answer(self, order):
        ended = self.sweep(after=DEADLINE)

        assert (ended, state(order)) == (1, ("CANCELLED", "no_answer_in_time", 2))
        assert story(order).status == "late"
        assert history(order) == [OrderPlaced.TYPE, "orders.order_cancelled"]

    def test_releases_what_a_late_answer_has_reserved_once(self, order):
        self.sweep(after=DEADLINE)

        receive("orders", reserved(order))
        receive("orders", reserved(order), version=2)

        assert state(order) == ("CANCELLED", "no_answer_in_time", 2)
        assert compensations(order) == [
            ReleaseCredit(order_id=order.pk, customer_id=order.customer_id, reason="order_no_longer_wants_it")
        ]

    def test_leaves_decided_orders_alone(self, catalogue):
        confirmed, rejected, cancelled = (place(uuid4()) for _ in range(3))
        receive("orders", reserved(confirmed))
        receive("orders", refused(rejected))
        services.cancel_order(order_id=cancelled.pk, reason="")

        ended = self.sweep(after=DEADLINE)

        assert ended == 0
        assert sorted(Order.objects.values_list("status", "version")) == [
            ("CANCELLED", 2),
            ("CONFIRMED", 2),
            ("REJECTED", 2),
        ]

    def test_does_not_run_while_users_cannot_be_heard(self, order):
        ended = self.sweep(after=timedelta(days=1), followed_since=None)

        assert (ended, state(order)) == (0, ("PENDING", "", 1))

    def test_counts_from_when_users_could_be_heard_again(self, order):
        heard_again = timedelta(hours=1)

        too_early = self.sweep(after=heard_again + timedelta(seconds=119), followed_since=heard_again)
        still_pending = state(order)
        in_time = self.sweep(after=heard_again + timedelta(seconds=121), followed_since=heard_again)

        assert (too_early, still_pending) == (0, ("PENDING", "", 1))
        assert (in_time, state(order)) == (1, ("CANCELLED", "no_answer_in_time", 2))


class TestAbort:
    def test_cancels_the_order_and_takes_back_what_is_reserved_afterwards(self, order):
        decisions.abort(story(order), by="olga", at=timezone.now(), reason="the customer called")

        receive("orders", reserved(order))

        assert state(order) == ("CANCELLED", "aborted_by_staff", 2)
        assert story(order).status == "aborted"
        assert [each.order_id for each in compensations(order)] == [order.pk]
