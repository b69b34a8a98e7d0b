"""The budget against a model that keeps every request and retry with its time; semantics section 2."""

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ficus.resilience.budget import Budget
from ficus.resilience.terms import RetryTerms


@dataclass
class Model:
    terms: RetryTerms
    now: int = 0
    requests: list[int] = field(default_factory=list)
    retries: list[int] = field(default_factory=list)
    under_way: int = 0

    def recent(self) -> tuple[int, int]:
        # The present second and the ten before it, since the counts are noted once a second.
        return tuple(sum(at >= self.now - 10 for at in each) for each in (self.requests, self.retries))  # type: ignore[return-value]

    def spend(self) -> bool:
        requests, retries = self.recent()
        may = self.under_way < self.terms.always or retries < requests * self.terms.share
        if may:
            self.retries.append(self.now)
            self.under_way += 1
        return may


class Comparison(RuleBasedStateMachine):
    """Does the same to both, with the clock of the gateway's housekeeping, and compares after each step."""

    terms = RetryTerms()

    def __init__(self) -> None:
        super().__init__()
        self.model, self.budget = Model(self.terms), Budget(self.terms)
        self.budget.pass_time(0.0)

    @rule(seconds=st.integers(1, 15))
    def time_goes_by(self, seconds: int) -> None:
        for _ in range(seconds):
            self.model.now += 1
            self.budget.pass_time(float(self.model.now))

    @rule(number=st.sampled_from([1, 9, 10, 50]))
    def requests_come(self, number: int) -> None:
        self.model.requests += [self.model.now] * number
        self.budget.requests += number

    @rule(number=st.integers(1, 8))
    def retries_are_wanted(self, number: int) -> None:
        for _ in range(number):
            assert self.budget.spend(float(self.model.now)) == self.model.spend()

    @precondition(lambda self: self.model.under_way)
    @rule()
    def a_retry_ends(self) -> None:
        self.model.under_way -= 1
        self.budget.ended()

    @invariant()
    def both_know_the_same(self) -> None:
        assert self.budget.recent(float(self.model.now)) == self.model.recent()
        assert self.budget.under_way == self.model.under_way


class ComparisonOnOtherTerms(Comparison):
    terms = RetryTerms(share=0.5, always=1)


TestBudgetAgainstItsModel = Comparison.TestCase
TestBudgetAgainstItsModel.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestBudgetOnOtherTermsAgainstItsModel = ComparisonOnOtherTerms.TestCase
TestBudgetOnOtherTermsAgainstItsModel.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
