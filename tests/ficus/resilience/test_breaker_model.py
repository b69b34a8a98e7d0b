"""The breaker against a model that recomputes everything from a list of what happened; semantics section 1."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from ficus.resilience.breaker import Breaker, Rejected, State
from ficus.resilience.terms import BreakerTerms

OTHER_TERMS = BreakerTerms(
    calls=6,
    failure_ratio=0.75,
    slow_ratio=0.5,
    slow_share=0.25,
    connect_failures=3,
    open_seconds=2.0,
    longest_open_seconds=10.0,
    probes=2,
    successes=4,
    half_open_seconds=5.0,
)
TIMEOUT = 1.0
OUTCOMES = st.sampled_from(["success", "failure", "connect failure", "declined", "left"])


@dataclass
class Model:
    """Every rule of semantics section 1 in its plainest words; slow, and free of clever bookkeeping."""

    terms: BreakerTerms
    now: float = 0.0
    state: str = "closed"
    since: float = 0.0
    generation: int = 0
    openings: int = 0
    outcomes: list[tuple[float, bool, bool, bool, bool]] = field(default_factory=list)
    probes: dict[int, float] = field(default_factory=dict)

    def move(self, state: str) -> None:
        if state == "open":
            healthy = self.state == "closed" and self.now - self.since >= 60
            self.openings = 1 if healthy else self.openings + 1
        self.state, self.since, self.generation = state, self.now, self.generation + 1
        self.outcomes, self.probes = [], {}

    def pass_time(self) -> None:
        open_seconds = min(self.terms.open_seconds * 2 ** (self.openings - 1), self.terms.longest_open_seconds)
        if self.state == "open" and self.now - self.since >= open_seconds:
            self.move("half_open")
        elif self.state == "half_open" and self.now - self.since >= self.terms.half_open_seconds:
            self.move("closed" if self.outcomes else "open")

    def admit(self, call: int) -> bool:
        self.pass_time()
        if self.state == "half_open":
            self.probes = {each: ends for each, ends in self.probes.items() if ends > self.now}
            if len(self.probes) < self.terms.probes:
                self.probes[call] = self.now + TIMEOUT + 1
            return call in self.probes
        return self.state in ("closed", "forced_closed")

    def settle(self, call: int, generation: int, failed: bool, slow: bool, connecting: bool, counts: bool) -> None:
        self.pass_time()
        probe_ends = self.probes.pop(call, 0.0)
        if generation != self.generation or (self.state == "half_open" and probe_ends <= self.now):
            return
        self.outcomes.append((self.now, failed, slow, connecting, counts))
        recent = [each for each in self.outcomes if each[4] and int(each[0]) > int(self.now) - 10]
        if self.state == "half_open":
            if failed:
                self.move("open")
            elif len(self.outcomes) == self.terms.successes:
                self.move("closed")
        elif self.state == "closed" and counts:
            row = self.terms.connect_failures
            refused = len(self.outcomes) >= row and all(each[3] for each in self.outcomes[-row:])
            failing = sum(each[1] for each in recent) >= len(recent) * self.terms.failure_ratio
            slowing = sum(each[2] for each in recent) >= len(recent) * self.terms.slow_ratio
            if refused or (len(recent) >= self.terms.calls and (failing or slowing)):
                self.move("open")


class Comparison(RuleBasedStateMachine):
    """Does the same to both and compares after each step."""

    terms = BreakerTerms()
    calls = Bundle("calls")

    def __init__(self) -> None:
        super().__init__()
        self.model = Model(self.terms)
        self.breaker = Breaker("users", self.terms, clock=lambda: self.model.now, jitter=lambda: 0.5)
        self.made = 0

    @rule(seconds=st.sampled_from([0.125, 0.875, 1.0, 2.0, 5.0, 10.0, 15.0, 60.0]))
    def time_goes_by(self, seconds: float) -> None:
        self.model.now += seconds

    @rule(target=calls, number=st.integers(1, 25))
    def begin(self, number: int) -> Any:
        return multiple(*filter(None, (self._begin() for _ in range(number))))

    def _begin(self) -> Any:
        self.made += 1
        expected = self.model.admit(self.made)
        try:
            permit = self.breaker.admit(TIMEOUT)
        except Rejected:
            assert not expected
            return None
        assert expected
        return self.made, self.model.generation, self.model.now, permit

    @rule(call=consumes(calls), outcome=OUTCOMES)
    def end(self, call: Any, outcome: str) -> None:
        self._end(call, outcome)

    @rule(number=st.integers(5, 25), outcome=OUTCOMES)
    def call_many_times(self, number: int, outcome: str) -> None:
        for _ in range(number):
            if call := self._begin():
                self._end(call, outcome)

    @rule(slow=st.integers(14, 20), quick=st.integers(0, 6))
    def calls_are_slow(self, slow: int, quick: int) -> None:
        begun = [self._begin() for _ in range(slow)]
        self.model.now += 0.875
        for call in filter(None, [*begun, *(self._begin() for _ in range(quick))]):
            self._end(call, "success")

    @rule(failures=st.lists(st.booleans(), min_size=5, max_size=6), wait=st.sampled_from([4.0, 5.0, 10.0]))
    def the_upstream_is_gone_for_a_while(self, failures: list[bool], wait: float) -> None:
        for connecting in failures:
            if call := self._begin():
                self._end(call, "connect failure" if connecting else "failure")
        self.model.now += wait

    @rule(wait=st.sampled_from([14.875, 15.0]))
    def a_probe_is_all_that_comes(self, wait: float) -> None:
        if call := self._begin():
            self._end(call, "success")
        self.model.now += wait

    def _end(self, call: Any, outcome: str) -> None:
        number, generation, began_at, permit = call
        if outcome == "left":
            permit.ignore()
            self.model.probes.pop(number, None)
            return
        failed, connecting = "failure" in outcome, outcome == "connect failure"
        if outcome == "declined":
            permit.decline()
        else:
            permit.fail(connecting=connecting) if failed else permit.succeed()
        slow = self.model.now - began_at > TIMEOUT * self.terms.slow_share
        self.model.settle(number, generation, failed, slow, connecting, outcome != "declined")

    @rule(state=st.sampled_from([State.FORCED_OPEN, State.FORCED_CLOSED, None]))
    def an_operator_steps_in(self, state: State | None) -> None:
        self.breaker.force(state, "test")
        self.model.move(state or "closed")

    @invariant()
    def both_are_in_the_same_state(self) -> None:
        self.model.pass_time()
        assert self.breaker.state == self.model.state


class ComparisonOnOtherTerms(Comparison):
    terms = OTHER_TERMS


TestBreakerAgainstItsModel = Comparison.TestCase
TestBreakerAgainstItsModel.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)

TestBreakerOnOtherTermsAgainstItsModel = ComparisonOnOtherTerms.TestCase
TestBreakerOnOtherTermsAgainstItsModel.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
