"""Several parts of a log are followed beside each other, each aggregate in order; proves architecture, section 4."""

from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ficus.events import catch_up, cursors, feeds, inbox, log, options, tasks
from ficus.events.feeds import OwnFeed, RemoteFeed
from ficus.events.inbox import Batch
from ficus.events.models import RefusedMessage
from ficus.events.partitions import WHOLE, Partition, number_of, parts
from ficus.events.push import companions_of
from ficus.events.relay import Relay, outlets_to
from ficus.events.rpc import _message
from ficus.events.v1.event_log_pb2 import Batch as BatchMessage
from ficus.testing.broker import MemoryBroker
from tests.ficus.events.conftest import shelved, write
from tests.ficus.events.depot import consumer
from tests.ficus.events.parted import NOW, batches, configure, receive, where

pytestmark = pytest.mark.django_db


class TestPartition:
    def test_of_an_aggregate_is_the_same_for_ever(self):
        known = UUID("0199b4c2-6b1c-7c7e-8d52-2f2a4b1f9d10")

        assert [number_of(known, of) for of in (1, 2, 4, 64)] == [0, 1, 3, 47]

    @given(aggregate_id=st.uuids(), of=st.integers(1, 64))
    def test_holds_each_aggregate_once(self, aggregate_id, of):
        assert [part.number for part in parts(of) if part.holds(aggregate_id)] == [number_of(aggregate_id, of)]

    def test_is_the_whole_unless_settings_say_otherwise(self, settings):
        configure(settings, 3)

        assert (options.partitions("depot"), options.partitions("museum")) == (3, 1)


class TestReadingAPart:
    def test_gives_its_events_and_how_far_it_looked(self):
        write(*range(1, 41))
        everything = log.read(after=0, limit=100)

        found = [log.read_part(part, after=5, limit=100) for part in parts(4)]

        assert sorted(event.place() for events, _ in found for event in events) == list(range(6, 41))
        for part, (events, upto) in zip(parts(4), found, strict=True):
            assert upto == 40
            assert events == [event for event in everything[5:] if part.holds(event.aggregate_id)]

    def test_stops_where_it_has_enough(self):
        write(*range(1, 61))

        part = Partition(1, 2)

        events, upto = log.read_part(part, after=0, limit=2)

        everything = log.read(after=0, limit=60)
        assert [event for event in everything if event.place() <= upto and part.holds(event.aggregate_id)] == events
        assert len(events) <= 2
        assert upto <= 4 or upto == events[-1].place()

    def test_goes_on_past_a_stretch_without_events_of_its_own(self, monkeypatch):
        write(*range(1, 31))
        mine = next(part for part in parts(64) if not any(map(part.holds, ids(log.read(after=0, limit=30)))))

        assert log.read_part(mine, after=0, limit=2) == ([], 30)
        assert log.read_part(mine, after=30, limit=2) == ([], 30)

    def test_is_the_same_over_grpc_as_at_home(self, in_four, monkeypatch):
        monkeypatch.setattr(feeds, "BATCH", 3)
        write(*range(1, 41))

        for part in parts(4):
            at_home, over_grpc = list(OwnFeed().read(2, part)), list(RemoteFeed("post").read(2, part))
            assert [(each.previous, ids(each.events), each.upto) for each in at_home] == [
                (each.previous, ids(each.events), each.upto) for each in over_grpc
            ]
            assert at_home[-1].end == 40

    def test_is_sorted_out_by_the_reader_when_the_server_knows_of_no_parts(self, parcel):
        events = [parcel(position) for position in range(1, 9)]
        old = BatchMessage(previous=0, events=[_message(event) for event in events])

        read = [RemoteFeed("post")._batch(old, part) for part in parts(2)]

        assert sorted(event.place() for batch in read for event in batch.events) == list(range(1, 9))
        assert [(batch.previous, batch.end) for batch in read] == [(0, 8), (0, 8)]


def ids(events):
    return [event.aggregate_id for event in events]


