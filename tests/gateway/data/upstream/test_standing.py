"""Who is fit to be asked; proves semantics, section 4."""

from collections import Counter

import pytest

from gateway.data.upstream.address import Address
from gateway.data.upstream.standing import Standing
from gateway.data.upstream.terms import ServiceTerms
from gateway.data.upstream.upstream import Upstream

ROUND_ROBIN = ServiceTerms(balance="round robin")


def upstream(count: int, **options: object) -> Upstream:
    return Upstream("orders", [f"http://10.0.0.{number}" for number in range(1, count + 1)], **options)  # type: ignore[arg-type]


def hosts(chosen: Upstream, times: int = 60) -> set[str]:
    return {chosen.choose().host[-1] for _ in range(times)}


def fail(failing: Upstream, number: int, times: int = 5, now: float = 0.0) -> None:
    for _ in range(times):
        failing.note_failure(failing.instances[number - 1], now)


class TestActiveChecks:
    def test_take_an_instance_out_after_three_failures(self) -> None:
        standing = Standing()

        assert [standing.checked("no answer") for _ in range(3)] == [False, False, True]
        assert not standing.is_healthy

    def test_bring_it_back_after_two_successes(self) -> None:
        standing = Standing()
        for _ in range(3):
            standing.checked("no answer")

        assert [standing.checked("") for _ in range(2)] == [False, True]
        assert standing.is_healthy

    def test_count_only_failures_in_a_row(self) -> None:
        standing = Standing()

        for fault in ("no", "no", "", "no", "no"):
            standing.checked(fault)

        assert standing.is_healthy


class TestEjection:
    def test_comes_after_five_failures_in_a_row(self) -> None:
        orders = upstream(2)
        fail(orders, 1, times=4)
        assert hosts(orders) == {"1", "2"}

        fail(orders, 1, times=1)

        assert hosts(orders) == {"2"}

    def test_takes_at_most_half_of_the_instances(self) -> None:
        orders, alone = upstream(3), upstream(1)

        for number in (1, 2, 3):
            fail(orders, number)
        fail(alone, 1, times=50)

        assert hosts(orders) == {"2", "3"}
        assert hosts(alone) == {"1"}

    def test_ends_after_ten_seconds(self) -> None:
        orders = upstream(2)
        fail(orders, 1, now=100.0)

        orders.pass_time(109.9)
        assert hosts(orders) == {"2"}
        orders.pass_time(110.0)

        assert hosts(orders) == {"1", "2"}

    def test_lasts_ten_seconds_longer_each_time_and_five_minutes_at_most(self) -> None:
        standing, now, lengths = Standing(), 0.0, []

        for _ in range(32):
            lengths.append(standing.eject(now))
            now += lengths[-1]
            standing.pass_time(now)

        assert lengths[:3] == [10, 20, 30]
        assert lengths[-3:] == [300, 300, 300]

    def test_is_forgotten_slowly(self) -> None:
        standing, now = Standing(), 0.0
        for _ in range(4):
            now += standing.eject(now)
            standing.pass_time(now)

        assert standing.eject(now + 25.0) == 30.0

    def test_counts_for_an_instance_that_stays_in_a_new_table(self) -> None:
        before = upstream(2)
        after = Upstream("orders", before.addresses, known={each.url: each for each in before.instances})

        fail(before, 1, now=100.0)
        after.pass_time(100.5)

        assert hosts(after) == {"2"}


class TestPanic:
    @pytest.mark.parametrize(("down", "chosen"), [(2, {"3", "4"}), (3, {"1", "2", "3", "4"})])
    def test_ignores_health_under_half(self, down: int, chosen: set[str]) -> None:
        orders = upstream(4)

        for instance in orders.instances[:down]:
            for _ in range(3):
                instance.standing.checked("no answer")
        orders.settle_choices()

        assert hosts(orders, 200) == chosen
        assert (orders.panics, orders.guard.panics) == (down == 3, int(down == 3))


class TestRoundRobin:
    def test_takes_turns(self) -> None:
        orders = upstream(3, terms=ROUND_ROBIN)

        assert [orders.choose().host[-1] for _ in range(6)] == ["1", "2", "3", "1", "2", "3"]

    def test_spreads_weights_evenly(self) -> None:
        addresses = [Address("http://a", 50), Address("http://b", 10), Address("http://c", 10)]
        orders = Upstream("orders", addresses, terms=ROUND_ROBIN)

        assert [orders.choose().host for _ in range(7)] == ["a", "a", "b", "a", "c", "a", "a"]


class TestTwoChoices:
    def test_prefer_the_less_busy(self) -> None:
        orders = upstream(2)
        orders.instances[0].outstanding = 10

        assert hosts(orders) == {"2"}


class TestAnotherInstance:
    def test_is_one_that_was_not_tried(self) -> None:
        orders = upstream(3)
        tried = orders.instances[:2]

        assert {orders.choose_other(tried).host[-1] for _ in range(20)} == {"3"}

    def test_is_any_where_all_were_tried(self) -> None:
        orders = upstream(2)

        chosen = Counter(orders.choose_other(orders.instances).host[-1] for _ in range(60))

        assert set(chosen) == {"1", "2"}
