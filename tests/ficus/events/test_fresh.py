"""Fresh events overtake a backlog, each once and in order on its aggregate; docs/adr, and semantics, section 8."""

from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as thoroughly
from hypothesis import strategies as st

from ficus.events import catch_up, cursors, feeds, fresh, inbox, log, relay, sequencer
from ficus.events.feeds import OwnFeed, RemoteFeed
from ficus.events.inbox import Batch
from ficus.events.models import AppliedAhead, Cursor, ParkedEvent
from ficus.events.partitions import WHOLE, Partition, parts
from ficus.events.projection import Projection
from ficus.testing.broker import MemoryBroker
from tests.ficus.events.conftest import write
from tests.ficus.events.depot import ParcelSent, ParcelWeighed, consumer

pytestmark = pytest.mark.django_db

NOW = timezone.now()
TYPES = [ParcelSent.TYPE]


@pytest.fixture(autouse=True)
def post(settings, monkeypatch, depot):
    """The own log as the post's, of which the depot is far behind when it lacks more than five events."""
    settings.EVENTS = {**settings.EVENTS, "FEEDS": {"post": "post:1"}, "FAR_BEHIND": 5}
    settings.RPC = {"UPSTREAMS": {"post": "local"}, "SERVICERS": ["ficus.events.rpc.EventLogServicer"]}
    monkeypatch.setattr(fresh, "EVERY_SECONDS", 0)


def backlog(count):
    write(*range(1, count + 1))
    return Batch("post", 0, [], newest=log.last_position())


def catch_up_wholly():
    catch_up.pull(consumer, "post")


