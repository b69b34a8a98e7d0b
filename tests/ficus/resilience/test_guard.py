"""What threads share: the budget by a clock that nobody ticks, and places; proves semantics, sections 2 and 4."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from ficus.resilience import metrics
from ficus.resilience.breaker import Rejected, State
from ficus.resilience.bulkhead import Full
from ficus.resilience.guard import Guard
from ficus.resilience.terms import BulkheadTerms, Policy, RetryTerms


class BudgetComparison(RuleBasedStateMachine):
    """Calls and retries at odd times, beside a model that keeps each with its time."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.under_way = 0, 0
        self.calls: list[int] = []
        self.retries: list[int] = []
        self.guard = Guard("rates", Policy(), clock=lambda: float(self.now))

    @rule(seconds=st.sampled_from([1, 2, 5, 9, 10, 11, 1000]))
    def time_goes_by(self, seconds: int) -> None:
        self.now += seconds

    @rule(number=st.sampled_from([1, 10, 50]))
    def calls_are_made(self, number: int) -> None:
        for _ in range(number):
            with self.guard.place(1.0):
                self.calls.append(self.now)

    @rule(number=st.integers(1, 8))
    def retries_are_wanted(self, number: int) -> None:
        for _ in range(number):
            calls, retries = (sum(at > self.now - 10 for at in each) for each in (self.calls, self.retries))
            may = self.under_way < 3 or retries < calls * 0.1

            assert (self.guard.pause_before_next(1, 30.0) is not None) == may

            if may:
                self.retries.append(self.now)
                self.under_way += 1

    @precondition(lambda self: self.under_way)
    @rule()
    def a_retry_ends(self) -> None:
        self.guard.retry_ended()
        self.under_way -= 1


TestBudgetOfAGuardAgainstItsModel = BudgetComparison.TestCase
TestBudgetOfAGuardAgainstItsModel.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)


class TestPlaces:
    def test_are_never_more_than_the_terms_say_and_none_is_lost(self) -> None:
        guard = Guard("rates", Policy(bulkhead=BulkheadTerms(in_flight=3, waiting=100, wait_seconds=30.0)))
        lock = threading.Lock()
        inside, most, done = 0, 0, 0

        def call(_: int) -> None:
            nonlocal inside, most, done
            with guard.place(30.0):
                with lock:
                    inside += 1
                    most = max(most, inside)
                with lock:
                    inside -= 1
                    done += 1

        with ThreadPoolExecutor(16) as threads:
            list(threads.map(call, range(2000)))

        assert (done, inside) == (2000, 0)
        assert 1 <= most <= 3
        for _ in range(3):
            guard._enter(0.0)  # all three are free again

    def test_are_not_lost_to_those_who_waited_in_vain(self) -> None:
        guard = Guard("rates", Policy(bulkhead=BulkheadTerms(in_flight=1, waiting=50, wait_seconds=0.001)))
        refused = metrics.refused.labels("rates", "busy")
        before, outcomes = refused._value.get(), []

        def call(_: int) -> None:
            try:
                with guard.place(30.0):
                    outcomes.append("placed")
            except Full:
                outcomes.append("refused")

        with ThreadPoolExecutor(16) as threads:
            list(threads.map(call, range(2000)))

        assert len(outcomes) == 2000
        assert outcomes.count("refused") == refused._value.get() - before
        with guard.place(0.0):
            assert outcomes.count("placed") > 0

    def test_are_not_waited_for_longer_than_the_caller_has(self) -> None:
        guard = Guard("rates", Policy(bulkhead=BulkheadTerms(in_flight=1, waiting=1, wait_seconds=30.0)))

        with guard.place(30.0), pytest.raises(Full), guard.place(0.0):
            pass

        with guard.place(0.0):
            assert guard.breaker.state is State.CLOSED


class TestCounts:
    def test_are_of_retries_and_of_what_was_not_called(self) -> None:
        guard = Guard("counted", Policy(retry=RetryTerms(always=1)))
        guard.pause_before_next(1, 30.0)
        guard.pause_before_next(1, 30.0)
        guard.pause_before_next(3, 30.0)
        guard.breaker.force(State.FORCED_OPEN, "test")

        with pytest.raises(Rejected):
            guard.admit(1.0)

        assert metrics.retries.labels("counted", "made")._value.get() == 1
        assert metrics.retries.labels("counted", "refused")._value.get() == 1
        assert metrics.refused.labels("counted", "suspended")._value.get() == 1
        assert metrics.transitions.labels("counted", "forced_open")._value.get() == 1
