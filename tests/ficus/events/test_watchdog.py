"""A worker that hears nothing is told from one that has nothing to hear."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ficus.events import options, watchdog
from ficus.events.consumer import Consumer
from ficus.events.models import Cursor
from ficus.events.projection import Projection
from ficus.events.watchdog import Ears, Pace

QUEUE, CLOCK = "events.depot", "tasks.depot"


@pytest.fixture
def clock(monkeypatch):
    """The time that a test makes pass: ``clock[0] += seconds``."""
    now = [1000.0]
    monkeypatch.setattr(watchdog.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def ears(clock):
    return Ears([QUEUE, CLOCK])


class TestEars:
    def test_are_deaf_when_something_waits_for_long_and_nothing_is_taken(self, ears, clock):
        clock[0] += options.deaf_after_seconds() + 1

        assert ears.look({QUEUE: 2, CLOCK: 0}) == "it takes nothing, although 2 wait in events.depot for 11 s"

    def test_are_not_while_nothing_waits(self, ears, clock):
        clock[0] += 100
        ears.look({QUEUE: 0, CLOCK: 0})
        clock[0] += options.deaf_after_seconds() - 1

        assert ears.look({QUEUE: 1, CLOCK: 1}) == ""

    def test_are_not_while_a_task_runs_nor_right_after_a_long_one(self, ears, clock):
        ears.begin(QUEUE)
        clock[0] += 100
        busy = ears.look({QUEUE: 1, CLOCK: 1})
        ears.end()

        assert (busy, ears.look({QUEUE: 1, CLOCK: 1})) == ("", "")

    def test_are_deaf_to_one_queue_while_ticks_come_from_another(self, ears, clock):
        for _ in range(20):
            clock[0] += 1
            ears.begin(CLOCK)
            ears.end()

        assert "wait in events.depot for 20 s" in ears.look({QUEUE: 1, CLOCK: 0})

    def test_are_excused_while_redis_is_away(self, ears, clock):
        clock[0] += 100
        ears.excuse()

        assert ears.look({QUEUE: 1, CLOCK: 1}) == ""

    def test_are_found_deaf_within_half_a_minute(self):
        looks = options.deaf_after_seconds() / watchdog._LOOKS

        assert options.deaf_after_seconds() + 3 * looks < 30


class TestPace:
    def cursor(self, position, pulled_for=None):
        now = timezone.now()
        since = None if pulled_for is None else now - timedelta(seconds=pulled_for)
        return Cursor(consumer="depot", source="post", position=position, moved_at=now, pulled_since=since)

    def look(self, *cursors, working=False):
        pace = Pace()
        return [pace.look([cursor], working=working) for cursor in cursors][-1]

    def test_is_found_when_a_cursor_that_was_pushed_moves_by_pull_alone(self):
        assert self.look(self.cursor(1), self.cursor(2, 20)) == "depot at post/0 is moved by pull alone for 20 s"

    def test_is_found_though_the_worker_looked_only_when_its_pushes_had_ended(self):
        pace = Pace()
        pace.serve("depot", "post", 0)

        found = [pace.look([self.cursor(position, 20)], working=False) for position in (1, 2)]

        assert found == ["", "depot at post/0 is moved by pull alone for 20 s"]

    @pytest.mark.parametrize(
        "cursors",
        [[(1, None), (2, 5)], [(1, None), (1, 20)], [(1, 20), (2, 21)], [(1, None), (2, None)]],
        ids=["not for long", "it stands still", "it was never pushed", "it is pushed"],
    )
    def test_is_none_otherwise(self, cursors):
        assert self.look(*(self.cursor(*each) for each in cursors)) == ""

    def test_is_none_while_a_task_may_be_pulling(self):
        assert self.look(self.cursor(1), self.cursor(2, 20), working=True) == ""


@pytest.mark.django_db
class TestCursors:
    def test_are_those_of_consumers_and_not_of_projections(self, monkeypatch):
        monkeypatch.setattr("ficus.events.consumer._consumers", {})
        served, shown = Consumer("depot"), Projection("depot.weights", rows=[])
        for name in (served.name, shown.name, "nobody"):
            Cursor.objects.create(consumer=name, source=options.source())

        assert [cursor.consumer for cursor in watchdog._cursors()] == [served.name]