class TestLane:
    def test_serves_what_comes_after_it_was_opened_and_the_cursor_passes_over_it(self, depot):
        behind = backlog(20)
        fresh.serve(consumer, behind)
        write(101, 102)

        served = fresh.serve(consumer, behind)
        first = list(depot.attempts)
        catch_up_wholly()

        assert (served, first) == (2, [101, 102])
        assert depot.attempts == [101, 102, *range(1, 21)]
        assert (AppliedAhead.objects.count(), Cursor.objects.get().ahead) == (0, None)

    def test_serves_it_once(self, depot):
        behind = backlog(20)
        fresh.serve(consumer, behind)
        write(101)
        fresh.serve(consumer, behind)

        fresh.serve(consumer, behind)

        assert depot.attempts == [101]

    def test_keeps_the_order_of_each_aggregate(self, depot):
        old, new, known = uuid4(), uuid4(), uuid4()
        write((1, known, 1))
        catch_up_wholly()
        depot.reset()
        write((2, old, 1))
        behind = backlog(20)
        fresh.serve(consumer, behind)
        write((201, new, 1), (202, old, 2), (203, known, 2))
        fresh.serve(consumer, behind)
        write((204, new, 2), (205, old, 3), (206, known, 3))

        fresh.serve(consumer, behind)
        ahead = list(depot.attempts)
        catch_up_wholly()

        assert ahead == [201, 203, 204, 206]
        assert depot.attempts[4:] == [2, *range(1, 21), 202, 205]

    def test_takes_nothing_whose_predecessor_is_not_to_be_found(self, depot):
        behind = backlog(20)
        fresh.serve(consumer, behind)
        write((201, uuid4(), 7))

        assert fresh.serve(consumer, behind) == 0

    def test_waits_for_nothing_that_is_not_handled(self, depot):
        known = uuid4()
        with transaction.atomic():
            log.append(ParcelWeighed(parcel_id=known), version=1)
        behind = backlog(20)
        fresh.serve(consumer, behind)
        write((101, known, 2))

        assert fresh.serve(consumer, behind) == 1

    def test_takes_nothing_behind_a_parked_event(self, depot):
        heavy = uuid4()
        write((66, heavy, 1))
        depot.refuses = {66}
        catch_up_wholly()
        behind = backlog(20)
        fresh.serve(consumer, behind)
        write((67, heavy, 2))

        served = fresh.serve(consumer, behind)
        catch_up_wholly()

        assert served == 0
        assert list(ParkedEvent.objects.order_by("position").values_list("attempts", flat=True)) == [1, 0]

    def test_leaves_what_fails_for_its_turn_and_takes_the_others(self, depot):
        heavy = uuid4()
        behind = backlog(20)
        fresh.serve(consumer, behind)
        depot.refuses = {66}
        write(101, (66, heavy, 1), 102, (67, heavy, 2))

        served = fresh.serve(consumer, behind)
        nothing_parked = not ParkedEvent.objects.exists()
        depot.reset()
        catch_up_wholly()

        assert (served, nothing_parked) == (2, True)
        assert depot.attempts == [*range(1, 21), 66, 67]

    def test_begins_anew_at_the_end_when_it_is_far_behind_itself(self, depot):
        behind = backlog(20)
        fresh.serve(consumer, behind)
        write(*range(101, 121))
        behind = Batch("post", 0, [], newest=log.last_position())
        fresh.serve(consumer, behind)
        write(201)

        fresh.serve(consumer, behind)

        assert depot.attempts == [201]

    @pytest.mark.parametrize("number", [1, 4])
    def test_is_served_while_a_backlog_is_pulled(self, depot, monkeypatch, settings, number):
        settings.EVENTS = {**settings.EVENTS, "PARTITIONS": {"depot": number}}
        monkeypatch.setattr(inbox, "TRANSACTION_SECONDS", 0)
        monkeypatch.setattr(feeds, "BATCH", 4)
        backlog(40)
        read_some, written = RemoteFeed.read_some, iter(range(101, 104))

        def come(self, *asked):
            for weight in written:
                write(weight)
                break
            return read_some(self, *asked)

        monkeypatch.setattr(RemoteFeed, "read_some", come)

        catch_up_wholly()

        assert sorted(depot.attempts) == [*range(1, 41), 101, 102, 103]
        if number == 1:
            assert depot.attempts[:7] == [1, 101, 2, 102, 3, 103, 4]
        assert (AppliedAhead.objects.count(), {cursor.ahead for cursor in Cursor.objects.all()}) == (0, {None})

    def test_is_not_opened_for_a_projection_nor_for_one_who_is_near(self, monkeypatch):
        served = []
        monkeypatch.setattr(fresh, "serve", lambda *given: served.append(given))
        shelf = Projection.__new__(Projection)

        fresh.Lane(shelf, Batch("post", 0, [], newest=20)).serve_now_and_then()
        fresh.Lane(consumer, Batch("post", 0, [], upto=15, newest=20)).serve_now_and_then()
        fresh.Lane(consumer, Batch("post", 0, [], upto=14, newest=20)).serve_now_and_then()

        assert len(served) == 1

    def test_stays_open_when_the_end_is_near(self, depot):
        fresh.serve(consumer, backlog(20))
        write(101)
        near = Batch("post", 18, [], upto=19, newest=21)

        fresh.Lane(consumer, near).serve_now_and_then()

        assert depot.attempts == [101]

    @thoroughly(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        steps=st.lists(
            st.one_of(
                st.tuples(st.just("serve"), st.integers(1, 8)),
                st.tuples(st.just("apply"), st.integers(1, 8)),
                st.tuples(st.just("write"), st.integers(1, 8)),
                st.tuples(st.just("adopt"), st.integers(1, 4)),
            ),
            max_size=30,
        ),
    )
    def test_applies_each_once_and_in_order_however_it_alternates(self, depot, parcel, steps, monkeypatch):
        source, shelves = f"post-{uuid4()}", [uuid4() for _ in range(9)]
        written, counts = [], [0] * 9
        depot.reset()

        def grow(count):
            for place in range(len(written) + 1, len(written) + count + 1):
                shelf = place * place % 9
                counts[shelf] += 1
                written.append(parcel(place, source=source, parcel_id=shelves[shelf], aggregate_version=counts[shelf]))

        class Post:
            def read_some(self, after, part, limit, types):
                events = written[after : after + limit]
                mine = [event for event in events if part.holds(event.aggregate_id)]
                before = {}
                for event in written:
                    earlier = [e.place() for e in written[: event.place() - 1] if e.aggregate_id == event.aggregate_id]
                    before[event.place()] = max(earlier, default=0)
                return Batch(source, after, mine, part, events[-1].place(), len(written), before) if events else None

        monkeypatch.setattr(fresh, "feed", lambda _: Post())
        grow(12)
        for what, number in [*steps, ("adopt", 1), ("apply", 1000)]:
            its_parts = cursors.parts_of("depot", source)
            part = its_parts[number % len(its_parts)]
            start = cursors.position("depot", source, part)
            if what == "write":
                grow(number)
            elif what == "adopt":
                cursors.adopt("depot", source, number)
            elif what == "serve":
                fresh.serve(consumer, Batch(source, start, [], part, start, len(written)))
            elif start < len(written):
                stretch = written[start : start + number]
                mine = [event for event in stretch if part.holds(event.aggregate_id)]
                inbox.receive(consumer, Batch(source, start, mine, part, stretch[-1].place()), at=NOW)

        assert sorted(depot.attempts) == list(range(1, len(written) + 1))
        for shelf in range(9):
            mine = [place for place in depot.attempts if place * place % 9 == shelf]
            assert mine == sorted(mine)
        assert not AppliedAhead.objects.filter(source=source).exists()