class TestOutlets:
    @pytest.fixture
    def broker(self):
        return MemoryBroker()

    def relay(self, broker, outlets):
        return Relay(["depot"], broker).relay_once(outlets)

    def test_are_one_for_each_part_and_one_for_the_companions(self, in_four):
        outlets = outlets_to(["depot", "museum"], 7)

        named = [(outlet.consumer, outlet.part, outlet.position) for outlet in outlets]
        assert named == [
            *(("depot", part, 7) for part in parts(4)),
            (companions_of("depot"), WHOLE, 7),
            ("museum", WHOLE, 7),
        ]

    def test_push_to_each_part_its_own(self, in_four, broker):
        write(*range(1, 41))
        self.relay(broker, outlets_to(["depot"], 0))

        taken = [broker.take("depot", part) for part in parts(4)]

        assert sorted(event.place() for batch in taken for event in batch.events) == list(range(1, 41))
        for part, batch in zip(parts(4), taken, strict=True):
            assert (batch.part, batch.previous, batch.upto) == (part, 0, 40)
            assert all(map(part.holds, ids(batch.events)))
        assert len(broker.take(companions_of("depot")).events) == 40

    def test_wait_for_their_own_queue_alone(self, in_four, broker):
        outlets = outlets_to(["depot"], 0)
        write(*range(1, 41))
        self.relay(broker, outlets)
        broker.take("depot", Partition(2, 4))
        write(*range(1, 41))

        self.relay(broker, outlets)

        waiting = {part.number: broker.waiting("depot", part) for part in parts(4)}
        assert waiting == {0: 1, 1: 1, 2: 1, 3: 1}
        second = broker.take("depot", Partition(2, 4))
        assert (second.previous, second.upto) == (40, 80)

    def test_push_nothing_where_there_is_nothing_and_leave_no_gap(self, in_four, broker):
        outlets = outlets_to(["depot"], 0)
        write(*range(1, 2))
        self.relay(broker, outlets)
        [event] = log.read(after=0, limit=1)
        its_part = Partition(number_of(event.aggregate_id, 4), 4)
        write(*range(1, 41))

        assert [part for part in parts(4) if broker.waiting("depot", part)] == [its_part]
        self.relay(broker, outlets)

        others = [broker.take("depot", part) for part in parts(4) if part != its_part]
        assert {(batch.previous, batch.upto) for batch in others} == {(0, 41)}


class TestCursors:
    def test_move_each_by_itself_and_the_least_is_the_consumers_position(self, in_four, depot, parcel):
        events = [parcel(position) for position in range(1, 41)]
        pushed = batches(events, 4)

        receive(pushed[0], pushed[2])
        halfway = where(), inbox.position("depot", "post")
        receive(pushed[1], pushed[3])

        assert halfway == ([(0, 4, 40), (1, 4, 0), (2, 4, 40), (3, 4, 0)], 0)
        assert where() == [(number, 4, 40) for number in range(4)]
        assert sorted(shelved()) == list(range(1, 41))

    def test_reach_as_far_as_was_looked_without_an_event(self, in_four, depot):
        assert receive(Batch("post", 0, [], Partition(3, 4), 25)) == [True]

        assert where()[3] == (3, 4, 25)

    def test_do_not_move_by_what_is_cut_otherwise(self, in_four, depot, parcel):
        receive(Batch("post", 0, [], Partition(0, 4), 2))
        events = [parcel(position) for position in range(3, 9)]

        outcome = receive(*batches(events, 2), Batch("post", 0, events))

        assert (outcome, shelved()) == ([False] * 3, [])


class TestMessages:
    @pytest.fixture
    def over_the_wire(self):
        def make(batch, **changes):
            return {
                "consumer": "depot",
                "source": batch.source,
                "previous": batch.previous,
                "events": [tasks_json(event) for event in batch.events],
                "partition": batch.part.number,
                "of": batch.part.of,
                "upto": batch.upto,
            } | changes

        return make

    def test_of_a_part_move_its_cursor(self, in_four, depot, parcel, over_the_wire):
        events = [parcel(position) for position in range(1, 9)]

        for batch in batches(events, 4):
            tasks.receive_batch(**over_the_wire(batch))

        assert sorted(shelved()) == list(range(1, 9))
        assert where() == [(number, 4, 8) for number in range(4)]

    @pytest.mark.parametrize("of", [1, 2])
    def test_that_are_cut_otherwise_have_the_log_pulled_instead(self, in_four, depot, over_the_wire, of):
        write(*range(1, 13))
        stretch = log.read(after=0, limit=12)
        own = options.source()

        batch = Batch(own, 0, [e for e in stretch if Partition(0, of).holds(e.aggregate_id)], Partition(0, of), 12)
        tasks.receive_batch(**over_the_wire(batch, source=own))

        assert sorted(shelved()) == list(range(1, 13))
        assert not RefusedMessage.objects.exists()

    def test_of_a_producer_that_knows_of_no_parts_are_the_whole(self, depot, parcel, settings):
        settings.EVENTS = {**settings.EVENTS, "FEEDS": {"post": "post:1"}}
        event = parcel(1)

        tasks.receive_batch(consumer="depot", source="post", previous=0, events=[tasks_json(event)])

        assert shelved() == [1]

    def test_for_the_companions_are_not_for_the_consumer(self, in_four, depot, parcel, over_the_wire):
        tasks.receive_batch(**over_the_wire(Batch("post", 0, [parcel(1)]), consumer=companions_of("depot")))

        assert (shelved(), RefusedMessage.objects.count()) == ([], 0)


