"""The arithmetic against a reference that keeps a purse instead of a debt."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from gateway.data.limiting.gcra import SECOND, Rate, rate, remaining, take, until_next
from gateway.data.limiting.ledger import Ledger

RATES = st.builds(
    rate,
    requests=st.integers(1, 1000),
    seconds=st.integers(1, 3600),
    burst=st.integers(1, 1000),
)
PAUSES = st.lists(
    st.one_of(st.integers(0, 1000), st.integers(0, 10 * SECOND), st.integers(0, 7200 * SECOND)), max_size=60
)


class Purse:
    """A token bucket: full at first, filled by one microsecond in each, emptied by the price of a request."""

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self.held = rate.capacity

    def wait(self, microseconds: int) -> None:
        self.held = min(self.held + microseconds, self.rate.capacity)

    @property
    def can_pay(self) -> bool:
        return self.held >= self.rate.interval

    def pay(self) -> None:
        self.held -= self.rate.interval


class TestRate:
    def test_divides_the_window_among_the_requests(self) -> None:
        assert rate(100, 60, 100) == Rate(600_000, 60_000_000)

    def test_is_rounded_to_the_slower_side(self) -> None:
        assert rate(3, 1, 2) == Rate(333_334, 666_668)

    def test_is_shared_out_whole(self) -> None:
        assert rate(100, 100, 10).share(4) == Rate(4 * SECOND, 8 * SECOND)
        assert rate(100, 100, 2).share(4) == Rate(4 * SECOND, 4 * SECOND)

    @given(RATES, st.integers(1, 64))
    def test_of_all_shares_together_is_never_faster(self, whole: Rate, of: int) -> None:
        share = whole.share(of)

        assert share.interval == whole.interval * of
        assert remaining(share, 0) * of <= max(remaining(whole, 0), of)


class TestTake:
    @given(st.lists(RATES, min_size=1, max_size=3), PAUSES)
    def test_does_as_a_purse_for_each_limit_would(self, rates: list[Rate], pauses: list[int]) -> None:
        purses = [Purse(rate) for rate in rates]
        keys = [b"%d" % number for number in range(len(rates))]
        ledger, now = Ledger(), 0

        for pause in pauses:
            now += pause
            for purse in purses:
                purse.wait(pause)
            expected = all(purse.can_pay for purse in purses)
            if expected:
                for purse in purses:
                    purse.pay()

            admitted, debts = ledger.take(keys, rates, now)

            assert admitted is expected
            assert debts == [purse.rate.capacity - purse.held for purse in purses]

    @given(RATES, PAUSES)
    def test_lets_through_no_more_than_a_burst_and_what_the_time_allows(
        self, rate: Rate, pauses: Sequence[int]
    ) -> None:
        ledger, now, admitted = Ledger(), 0, 0

        for pause in pauses:
            now += pause
            admitted += ledger.take([b"key"], [rate], now)[0]

        assert admitted <= remaining(rate, 0) + now // rate.interval

    def test_charges_nobody_for_what_one_limit_refuses(self) -> None:
        generous, strict = rate(100, 60, 100), rate(1, 60, 1)

        assert take([generous, strict], [0, strict.capacity]) == (False, [0, strict.capacity])


class TestUntilNext:
    @given(RATES, st.data())
    def test_is_when_one_more_may_come_and_not_before(self, rate: Rate, data: st.DataObject) -> None:
        debt = data.draw(st.integers(1, rate.capacity))

        wait = until_next(rate, debt)

        assert 0 < wait <= rate.interval
        assert remaining(rate, debt - wait) == remaining(rate, debt) + 1
        assert remaining(rate, debt - wait + 1) == remaining(rate, debt)

    def test_is_nothing_where_nothing_is_owed(self) -> None:
        assert until_next(rate(1, 1, 1), 0) == 0