class TestFollows:
    def test_is_the_same_over_grpc_as_at_home(self):
        known, lost = uuid4(), uuid4()
        write((1, known, 1), (2, uuid4(), 1), (3, known, 2), (4, lost, 5), (5, known, 3))

        at_home, over_grpc = OwnFeed().read_some(1, WHOLE, 10, TYPES), RemoteFeed("post").read_some(1, WHOLE, 10, TYPES)

        assert at_home.follows == over_grpc.follows == {2: 0, 3: 1, 5: 3}
        assert at_home.newest == over_grpc.newest == 5

    def test_is_said_of_one_part_and_no_more_than_was_asked_for(self):
        backlog(20)

        read = [RemoteFeed("post").read_some(0, part, 3, TYPES) for part in parts(2)]

        assert all(len(batch.events) <= 3 and set(batch.follows.values()) <= {0} for batch in read)
        assert all(part.holds(e.aggregate_id) for part, batch in zip(parts(2), read, strict=True) for e in batch.events)

    def test_is_not_read_when_nobody_asks(self):
        backlog(3)

        assert [batch.follows for batch in RemoteFeed("post").read(0)] == [{}]
        assert RemoteFeed("post").read_some(3, Partition(), 3, TYPES) is None


class TestOutlet:
    def test_pushes_the_end_of_the_log_to_who_is_far_behind(self, monkeypatch):
        monkeypatch.setattr(sequencer, "BATCH", 4)
        broker, outlet = MemoryBroker(), relay.Outlet("depot", 0)
        backlog(20)

        outlet.push_next(broker, 20)

        pushed = broker.take("depot")
        assert (pushed.previous, [event.place() for event in pushed.events]) == (16, [17, 18, 19, 20])

    def test_pushes_what_is_next_to_who_is_near(self, monkeypatch):
        monkeypatch.setattr(sequencer, "BATCH", 4)
        broker, outlet = MemoryBroker(), relay.Outlet("depot", 15)
        backlog(20)

        outlet.push_next(broker, 20)

        assert broker.take("depot").previous == 15


def test_reading_in_batches_says_where_the_log_ends(monkeypatch):
    monkeypatch.setattr(feeds, "BATCH", 8)
    backlog(20)

    assert [batch.newest for batch in RemoteFeed("post").read(0)] == [20, 20, 20]
