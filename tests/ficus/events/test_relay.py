"""The relay pushes in order, only to empty queues, and outlives outages; proves architecture, section 4."""

import threading
from uuid import uuid4

import pytest
from django.db import OperationalError, transaction

from ficus.events import log, relay
from ficus.events.election import Candidate
from ficus.events.pace import LONGEST_SECONDS, SHORTEST_SECONDS
from ficus.events.relay import FULL_SECONDS, Outlet, Relay, Rest
from ficus.testing.broker import MemoryBroker
from ficus.testing.events import sequence
from tests.ficus.events.depot import ParcelSent
from tests.ficus.events.redis_server import wait_until

pytestmark = pytest.mark.django_db


@pytest.fixture
def broker():
    return MemoryBroker()


@pytest.fixture
def outlet():
    return Outlet("depot", 0)


@pytest.fixture
def running(broker):
    return Relay(["depot"], broker)


def append(*weights):
    with transaction.atomic():
        log.append_many([(ParcelSent(parcel_id=uuid4(), weight=weight), 1) for weight in weights])


def taken(broker, consumer="depot"):
    batch = broker.take(consumer)
    return batch.previous, [(each.position, each.payload["weight"]) for each in batch.events]


class TestRelayOnce:
    def test_pushes_what_was_committed_in_its_order(self, running, broker, outlet):
        append(10, 20)
        append(30)

        rest = running.relay_once([outlet])

        assert SHORTEST_SECONDS <= rest.seconds <= LONGEST_SECONDS
        assert rest.until_poked
        assert taken(broker) == (0, [(1, 10), (2, 20), (3, 30)])

    def test_rests_when_there_is_nothing_new(self, running, broker, outlet):
        append(10)
        running.relay_once([outlet])

        assert running.relay_once([outlet]) == Rest(0, until_poked=True)

        assert len(broker.queues["depot"]) == 1

    def test_keeps_back_what_a_busy_consumer_has_no_time_for_and_pushes_it_as_one(self, running, broker, outlet):
        append(10)
        running.relay_once([outlet])
        append(20)
        busy = running.relay_once([outlet])
        append(30)
        running.relay_once([outlet])

        first = taken(broker)
        running.relay_once([outlet])

        assert busy == Rest(FULL_SECONDS, until_poked=False)
        assert (first, taken(broker)) == ((0, [(1, 10)]), (1, [(2, 20), (3, 30)]))

    def test_pushes_no_more_than_a_batch_at_once(self, running, broker, outlet, monkeypatch):
        monkeypatch.setattr(relay.sequencer, "BATCH", 2)
        append(10, 20, 30)

        rest = running.relay_once([outlet])
        first = taken(broker)
        running.relay_once([outlet])

        assert not rest.until_poked
        assert (first, taken(broker)) == ((0, [(1, 10), (2, 20)]), (2, [(3, 30)]))

    def test_serves_each_consumer_at_its_own_pace(self, running, broker, outlet):
        other = Outlet("museum", 0)
        append(10)
        running.relay_once([outlet, other])
        append(20)
        taken(broker, "museum")

        running.relay_once([outlet, other])

        assert taken(broker, "museum") == (1, [(2, 20)])
        assert len(broker.queues["depot"]) == 1

    def test_goes_on_giving_positions_while_the_broker_is_away(self, running, broker, outlet):
        broker.away = True
        append(10)

        assert running.relay_once([outlet]) == Rest(0, until_poked=True)

        assert log.last_position() == 1
        assert broker.queues == {}

    def test_pushes_what_it_could_not_when_the_broker_is_back(self, running, broker, outlet, monkeypatch):
        monkeypatch.setattr(relay, "AWAY_SECONDS", 0)
        broker.away = True
        append(10)
        running.relay_once([outlet])
        broker.away = False

        running.relay_once([outlet])

        assert taken(broker) == (0, [(1, 10)])

    def test_leaves_an_absent_broker_alone_for_a_while(self, running, broker, outlet):
        broker.away = True
        append(10)
        running.relay_once([outlet])
        broker.away = False

        running.relay_once([outlet])

        assert broker.queues == {}

    def test_pushes_again_what_may_not_have_arrived(self, running, broker, outlet, monkeypatch):
        monkeypatch.setattr(relay, "AWAY_SECONDS", 0)
        broker.loses_answers = True
        append(10)
        running.relay_once([outlet])
        broker.loses_answers = False
        first = taken(broker)

        running.relay_once([outlet])

        assert first == taken(broker) == (0, [(1, 10)])


@pytest.mark.django_db(transaction=True)
class TestRun:
    @pytest.fixture
    def thread(self, running):
        thread = threading.Thread(target=running.run)
        yield thread
        running.stop()
        thread.join(5)

    def test_pushes_what_comes_after_its_start_and_ends_when_told_to(self, running, broker, thread):
        append(10)
        sequence()
        thread.start()
        self.write_until_pushed(broker)
        running.stop()
        thread.join(5)

        batch = broker.take("depot")
        assert batch.previous >= 1
        first = batch.previous + 1
        assert [each.position for each in batch.events] == list(range(first, first + len(batch.events)))
        assert not thread.is_alive()

    def test_outlives_an_outage_of_the_database(self, running, broker, thread, monkeypatch):
        monkeypatch.setattr(relay, "AWAY_SECONDS", 0.01)
        failures = [OperationalError("the database went away")] * 3
        win = Candidate.win
        monkeypatch.setattr(Candidate, "win", lambda candidate: fail(failures) or win(candidate))
        thread.start()

        self.write_until_pushed(broker)

        assert (failures, thread.is_alive()) == ([], True)

    def test_stands_by_while_another_relay_is_at_work(self, running, broker, thread, monkeypatch):
        monkeypatch.setattr(relay, "POLL_SECONDS", 0.01)
        locks = [False, False, True]
        monkeypatch.setattr(Candidate, "win", lambda candidate: locks.pop(0))
        thread.start()

        self.write_until_pushed(broker)

        assert locks == []

    def write_until_pushed(self, broker):
        """What was written before a relay begins is left to be pulled, so write until it has begun."""
        wait_until(lambda: append(20) or broker.queues.get("depot"))


def fail(failures):
    if failures:
        raise failures.pop()
