"""Messages of every release, replayed: orders ends where it ended when they were recorded."""

from collections import Counter

import pytest
from django.db import transaction
from django.utils import timezone

from apps.orders.models import Customer, CustomerFigure, Order
from apps.orders.rebuilding.run import Run
from contracts.orders.events import OrderPlaced
from ficus.events import inbox, log
from ficus.events.announced import unannounced
from ficus.events.consumer import consumers
from ficus.events.inbox import Batch
from ficus.events.models import LogEntry, ParkedEvent
from ficus.testing.events import deliver
from tests.contracts.recorded import RELEASES, recorded

pytestmark = [pytest.mark.django_db, pytest.mark.parametrize("release", RELEASES)]


def keep(messages):
    """Put these into the own log as they were, and make orders from it."""
    with transaction.atomic(), unannounced("recorded messages bring their own events"):
        log.append_many([(each.event(), each.aggregate_version, each.recorded_at) for each in messages])
    return list(Run(checks=False).go_on())


def receive(consumer, messages):
    inbox.receive(consumers()[consumer], Batch("users", 0, messages), at=timezone.now())


def ends(messages):
    """Return the last event of each order."""
    return {each.aggregate_id: each.type for each in messages if each.aggregate_type == "order"}


class TestTheOwnLog:
    def test_makes_the_orders_again(self, release):
        told = recorded(release, "orders")

        made = keep(told)

        assert len(made) == Order.objects.count() == len(ends(told))
        assert list(Run(checks=True).go_on()) == []
        assert Counter(Order.objects.values_list("status", flat=True)) == Counter(
            type.removeprefix("orders.order_").upper() for type in ends(told).values()
        )

    def test_makes_the_figures_again(self, release):
        keep(recorded(release, "orders"))

        deliver("orders.summary")

        kept = {row.status: row.count for row in CustomerFigure.objects.exclude(count=0)}
        assert kept == Counter(Order.objects.values_list("status", flat=True))
        assert not ParkedEvent.objects.exists()


class TestTheUsersLog:
    def test_decides_about_the_orders_as_it_did(self, release):
        told = recorded(release, "orders")
        keep([each for each in told if isinstance(each.event(), OrderPlaced)])

        receive("orders", recorded(release, "users"))

        decided = [each for each in told if each.aggregate_type == "order" and each.aggregate_version == 2]
        assert not ParkedEvent.objects.exists()
        assert ends(log.recorded(entry) for entry in LogEntry.objects.order_by("number")) == ends(decided)

    def test_names_the_customers(self, release):
        users = recorded(release, "users")

        receive("orders.customers", users)

        [registered] = [each for each in users if each.type == "users.user_registered"]
        assert Customer.objects.get(pk=registered.aggregate_id).username == registered.payload["username"]
        assert not ParkedEvent.objects.exists()
