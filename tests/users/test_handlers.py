from datetime import UTC, datetime
from uuid import uuid4

import pytest

from apps.users.models import CreditAccount, CreditHold
from contracts.orders.events import Line, OrderCancelled, OrderFulfilled, OrderPlaced, ReleaseCredit
from contracts.users import events
from ficus.events import log
from ficus.testing.events import receive

pytestmark = pytest.mark.django_db


def placed(customer_id, *, order_id=None, total=2500):
    return OrderPlaced(
        order_id=order_id or uuid4(),
        customer_id=customer_id,
        currency="EUR",
        total=total,
        lines=[Line(sku="mug", name="Mug", quantity=2, unit_price=total // 2)],
        placed_at=datetime(2026, 11, 21, 12, tzinfo=UTC),
    )


def balance(customer_id):
    account = CreditAccount.objects.get(customer_id=customer_id)
    return account.held, account.captured


def replies(customer_id):
    return [entry.event() for entry in log.history("credit", customer_id)][1:]


class TestOrderPlaced:
    def test_reserves_credit_and_answers(self, ada):
        order = placed(ada.id)

        receive("users", order)

        reserved = events.CreditReserved(customer_id=ada.id, order_id=order.order_id, amount=2500, currency="EUR")
        assert (balance(ada.id), replies(ada.id)) == ((2500, 0), [reserved])

    def test_names_the_event_that_caused_the_answer(self, ada):
        received = receive("users", placed(ada.id), metadata={"correlation_id": "c", "actor": "a"})

        reply = log.history("credit", ada.id)[-1]
        assert reply.metadata["causation_id"] == str(received.id)
        assert (reply.metadata["correlation_id"], reply.metadata["actor"]) == ("c", "a")

    def test_changes_nothing_when_it_comes_again(self, ada):
        order = placed(ada.id)
        receive("users", order)

        receive("users", order)

        assert (balance(ada.id), len(replies(ada.id))) == ((2500, 0), 1)

    def test_is_answered_with_the_reason_when_credit_is_short(self, ada):
        receive("users", placed(ada.id, total=100_002))

        (refused,) = replies(ada.id)
        assert (refused.reason, balance(ada.id)) == ("credit_exceeded", (0, 0))


class TestTheEndOfAnOrder:
    @pytest.mark.parametrize("end", [OrderCancelled, ReleaseCredit])
    def test_releases_what_was_held_once(self, ada, end):
        order = placed(ada.id)
        receive("users", order)

        for _ in range(2):
            receive("users", end(order_id=order.order_id, customer_id=ada.id, reason="late"), version=2)

        released = events.CreditReleased(customer_id=ada.id, order_id=order.order_id, amount=2500, currency="EUR")
        assert (balance(ada.id), replies(ada.id)[1:]) == ((0, 0), [released])

    def test_captures_what_was_held_once(self, ada):
        order = placed(ada.id)
        receive("users", order)

        for _ in range(2):
            receive(
                "users",
                OrderFulfilled(order_id=order.order_id, customer_id=ada.id, currency="EUR", total=2500),
                version=3,
            )

        captured = events.CreditCaptured(customer_id=ada.id, order_id=order.order_id, amount=2500, currency="EUR")
        assert (balance(ada.id), replies(ada.id)[1:]) == ((0, 2500), [captured])

    def test_is_no_news_about_an_order_that_was_refused(self, ada):
        order = placed(ada.id, total=100_002)
        receive("users", order)

        receive("users", OrderCancelled(order_id=order.order_id, customer_id=ada.id, reason="late"), version=2)

        assert (CreditHold.objects.get().reason, len(replies(ada.id))) == ("credit_exceeded", 1)
