"""Whatever is delivered, however often, is applied once and in order, or parked; proves semantics, section 8."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import OperationalError
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ficus import context
from ficus.events import inbox, parking
from ficus.events.consumer import Consumer
from ficus.events.models import Cursor, LogEntry, ParkedEvent
from tests.ficus.events.conftest import batch, shelved
from tests.ficus.events.depot import ParcelSent, ParcelSentOtherwise, ParcelWeighed, consumer
from tests.ficus.events.threads import in_threads

NOW = timezone.now()


def receive(events, previous=None):
    return inbox.receive(consumer, batch(events, previous), at=NOW)


def parked():
    return list(ParkedEvent.objects.order_by("position").values_list("position", "attempts"))


@pytest.mark.django_db
class TestReceive:
    def test_applies_a_batch_in_order_and_moves_the_cursor(self, depot, parcel):
        assert receive([parcel(1), parcel(2), parcel(3)])

        assert shelved() == [1, 2, 3]
        assert inbox.position("depot", "post") == 3

    def test_applies_a_repeated_batch_once(self, depot, parcel):
        events = [parcel(1), parcel(2)]

        assert receive(events)
        assert receive(events)

        assert shelved() == [1, 2]

    def test_applies_only_what_is_new_in_an_overlapping_batch(self, depot, parcel):
        receive([parcel(1), parcel(2)])

        assert receive([parcel(2, weight=20), parcel(3)])

        assert shelved() == [1, 2, 3]

    def test_does_nothing_when_something_is_missing_before_the_batch(self, depot, parcel):
        receive([parcel(1)])

        assert not receive([parcel(3)])

        assert shelved() == [1]
        assert inbox.position("depot", "post") == 1

    def test_knows_that_positions_may_be_missing_within_a_complete_log(self, depot, parcel):
        receive([parcel(1)])

        assert receive([parcel(5)], previous=1)

        assert shelved() == [1, 5]
        assert inbox.position("depot", "post") == 5

    def test_passes_over_what_it_does_not_handle(self, depot, parcel):
        assert receive([parcel(1, type=ParcelWeighed.TYPE), parcel(2, type="post.never_heard_of"), parcel(3)])

        assert shelved() == [3]
        assert parked() == []
        assert inbox.position("depot", "post") == 3

    def test_tells_the_handler_on_whose_behalf_it_acts(self, depot, parcel):
        sent = parcel(1, metadata={"correlation_id": "request-1", "causation_id": "", "actor": "ada"})

        receive([sent])

        assert LogEntry.objects.get().metadata == {
            "correlation_id": "request-1",
            "causation_id": str(sent.id),
            "actor": "ada",
            "traceparent": "",
        }
        assert context.current() == context.Context()

    def test_costs_four_queries_beyond_the_handlers_own(self, depot, parcel, django_assert_num_queries):
        receive([parcel(1)])
        silent = parcel(2, type=ParcelWeighed.TYPE)

        with django_assert_num_queries(4):  # savepoint in a test or BEGIN, cursor, move, release or COMMIT
            receive([silent, *(parcel(position, type=ParcelWeighed.TYPE) for position in range(3, 100))])

    def test_leaves_everything_when_the_database_fails(self, depot, parcel):
        depot.loses_database = True

        with pytest.raises(OperationalError):
            receive([parcel(1), parcel(2)])

        assert (shelved(), parked(), inbox.position("depot", "post")) == ([], [], 0)

    def test_applies_a_batch_that_takes_long_in_several_transactions(self, depot, parcel, monkeypatch):
        monkeypatch.setattr(inbox, "TRANSACTION_SECONDS", 0)
        events = [parcel(1), parcel(2), parcel(3)]

        reached = inbox.apply(consumer, batch(events), at=NOW, parks=False)
        first = shelved()
        assert receive(events)

        assert (reached, first) == (1, [1])
        assert (shelved(), inbox.position("depot", "post")) == ([1, 2, 3], 3)

    def test_follows_each_source_with_a_cursor_of_its_own(self, depot, parcel):
        receive([parcel(1), parcel(2)])

        inbox.receive(consumer, inbox.Batch("courier", 0, [parcel(1, source="courier", weight=11)]), at=NOW)

        assert shelved() == [1, 2, 11]
        assert dict(Cursor.objects.values_list("source", "position")) == {"post": 2, "courier": 1}


@pytest.mark.django_db
class TestShuffledDeliveries:
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(cuts=st.lists(st.tuples(st.integers(1, 20), st.integers(1, 8)), max_size=15))
    def test_are_applied_once_and_in_order_whatever_comes(self, depot, parcel, cuts):
        source = f"post-{uuid4()}"
        log = [parcel(position, source=source) for position in range(1, 21)]
        depot.reset()

        for start, length in cuts:
            events = log[start - 1 : start - 1 + length]
            if not inbox.receive(consumer, inbox.Batch(source, start - 1, events), at=NOW):
                behind = inbox.position("depot", source)
                inbox.receive(consumer, inbox.Batch(source, behind, log[behind : start - 1]), at=NOW)

        assert depot.attempts == list(range(1, inbox.position("depot", source) + 1))


@pytest.mark.django_db(transaction=True)
class TestConcurrentDeliveries:
    def test_of_one_batch_apply_it_once(self, depot, parcel):
        events = [parcel(position) for position in range(1, 21)]
        outcomes = in_threads(4, lambda: receive(events))

        assert outcomes == [True] * 4
        assert shelved() == list(range(1, 21))

    def test_of_the_first_batch_ever_apply_it_once(self, depot, parcel):
        event = parcel(1)

        outcomes = in_threads(4, lambda: receive([event]))

        assert outcomes == [True] * 4
        assert shelved() == [1]
        assert Cursor.objects.count() == 1


@pytest.mark.django_db
class TestParking:
    def test_parks_what_fails_and_lets_the_others_go_on(self, depot, parcel):
        depot.refuses = {2}

        assert receive([parcel(1), parcel(2), parcel(3)])

        assert shelved() == [1, 3]
        assert parked() == [(2, 1)]
        assert inbox.position("depot", "post") == 3
        held = ParkedEvent.objects.get()
        assert held.reason == "Trouble: too heavy: 2"
        assert "shelve_parcel" in held.trace
        assert held.retry_at == NOW + timedelta(seconds=1)

    def test_leaves_nothing_of_a_failed_handler(self, depot, parcel):
        depot.refuses = {1}

        receive([parcel(1)])

        assert shelved() == []

    def test_parks_what_stands_behind_it_on_the_same_aggregate(self, depot, parcel):
        depot.refuses = {1}
        heavy = uuid4()

        receive([parcel(1, parcel_id=heavy), parcel(2), parcel(3, parcel_id=heavy)])
        receive([parcel(4, parcel_id=heavy), parcel(5)])

        assert shelved() == [2, 5]
        assert parked() == [(1, 1), (3, 0), (4, 0)]

    def test_parks_a_version_that_it_does_not_know(self, depot, parcel):
        receive([parcel(1, schema_version=ParcelSentOtherwise.VERSION), parcel(2)])

        assert shelved() == [2]
        assert ParkedEvent.objects.get().reason == "UnknownEvent: depot does not handle post.parcel_sent version 3"

    def test_parks_what_is_not_as_declared(self, depot, parcel):
        receive([parcel(1, payload={"parcel_id": "not an id", "weight": 1}), parcel(2)])

        assert shelved() == [2]
        assert ParkedEvent.objects.get().reason.startswith("MalformedEvent: post.parcel_sent version 1")


@pytest.mark.django_db
class TestRetryParked:
    def after(self, seconds):
        return inbox.retry_parked(at=NOW + timedelta(seconds=seconds))

    def test_waits_for_the_time(self, depot, parcel):
        depot.refuses = {1}
        receive([parcel(1)])
        depot.refuses = set()

        assert self.after(0.9) == 0
        assert self.after(1) == 1

        assert (shelved(), parked()) == ([1], [])

    def test_applies_those_behind_it_in_order(self, depot, parcel):
        depot.refuses = {1}
        heavy = uuid4()
        receive([parcel(1, parcel_id=heavy), parcel(2, parcel_id=heavy), parcel(3), parcel(4, parcel_id=heavy)])
        depot.refuses = set()

        assert self.after(1) == 3

        assert (shelved(), parked()) == ([3, 1, 2, 4], [])

    def test_stops_at_the_next_that_fails_and_gives_it_the_schedule(self, depot, parcel):
        depot.refuses = {1, 2}
        heavy = uuid4()
        receive([parcel(1, parcel_id=heavy), parcel(2, parcel_id=heavy), parcel(3, parcel_id=heavy)])
        depot.refuses = {2}

        assert self.after(1) == 1

        assert (shelved(), parked()) == ([1], [(2, 1), (3, 0)])
        assert ParkedEvent.objects.get(position=2).retry_at == NOW + timedelta(seconds=2)

    def test_doubles_the_pause_up_to_a_minute_and_gives_up_when_the_budget_is_spent(self, depot, parcel):
        depot.refuses = {1}
        receive([parcel(1)])
        pauses, at = [], NOW

        while (retry_at := ParkedEvent.objects.get().retry_at) is not None:
            pauses.append(round((retry_at - at).total_seconds()))
            at = retry_at
            inbox.retry_parked(at=at)

        assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]
        assert parked() == [(1, parking.BUDGET)]
        assert inbox.retry_parked(at=at + timedelta(days=1)) == 0

    def test_keeps_what_failed_with_the_database(self, depot, parcel):
        depot.refuses = {1}
        receive([parcel(1)])
        depot.loses_database = True

        with pytest.raises(OperationalError):
            self.after(1)

        assert parked() == [(1, 1)]

    def test_passes_over_a_consumer_that_is_no_longer_here(self, depot, parcel):
        depot.refuses = {1}
        receive([parcel(1)])
        ParkedEvent.objects.update(consumer="gone")

        assert self.after(1) == 0

        assert parked() == [(1, 1)]


class TestConsumer:
    def test_refuses_a_name_that_is_taken(self):
        with pytest.raises(ValueError, match="declared twice"):
            Consumer("depot")

    def test_refuses_a_second_handler_for_one_event(self):
        with pytest.raises(ValueError, match="twice"):
            consumer.handles(ParcelSent)(lambda event, received: None)
