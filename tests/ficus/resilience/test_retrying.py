"""The pause before another attempt, and when there is none; proves semantics, section 2."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ficus.resilience import retrying
from ficus.resilience.breaker import Breaker, State
from ficus.resilience.budget import Budget
from ficus.resilience.retrying import pause_before_next, seconds_asked
from ficus.resilience.terms import RetryTerms

TERMS = st.builds(
    RetryTerms,
    attempts=st.integers(1, 5),
    first_pause_seconds=st.floats(0.001, 10),
    longest_pause_seconds=st.floats(0.001, 10),
    always=st.integers(0, 3),
)


ALMOST_DATES = st.from_regex(r"[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,6} \d+:\d+:\d+ [A-Z+0-9]{1,6}")


class TestPause:
    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        terms=TERMS,
        attempts=st.integers(1, 6),
        seconds_left=st.floats(-1, 20),
        asked=st.one_of(st.just(0.0), st.floats(0, 20)),
        drawn=st.floats(0, 1, exclude_max=True),
        state=st.sampled_from([None, State.FORCED_OPEN, State.FORCED_CLOSED]),
    )
    def test_is_as_the_rules_say_in_their_plainest_words(
        self, terms: RetryTerms, attempts: int, seconds_left: float, asked: float, drawn: float, state: State | None
    ) -> None:
        breaker, budget = Breaker("rates"), Budget(terms)
        breaker.force(state, "test")
        longest = min([terms.first_pause_seconds * 2**n for n in range(attempts)][-1], terms.longest_pause_seconds)
        pause = max(drawn * longest, asked)
        is_late = seconds_left - pause - 0.020 < 0.010
        is_refused = attempts >= terms.attempts or is_late or state is State.FORCED_OPEN

        with patch.object(retrying, "random", lambda: drawn):
            found = pause_before_next(attempts, seconds_left, breaker, budget, asked=asked, terms=terms)

        assert found == (None if is_refused or terms.always == 0 else pause)
        assert (budget.retries, budget.refused) == (found is not None, not is_refused and terms.always == 0)

    def test_is_drawn_evenly_from_all_that_it_may_be(self) -> None:
        terms = RetryTerms(always=1000)
        breaker, budget = Breaker("rates"), Budget(terms)

        pauses = [pause_before_next(2, 5.0, breaker, budget, terms=terms) or 0.0 for _ in range(1000)]

        assert max(pauses) <= 0.05
        assert 350 < sum(pause < 0.025 for pause in pauses) < 650

    @pytest.mark.parametrize("state", [State.OPEN, State.HALF_OPEN])
    def test_is_there_only_where_the_breaker_would_let_one_try(self, state: State) -> None:
        now = 100.0
        breaker = Breaker("rates", clock=lambda: now, jitter=lambda: 0.5)
        for _ in range(5):
            breaker.admit(1.0).fail(connecting=True)
        now += 5 * (state is State.HALF_OPEN)

        pause = pause_before_next(1, 5.0, breaker, Budget())

        assert breaker.state is state
        assert (pause is None) == (state is State.OPEN)


class TestRetryAfter:
    def test_is_seconds(self) -> None:
        assert seconds_asked("7") == 7.0

    def test_is_a_date(self) -> None:
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)

        assert 20 < seconds_asked(date) <= 60

    @pytest.mark.parametrize("value", ["soon", "-1", "", "1.5", "Wed, 21 Oct 2015 07:28:00 GMT"])
    def test_is_nothing_if_it_is_malformed_or_past(self, value: str) -> None:
        assert seconds_asked(value) == 0.0

    @given(
        st.one_of(st.text(), st.from_regex(r"[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,6} \d+:\d+:\d+ [A-Z+0-9]{1,6}"))
    )
    def test_never_breaks_on_what_it_is_given(self, value: str) -> None:
        assert seconds_asked(value) >= 0.0
