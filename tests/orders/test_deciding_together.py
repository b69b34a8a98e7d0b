"""Answers about many orders at once leave the same rows as one by one, whatever has become of the orders meanwhile."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.orders import services
from apps.orders.models import Order
from contracts.orders.events import OrderConfirmed
from contracts.users.events import CreditRefused, CreditReserved
from ficus.events import inbox, log
from ficus.events.consumer import consumers
from ficus.events.inbox import Batch
from ficus.events.models import LogEntry, ParkedEvent
from ficus.sagas import timers
from ficus.sagas.models import SagaInstance
from ficus.testing.events import foreign
from tests.orders.conftest import place

pytestmark = pytest.mark.django_db

PAST = ("pending", "cancelled", "late", "confirmed", "rejected", "fulfilled", "newer", "forgotten")
ANSWERS = (CreditReserved, CreditRefused)
answers = st.lists(st.tuples(st.integers(0, len(PAST) + 3), st.sampled_from(ANSWERS)), min_size=2, max_size=14)


def answered(order, answer):
    more = {"reason": "credit_exceeded"} if answer is CreditRefused else {}
    amount, currency = order.total, order.currency
    return answer(customer_id=order.customer_id, order_id=order.pk, amount=amount, currency=currency, **more)


@pytest.fixture
def orders(catalogue, customer_id):
    """One order for each past that it may have, and some more that wait for their answer."""
    late = place(customer_id)
    timers.expire_due(at=timezone.now() + timedelta(days=1))
    orders = {past: place(customer_id) for past in PAST if past != "late"} | {"late": late}
    services.cancel_order(order_id=orders["cancelled"].pk, reason="changed my mind")
    hear([answered(orders["confirmed"], CreditReserved), answered(orders["fulfilled"], CreditReserved)])
    hear([answered(orders["rejected"], CreditRefused)])
    services.fulfil_order(order_id=orders["fulfilled"].pk)
    SagaInstance.objects.filter(key=orders["newer"].pk).update(declaration=99)
    SagaInstance.objects.filter(key=orders["forgotten"].pk).delete()
    return [*(orders[past] for past in PAST), *(place(customer_id) for _ in range(4))]


def batch(events):
    received = [foreign("orders", event) for event in events]
    first = received[0].place()
    return Batch("users", first - 1, [replace(each, position=first + place) for place, each in enumerate(received)])


def hear(events):
    heard = batch(events)
    inbox.receive(consumers()["orders"], heard, at=timezone.now())
    return heard


def rows():
    """Return all that is kept, but for when; the log by aggregate, since no order is kept between aggregates."""
    entries = LogEntry.objects.order_by("aggregate_type", "aggregate_id", "aggregate_version")
    stories = SagaInstance.objects.order_by("key").values_list(
        "key", "status", "awaits", "attempts", "trouble", "version", "deadline_at", "correlation_id", "timeline"
    )
    return (
        list(Order.objects.order_by("pk").values_list("pk", "status", "reason", "version")),
        [(*story[:-1], [{**moment, "at": ""} for moment in story[-1]]) for story in stories],
        list(entries.values_list("aggregate_type", "aggregate_id", "aggregate_version", "type", "payload", "metadata")),
        list(ParkedEvent.objects.order_by("position").values_list("position", "event_id", "attempts", "reason")),
        inbox.position("orders", "users"),
    )


def outcome(heard, *, together, monkeypatch):
    """Return the rows that the batch leaves, and take them back."""
    with monkeypatch.context() as patched, transaction.atomic():
        patched.setattr(inbox, "TOGETHER", together)
        patched.setattr(inbox, "TRANSACTION_SECONDS", 60)
        inbox.receive(consumers()["orders"], heard, at=timezone.now())
        left = rows()
        transaction.set_rollback(True)
    return left


class TestDecidingTogether:
    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(chosen=answers)
    def test_leaves_the_same_rows_as_one_by_one(self, orders, monkeypatch, chosen):
        heard = batch([answered(orders[number], answer) for number, answer in chosen])

        together = outcome(heard, together=250, monkeypatch=monkeypatch)

        assert together == outcome(heard, together=1, monkeypatch=monkeypatch)

    @settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(chosen=answers)
    def test_needs_no_second_try_where_nothing_is_wrong(self, orders, monkeypatch, caplog, chosen):
        well = [order for order, past in zip(orders, [*PAST, *[""] * 4], strict=True) if past not in PAST[-2:]]
        heard = batch([answered(well[number % len(well)], answer) for number, answer in chosen])
        caplog.clear()

        outcome(heard, together=250, monkeypatch=monkeypatch)

        assert [record.getMessage() for record in caplog.records if record.name == "ficus.events.inbox"] == []

    def test_confirms_each_on_behalf_of_its_own_answer(self, orders):
        waiting = orders[-4:]

        heard = hear([answered(order, CreditReserved) for order in waiting])

        confirmed = [log.history("order", order.pk)[-1] for order in waiting]
        assert [each.type for each in confirmed] == [OrderConfirmed.TYPE] * 4
        assert [each.metadata["causation_id"] for each in confirmed] == [str(each.id) for each in heard.events]
        assert [each.metadata["correlation_id"] for each in confirmed] == [
            each.metadata["correlation_id"] for each in heard.events
        ]

    def test_costs_the_same_queries_for_any_number(self, orders, django_assert_num_queries):
        # BEGIN, cursor, what is parked, stories, a savepoint, orders, orders changed, log (and where it ends), release,
        # stories changed, cursor, COMMIT.
        heard = batch([answered(order, CreditReserved) for order in orders[-4:]])

        with django_assert_num_queries(12 + is_sqlite()):
            inbox.receive(consumers()["orders"], heard, at=timezone.now())


def is_sqlite():
    from django.db import connection

    return connection.vendor == "sqlite"
