"""What is kept in figures is what counting would give, wherever the projection is at the moment."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from django.conf import settings as live_settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.orders import figures, services
from apps.orders.figures import Figure
from apps.orders.models import Customer, CustomerFigure, Order
from apps.orders.queries import Line
from contracts.users.events import UserRegistered
from ficus.events import inbox, projection
from ficus.events.models import LogEntry, ParkedEvent
from ficus.testing.events import deliver, receive, sequence
from tests.orders.conftest import place

pytestmark = pytest.mark.django_db
NOTHING = dict.fromkeys(Order.Status.values, Figure())


@pytest.fixture
def unfollowed(monkeypatch) -> Iterator[None]:
    """Orders are not counted: what is known comes from figures and the log."""
    monkeypatch.setattr(figures, "_counted", lambda customer_id, currency: {})


def summary(customer_id: UUID) -> dict[str, Figure]:
    found = figures.get_summary(customer_id=customer_id, currency="EUR")
    return {status: figure for status, figure in found.items() if figure != Figure()}


def kept() -> dict[str, tuple[int, int]]:
    return {row.status: (row.count, row.sum) for row in CustomerFigure.objects.exclude(count=0)}


def mugs(customer_id: UUID, number: int) -> UUID:
    return place(customer_id, Line("mug", number)).pk


class TestTally:
    def test_counts_orders_where_they_stand(self, catalogue, customer_id):
        services.confirm_order(order_id=mugs(customer_id, 1))
        mugs(customer_id, 2)
        mugs(customer_id, 3)

        deliver("orders.summary")

        assert kept() == {"PENDING": (2, 6250), "CONFIRMED": (1, 1250)}

    def test_moves_an_order_from_one_status_to_the_next(self, catalogue, customer_id):
        order_id = mugs(customer_id, 2)
        deliver("orders.summary")
        services.confirm_order(order_id=order_id)
        deliver("orders.summary")
        services.cancel_order(order_id=order_id, reason="")

        deliver("orders.summary")

        assert kept() == {"CANCELLED": (1, 2500)}

    def test_keeps_customers_apart(self, catalogue):
        for number in (1, 2, 3):
            mugs(uuid4(), number)

        deliver("orders.summary")

        assert sorted(CustomerFigure.objects.values_list("count", "sum")) == [(1, 1250), (1, 2500), (1, 3750)]

    def test_is_the_same_event_by_event_as_in_batches(self, catalogue, customer_id, monkeypatch):
        services.confirm_order(order_id=mugs(customer_id, 1))
        services.cancel_order(order_id=mugs(customer_id, 2), reason="")
        deliver("orders.summary")
        in_batches = kept()
        monkeypatch.setattr(inbox, "TOGETHER", 1)

        projection.replay(projection.projections()["orders.summary"])

        assert kept() == in_batches == {"CONFIRMED": (1, 1250), "CANCELLED": (1, 2500)}

    def test_needs_few_statements_for_many_events(self, catalogue):
        for number in range(1, 31):
            services.confirm_order(order_id=mugs(uuid4(), number))
        sequence()

        with CaptureQueriesContext(
            connection,
        ) as queries:
            deliver("orders.summary")

        assert len(queries) < 40
        assert CustomerFigure.objects.filter(count=1, status="CONFIRMED").count() == 30


@pytest.mark.usefixtures("unfollowed")
class TestSummaryFromFigures:
    def test_knows_what_is_not_followed_yet(self, catalogue, customer_id):
        services.confirm_order(order_id=mugs(customer_id, 1))
        deliver("orders.summary")

        mugs(customer_id, 2)

        assert summary(customer_id) == {"PENDING": Figure(1, 2500), "CONFIRMED": Figure(1, 1250)}

    def test_knows_the_first_order_of_a_customer_at_once(self, catalogue, customer_id):
        mugs(uuid4(), 1)
        deliver("orders.summary")

        mugs(customer_id, 2)

        assert summary(customer_id) == {"PENDING": Figure(1, 2500)}

    def test_knows_a_move_that_is_not_followed_yet(self, catalogue, customer_id):
        order_id = mugs(customer_id, 2)
        deliver("orders.summary")

        services.confirm_order(order_id=order_id)
        services.fulfil_order(order_id=order_id)

        assert summary(customer_id) == {"FULFILLED": Figure(1, 2500)}

    def test_knows_what_the_relay_has_not_seen(self, catalogue, customer_id):
        order_id = mugs(customer_id, 2)
        deliver("orders.summary")
        services.confirm_order(order_id=order_id)
        LogEntry.objects.filter(aggregate_version=2).update(position=None)

        assert summary(customer_id) == {"CONFIRMED": Figure(1, 2500)}

    def test_looks_at_no_other_customer_and_no_other_currency(self, catalogue, customer_id):
        mugs(customer_id, 1)
        deliver("orders.summary")
        mugs(uuid4(), 5)

        assert summary(customer_id) == {"PENDING": Figure(1, 1250)}
        assert figures.get_summary(customer_id=customer_id, currency="USD") == NOTHING


class TestSummaryWithoutFigures:
    def counted(self, customer_id):
        return {"PENDING": Figure(1, 2500)} == summary(customer_id)

    def test_counts_before_anything_was_followed(self, catalogue, customer_id):
        mugs(customer_id, 2)

        assert self.counted(customer_id)

    def test_counts_when_the_log_is_far_ahead(self, catalogue, customer_id, monkeypatch):
        mugs(uuid4(), 1)
        deliver("orders.summary")
        monkeypatch.setattr(figures, "TAIL", 1)
        mugs(uuid4(), 1)
        mugs(customer_id, 2)

        assert self.counted(customer_id)

    def test_counts_while_an_event_is_parked(self, catalogue, customer_id):
        mugs(customer_id, 2)
        deliver("orders.summary")
        CustomerFigure.objects.update(count=7)
        ParkedEvent.objects.create(
            consumer="orders.summary",
            source="orders",
            position=9,
            event_id=uuid4(),
            aggregate_id=uuid4(),
            recorded={},
            parked_at=timezone.now(),
        )

        assert self.counted(customer_id)

    def test_counts_while_the_figures_are_dropped(self, catalogue, customer_id, monkeypatch):
        mugs(customer_id, 2)
        deliver("orders.summary")
        monkeypatch.setattr(figures, "TAIL", 0)

        projection.drop(projection.projections()["orders.summary"])

        assert (self.counted(customer_id), CustomerFigure.objects.count()) == (True, 0)


class TestReplay:
    def test_makes_the_figures_again_as_they_were(self, catalogue, customer_id):
        services.confirm_order(order_id=mugs(customer_id, 1))
        services.reject_order(order_id=mugs(customer_id, 2), reason="credit_exceeded")
        deliver("orders.summary")
        before = kept()
        CustomerFigure.objects.update(count=99, sum=99)

        projection.replay(projection.projections()["orders.summary"])

        assert kept() == before == {"CONFIRMED": (1, 1250), "REJECTED": (1, 2500)}

    def test_drops_the_copy_of_customers_and_lets_it_come_again(self, customer_id, settings):
        settings.EVENTS = {**settings.EVENTS, "FEEDS": {"users": "users:1"}}
        receive("orders.customers", UserRegistered(user_id=customer_id, username="ada", email="a@b.c", roles=[]))
        copy = projection.projections()["orders.customers"]

        projection.drop(copy)

        assert (Customer.objects.count(), inbox.position("orders.customers", "users")) == (0, 0)
        receive("orders.customers", UserRegistered(user_id=customer_id, username="ada", email="a@b.c", roles=[]))
        assert Customer.objects.get().username == "ada"

    def test_is_of_the_log_that_orders_writes(self):
        [place] = projection.places(projection.projections()["orders.summary"])

        assert place.source == live_settings.EVENTS["SOURCE"]
