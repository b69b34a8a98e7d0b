"""The breaker's rules one by one; semantics section 1. How they work together is in ``test_breaker_model``."""

from typing import Any

import pytest

from ficus.resilience.breaker import Breaker, Permit, Rejected, State


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Scene:
    """A breaker with a clock that stands still, and what it announced."""

    def __init__(self, jitter: float = 0.5) -> None:
        self.clock = Clock()
        self.moves: list[tuple[State, State, str]] = []
        self.breaker = Breaker("users", clock=self.clock, jitter=lambda: jitter, announce=self._announce)

    def _announce(self, name: str, before: State, after: State, reason: str) -> None:
        self.moves.append((before, after, reason))

    def calls(self, number: int, **outcome: Any) -> None:
        for _ in range(number):
            self.call(**outcome)

    def call(self, *, failed: bool = False, connecting: bool = False, seconds: float = 0.0) -> None:
        permit = self.breaker.admit(timeout=1.0)
        self.clock.now += seconds
        if failed:
            permit.fail(connecting=connecting)
        else:
            permit.succeed()

    def opened(self) -> "Scene":
        self.calls(5, failed=True, connecting=True)
        return self

    def half_open(self) -> "Scene":
        self.opened().clock.now += 5
        return self

    def retry_after(self) -> float:
        with pytest.raises(Rejected) as caught:
            self.breaker.admit(timeout=1.0)
        return caught.value.retry_after


class TestClosed:
    def test_stays_closed_below_twenty_calls(self) -> None:
        scene = Scene()

        scene.calls(19, failed=True)

        assert scene.breaker.state is State.CLOSED

    def test_opens_when_half_of_twenty_calls_failed(self) -> None:
        scene = Scene()
        scene.calls(10)

        scene.calls(10, failed=True)

        assert scene.moves == [(State.CLOSED, State.OPEN, "10 of 20 calls failed")]

    def test_opens_when_four_in_five_calls_were_slow(self) -> None:
        scene = Scene()
        slow = [scene.breaker.admit(timeout=1.0) for _ in range(16)]
        scene.clock.now += 0.81
        scene.calls(4)

        for permit in slow:
            permit.succeed()

        assert scene.moves == [(State.CLOSED, State.OPEN, "16 of 20 calls were slow")]

    def test_forgets_what_is_older_than_ten_seconds(self) -> None:
        scene = Scene()
        scene.calls(19, failed=True)
        scene.clock.now += 10

        scene.calls(1, failed=True)

        assert scene.breaker.state is State.CLOSED

    def test_opens_at_once_after_five_connect_failures_in_a_row(self) -> None:
        scene = Scene()

        scene.calls(5, failed=True, connecting=True)

        assert scene.moves == [(State.CLOSED, State.OPEN, "5 connect failures in a row")]

    def test_counts_no_call_that_the_caller_is_to_blame_for(self) -> None:
        scene = Scene()
        for _ in range(100):
            scene.breaker.admit(timeout=1.0).decline()

        scene.calls(20, failed=True)

        assert scene.moves == [(State.CLOSED, State.OPEN, "20 of 20 calls failed")]

    def test_an_answer_that_blames_the_caller_ends_the_row(self) -> None:
        scene = Scene()
        scene.calls(4, failed=True, connecting=True)
        scene.breaker.admit(timeout=1.0).decline()

        scene.calls(4, failed=True, connecting=True)

        assert scene.breaker.state is State.CLOSED

    def test_a_connection_that_succeeds_ends_the_row(self) -> None:
        scene = Scene()
        scene.calls(4, failed=True, connecting=True)
        scene.calls(1)

        scene.calls(4, failed=True, connecting=True)

        assert scene.breaker.state is State.CLOSED


class TestOpen:
    def test_says_when_to_come_back(self) -> None:
        scene = Scene().opened()
        scene.clock.now += 2

        assert scene.retry_after() == 3.0

    @pytest.mark.parametrize(("jitter", "seconds"), [(0.0, 4.0), (0.5, 5.0), (1.0, 6.0)])
    def test_varies_its_time_by_a_fifth(self, jitter: float, seconds: float) -> None:
        assert Scene(jitter).opened().retry_after() == pytest.approx(seconds)

    def test_doubles_its_time_at_each_reopening_up_to_a_minute(self) -> None:
        scene = Scene().opened()
        times = []

        for _ in range(6):
            times.append(scene.retry_after())
            scene.clock.now += times[-1]
            scene.call(failed=True)

        assert times == [5, 10, 20, 40, 60, 60]

    def test_starts_again_at_five_seconds_after_a_minute_of_health(self) -> None:
        scene = Scene().half_open()
        scene.call(failed=True)
        scene.clock.now += 10
        scene.calls(3)
        scene.clock.now += 60

        scene.opened()

        assert scene.retry_after() == 5.0

    def test_outlasts_an_outage_of_days(self) -> None:
        scene = Scene().opened()

        for _ in range(1100):
            scene.clock.now += scene.retry_after()
            scene.call(failed=True)

        assert scene.retry_after() == 60.0

    def test_ignores_a_call_that_began_before(self) -> None:
        scene = Scene()
        early = scene.breaker.admit(timeout=1.0)
        scene.half_open()

        early.fail(connecting=True)

        assert scene.breaker.state is State.HALF_OPEN


