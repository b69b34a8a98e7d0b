"""Orders of the same customers in several parts at once; proves architecture, section 4."""

from uuid import uuid4

import pytest
from django.utils import timezone

from apps.users.handlers import consumer
from apps.users.models import CreditAccount, CreditHold
from contracts.orders.events import OrderCancelled
from ficus.events import inbox
from ficus.events.inbox import Batch
from ficus.events.models import ParkedEvent
from ficus.events.partitions import Partition
from ficus.testing.events import foreign
from tests.ficus.events.threads import in_threads
from tests.users.test_handlers import placed

ORDERS = 60


@pytest.mark.django_db(transaction=True)
class TestTwoParts:
    def test_that_change_the_same_accounts_do_not_wait_for_one_another(self, settings, register, monkeypatch):
        settings.EVENTS = {**settings.EVENTS, "FEEDS": {"orders": "orders:1"}, "PARTITIONS": {"users": 2}}
        # Each keeps what it has locked for long.
        monkeypatch.setattr(inbox, "TRANSACTION_SECONDS", 60)
        customers = [register(username=f"customer-{number}").id for number in range(6)]
        events = []
        for number in range(ORDERS):
            # One part takes the customers in one order, the other in the other.
            order_id = uuid4()
            part = Partition(number % 2, 2)
            while not part.holds(order_id):
                order_id = uuid4()
            customer = customers[number // 2 % 6 if number % 2 else -1 - number // 2 % 6]
            events.append(placed(customer, order_id=order_id, total=100))
            events.append(OrderCancelled(order_id=order_id, customer_id=customer, reason="changed_mind"))
        log = [foreign("users", event, source="orders", position=place) for place, event in enumerate(events, start=1)]

        def apply(part):
            mine = [recorded for recorded in log if part.holds(recorded.aggregate_id)]
            return inbox.receive(consumer, Batch("orders", 0, mine, part, len(log)), at=timezone.now())

        # Whoever makes the cursors holds all of them.
        inbox.receive(consumer, Batch("orders", 0, [], Partition(0, 2), 0), at=timezone.now())
        given = iter([Partition(0, 2), Partition(1, 2)])
        outcomes = in_threads(2, lambda: apply(next(given)))

        assert outcomes == [True, True]
        assert not ParkedEvent.objects.exists()
        assert CreditHold.objects.filter(status=CreditHold.Status.RELEASED).count() == ORDERS
        assert {account.held for account in CreditAccount.objects.all()} == {0}