def tasks_json(event):
    return orjson.loads(orjson.dumps(event))


class TestPull:
    def test_takes_every_part(self, in_four, depot, monkeypatch):
        monkeypatch.setattr(feeds, "BATCH", 3)
        write(*range(1, 41))

        catch_up.pull(consumer, "post")

        assert sorted(shelved()) == list(range(1, 41))
        assert min(position for _, _, position in where()) >= 40

    def test_takes_one_part_if_asked_to(self, in_four, depot):
        write(*range(1, 41))
        mine = [e.payload["weight"] for e in log.read(after=0, limit=40) if Partition(1, 4).holds(e.aggregate_id)]

        catch_up.pull(consumer, "post", Partition(1, 4))

        assert shelved() == mine

    def test_leaves_a_part_to_somebody_who_is_faster(self, in_four, depot, monkeypatch):
        monkeypatch.setattr(feeds, "BATCH", 2)
        write(*range(1, 41))
        part = Partition(0, 4)
        pulled = feeds.OwnFeed().read
        taken = []

        def overtaken(after, part=WHOLE):
            for batch in pulled(after, part):
                batch = Batch("post", batch.previous, batch.events, batch.part, batch.upto)
                inbox.receive(consumer, batch, at=NOW)
                taken.append(batch)
                yield batch

        monkeypatch.setattr(catch_up, "feed", lambda source: type("Feed", (), {"read": staticmethod(overtaken)}))

        catch_up.pull(consumer, "post", part, patience=2)

        assert len(taken) == 2

    def test_in_the_relay_process_takes_over_the_number_that_settings_say_once(self, in_four, depot, settings):
        write(*range(1, 9))
        catch_up.pull(consumer, "post")
        configure(settings, 2)
        chores = [catch_up.CatchUp(consumer, "post", part) for part in parts(2)]

        for chore in chores:
            chore.run()
        taken_over = [partitions for _, partitions, _ in where()]
        cursors.adopt("depot", "post", 4)  # by a newer process
        for chore in chores:
            chore.run()

        assert (taken_over, [partitions for _, partitions, _ in where()]) == ([2, 2], [4] * 4)
        assert sorted(shelved()) == list(range(1, 9))


class TestLocks:
    @pytest.fixture
    def locked(self, monkeypatch):
        calls = []
        monkeypatch.setattr(consumer, "locker", lambda events: calls.append([event.weight for event, _ in events]))
        return calls

    def test_are_taken_first_for_all_that_a_transaction_may_apply(self, in_four, depot, parcel, locked, monkeypatch):
        monkeypatch.setattr(inbox, "TOGETHER", 3)
        mine = [event for event in map(parcel, range(1, 60)) if Partition(2, 4).holds(event.aggregate_id)][:5]
        weights = [event.payload["weight"] for event in mine]
        unread = parcel(60, payload={"weight": 1}, aggregate_id=mine[0].aggregate_id)

        receive(Batch("post", 0, [*mine, unread], Partition(2, 4), 60))

        assert locked[0] == weights[:3]
        assert locked[1] == weights[3:]
        assert depot.attempts[: len(weights)] == weights

    def test_are_not_needed_by_who_follows_the_whole(self, depot, parcel, locked):
        receive(Batch("post", 0, [parcel(1)]))

        assert (locked, shelved()) == ([], [1])