class TestHalfOpen:
    def test_admits_three_probes_at_a_time(self) -> None:
        scene = Scene().half_open()

        probes = [scene.breaker.admit(timeout=1.0) for _ in range(3)]

        assert scene.retry_after() == 2.0
        assert len(probes) == 3

    def test_closes_after_three_successes(self) -> None:
        scene = Scene().half_open()

        scene.calls(3)

        assert scene.moves[-1] == (State.HALF_OPEN, State.CLOSED, "3 probes succeeded")

    def test_closes_after_three_answers_that_blame_the_caller(self) -> None:
        scene = Scene().half_open()

        for _ in range(3):
            scene.breaker.admit(timeout=1.0).decline()

        assert scene.breaker.state is State.CLOSED

    def test_reopens_at_the_first_failure(self) -> None:
        scene = Scene().half_open()
        scene.calls(2)

        scene.calls(1, failed=True)

        assert scene.moves[-1] == (State.HALF_OPEN, State.OPEN, "a probe failed")

    def test_a_probe_without_an_outcome_gives_its_place_away(self) -> None:
        scene = Scene().half_open()
        lost = [scene.breaker.admit(timeout=1.0) for _ in range(3)]
        scene.clock.now += 2.0

        scene.calls(2)
        lost[0].succeed()

        assert scene.breaker.state is State.HALF_OPEN

    def test_a_caller_that_left_frees_its_place_and_decides_nothing(self) -> None:
        scene = Scene().half_open()
        probes: list[Permit] = [scene.breaker.admit(timeout=1.0) for _ in range(3)]

        probes[0].ignore()

        assert scene.breaker.admit(timeout=1.0).generation == probes[0].generation

    @pytest.mark.parametrize(("successes", "after"), [(0, State.OPEN), (1, State.CLOSED)])
    def test_lasts_fifteen_seconds_at_most(self, successes: int, after: State) -> None:
        scene = Scene().half_open()
        assert scene.breaker.state is State.HALF_OPEN
        scene.calls(successes)

        scene.clock.now += 15

        assert scene.breaker.state is after


class TestForced:
    def test_open_admits_nobody_however_long(self) -> None:
        scene = Scene()

        scene.breaker.force(State.FORCED_OPEN, "maintenance")
        scene.clock.now += 1000

        assert scene.retry_after() == 5.0
        assert scene.moves == [(State.CLOSED, State.FORCED_OPEN, "maintenance")]

    def test_closed_admits_everybody_whatever_fails(self) -> None:
        scene = Scene()

        scene.breaker.force(State.FORCED_CLOSED, "we know")
        scene.calls(50, failed=True, connecting=True)

        assert scene.breaker.state is State.FORCED_CLOSED

    def test_works_again_when_let_go(self) -> None:
        scene = Scene()
        scene.breaker.force(State.FORCED_OPEN, "maintenance")

        scene.breaker.force(None, "done")
        scene.opened()

        assert scene.breaker.state is State.OPEN
        assert scene.breaker.transitions[State.CLOSED, State.OPEN] == 1


class TestLook:
    def test_says_what_is_in_the_window(self) -> None:
        scene = Scene()
        scene.calls(3)
        scene.calls(2, failed=True)
        scene.clock.now += 4

        look = scene.breaker.look()

        assert (look.state, look.calls, look.failures, look.for_seconds) == (State.CLOSED, 5, 2, 4.0)
        scene.clock.now += 6
        assert scene.breaker.look().calls == 0

    def test_says_why_and_for_how_long_it_is_open(self) -> None:
        scene = Scene().opened()
        scene.clock.now += 2

        look = scene.breaker.look()

        assert (look.reason, look.for_seconds, look.ends_in_seconds) == ("5 connect failures in a row", 2.0, 3.0)
