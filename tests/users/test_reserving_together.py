"""Many orders at once leave the same rows as one by one, whoever their customers are."""

from dataclasses import replace
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.users.models import CreditAccount, CreditEntry, CreditHold
from contracts.orders.events import OrderCancelled
from ficus.events import inbox
from ficus.events.consumer import consumers
from ficus.events.inbox import Batch
from ficus.events.models import LogEntry, ParkedEvent
from ficus.testing.events import foreign
from tests.users.test_handlers import placed

pytestmark = pytest.mark.django_db

ORDERS = [uuid4() for _ in range(6)]
NOBODY = uuid4()
# Which order, whose, and for how much: some fit, some do not, and one is no amount at all.
wishes = st.tuples(st.integers(0, 5), st.integers(0, 2), st.sampled_from([1, 2500, 60_000, 100_001, -1]))
cancellations = st.tuples(st.integers(0, 5), st.integers(0, 2), st.none())
happenings = st.lists(st.one_of(wishes, wishes, wishes, cancellations), min_size=2, max_size=14)


def rows():
    """Return all that is kept, but for when and under which number."""
    return (
        list(CreditAccount.objects.order_by("pk").values_list("pk", "granted", "held", "captured", "version")),
        list(
            CreditHold.objects.order_by("pk").values_list("pk", "account_id", "amount", "currency", "status", "reason")
        ),
        list(
            CreditEntry.objects.order_by("account_id", "version").values_list(
                "account_id", "version", "kind", "amount", "order_id", "reason"
            )
        ),
        list(
            LogEntry.objects.order_by("number").values_list(
                "aggregate_type", "aggregate_id", "aggregate_version", "type", "payload", "metadata"
            )
        ),
        list(ParkedEvent.objects.order_by("position").values_list("position", "event_id", "attempts", "reason")),
        inbox.position("users", "orders"),
    )


def outcome(batch, *, together, monkeypatch):
    """Return the rows that the batch leaves, and take them back."""
    with monkeypatch.context() as patched, transaction.atomic():
        patched.setattr(inbox, "TOGETHER", together)
        patched.setattr(inbox, "TRANSACTION_SECONDS", 60)
        inbox.receive(consumers()["users"], batch, at=timezone.now())
        left = rows()
        transaction.set_rollback(True)
    return left


class TestReservingTogether:
    @pytest.fixture
    def sam(self, register):
        return register("sam")

    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(happened=happenings)
    def test_leaves_the_same_rows_as_one_by_one(self, ada, sam, monkeypatch, happened):
        customers = [ada.id, sam.id, NOBODY]
        events = [
            OrderCancelled(order_id=ORDERS[order], customer_id=customers[customer], reason="")
            if amount is None
            else placed(customers[customer], order_id=ORDERS[order], total=amount)
            for order, customer, amount in happened
        ]
        received = [replace(foreign("users", event), position=place) for place, event in enumerate(events, start=1)]
        batch = Batch("orders", 0, received)

        together = outcome(batch, together=250, monkeypatch=monkeypatch)

        assert together == outcome(batch, together=1, monkeypatch=monkeypatch)
