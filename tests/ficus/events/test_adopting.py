"""A consumer goes over to another number of parts and applies each event once; proves architecture, section 4."""

import threading
from datetime import timedelta
from itertools import islice
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as thoroughly
from hypothesis import strategies as st

from ficus.events import catch_up, cursors, decisions, inbox
from ficus.events.inbox import Batch
from ficus.events.models import Cursor, ParkedEvent
from ficus.events.partitions import number_of
from tests.ficus.events.conftest import shelved, write
from tests.ficus.events.depot import consumer
from tests.ficus.events.parted import NOW, batches, configure, receive, where
from tests.ficus.events.threads import in_threads

pytestmark = pytest.mark.django_db


class TestAdopting:
    @pytest.mark.parametrize(("before", "after"), [(1, 4), (4, 1), (4, 3)])
    def test_another_number_begins_at_the_least_and_applies_nothing_twice(self, depot, parcel, settings, before, after):
        configure(settings, before)
        events = [parcel(position) for position in range(1, 41)]
        receive(*batches(events[:10], before))
        receive(batches(events, before, previous=10)[0])

        assert cursors.adopt("depot", "post", after)
        begun = where()
        receive(*batches(events, after))

        least = 40 if before == 1 else 10
        assert begun == [(number, after, least) for number in range(after)]
        assert where() == [(number, after, 40) for number in range(after)]
        assert sorted(depot.attempts) == list(range(1, 41))
        assert [cursor.passed for cursor in Cursor.objects.all()] == [[]] * after

    def test_the_number_it_has_changes_nothing(self, in_four, depot, parcel):
        receive(*batches([parcel(1)], 4))

        assert not cursors.adopt("depot", "post", 4)
        assert not cursors.adopt("depot", "never followed", 4)

        assert where() == [(number, 4, 1) for number in range(4)]

    def test_keeps_parked_aggregates_waiting_and_what_was_dropped_dropped(self, depot, parcel, settings):
        configure(settings, 4)
        heavy, broken = uuid4(), uuid4()
        depot.refuses = {100, 200}
        first = [parcel(1, parcel_id=heavy, weight=100), parcel(2, parcel_id=broken, weight=200)]
        more = [parcel(position) for position in range(3, 20)]
        receive(*[batch for batch in batches([*first, *more], 4) if batch.events])
        lagging = next(number for number in range(4) if number not in (number_of(heavy, 4), number_of(broken, 4)))
        Cursor.objects.filter(partition=lagging).update(position=0)
        decisions.drop(ParkedEvent.objects.get(aggregate_id=broken), by="olga", at=NOW, reason="it is broken")
        depot.refuses = set()

        cursors.adopt("depot", "post", 1)
        receive(Batch("post", 0, [*first, *more, parcel(20, parcel_id=heavy, weight=101)]))
        waiting = list(ParkedEvent.objects.order_by("position").values_list("position", "attempts"))
        inbox.retry_parked(at=NOW + timedelta(seconds=2))

        assert waiting == [(1, 1), (20, 0)]
        assert [weight for weight in shelved() if weight >= 100] == [100, 101]

    @thoroughly(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(moves=st.lists(st.tuples(st.integers(1, 5), st.integers(0, 4), st.integers(1, 30)), max_size=12))
    def test_again_and_again_while_events_flow_applies_each_once_and_in_order(self, depot, parcel, moves):
        source, shelves = f"post-{uuid4()}", [uuid4() for _ in range(6)]
        events = [parcel(place, source=source, parcel_id=shelves[place * 7 % 6]) for place in range(1, 31)]
        depot.reset()
        for of, number, upto in [*moves, *((1, 0, 30),)]:
            cursors.adopt("depot", source, of)
            part = cursors.parts_of("depot", source)[number % len(cursors.parts_of("depot", source))]
            start = cursors.position("depot", source, part)
            mine = [event for event in events if start < event.place() <= upto and part.holds(event.aggregate_id)]
            if upto > start:
                inbox.receive(consumer, Batch(source, start, mine, part, upto), at=NOW)
        told = depot.attempts

        assert sorted(told) == list(range(1, 31))
        for shelf in range(6):
            mine = [place for place in told if place * 7 % 6 == shelf]
            assert mine == sorted(mine)


@pytest.mark.django_db(transaction=True)
class TestAdoptingMeanwhile:
    def test_others_pull_and_write_applies_each_once_and_in_order(self, in_four, depot):
        shelves = [uuid4() for _ in range(8)]
        written = [0] * len(shelves)
        over, numbers = threading.Event(), iter(range(1, 81))

        def grow():
            facts = []
            for weight in islice(numbers, 8):
                shelf = weight * 3 % 8
                written[shelf] += 1
                facts.append((weight, shelves[shelf], written[shelf]))
            write(*facts)

        def pull():
            while not over.is_set():
                catch_up.pull(consumer, "post", patience=3)

        def repartition():
            try:
                for of in (4, 1, 3, 4, 1, 2, 4, 1, 4, 2):
                    grow()
                    catch_up.pull(consumer, "post")
                    cursors.adopt("depot", "post", of)
            finally:
                over.set()

        work = iter([repartition, pull, pull])
        in_threads(3, lambda: next(work)())
        catch_up.pull(consumer, "post")

        # What two try at once one of them takes back, so what stands in the log is what counts.
        weights = shelved()
        assert sorted(weights) == list(range(1, 81))
        for shelf in range(8):
            mine = [weight for weight in weights if weight * 3 % 8 == shelf]
            assert mine == sorted(mine)
