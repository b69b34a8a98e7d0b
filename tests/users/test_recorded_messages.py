"""Messages of every release, replayed: users decides as it did when they were recorded."""

import pytest
from django.utils import timezone

from apps.users import services
from apps.users.models import CreditAccount
from ficus.events import inbox, log
from ficus.events.consumer import consumers
from ficus.events.inbox import Batch
from ficus.events.models import ParkedEvent
from tests.contracts.recorded import RELEASES, recorded

pytestmark = [pytest.mark.django_db, pytest.mark.parametrize("release", RELEASES)]
DECISIONS = ("users.credit_reserved", "users.credit_refused", "users.credit_released", "users.credit_captured")


def decisions(messages):
    return [
        (each.type, each.payload["order_id"], each.payload["amount"]) for each in messages if each.type in DECISIONS
    ]


class TestTheOrdersLog:
    def test_is_answered_as_it_was(self, release, register):
        told = recorded(release, "users")
        [joined] = [each for each in told if each.type == "users.user_registered"]
        customer = register("fern")
        granted = sum(each.payload["amount"] for each in told if each.type == "users.credit_granted")
        already = CreditAccount.objects.get(customer_id=customer.id).available
        services.grant_credit(customer_id=customer.id, amount=granted - already, reason="as it was", at=timezone.now())
        orders = [renamed(each, str(joined.aggregate_id), str(customer.id)) for each in recorded(release, "orders")]

        inbox.receive(consumers()["users"], Batch("orders", 0, orders), at=timezone.now())

        assert not ParkedEvent.objects.exists()
        assert decisions(log.history("credit", customer.id)) == decisions(told)


def renamed(message, before, after):
    """Return the message about another customer."""
    message.payload["customer_id"] = message.payload["customer_id"].replace(before, after)
    return message
