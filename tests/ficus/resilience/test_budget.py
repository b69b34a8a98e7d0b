"""How many retries a service gets; proves semantics, section 2."""

from ficus.resilience.budget import Budget


def spent(budget: Budget, retries: int, now: float) -> int:
    """Return how many of the retries may be made, each ended before the next begins."""
    made = 0
    for _ in range(retries):
        if budget.spend(now):
            made += 1
    return made


class TestBudget:
    def test_is_three_at_a_time_where_there_are_few_requests(self) -> None:
        budget = Budget()
        budget.requests += 1

        assert spent(budget, 5, now=0.0) == 3
        assert (budget.retries, budget.refused, budget.under_way) == (3, 2, 3)

    def test_lets_another_begin_when_one_has_ended(self) -> None:
        budget = Budget()
        spent(budget, 3, now=0.0)

        budget.ended()

        assert spent(budget, 2, now=0.0) == 1

    def test_is_a_tenth_of_the_requests(self) -> None:
        budget = Budget()
        budget.requests += 200

        assert spent(budget, 100, now=0.0) == 20

    def test_forgets_requests_and_retries_after_ten_seconds(self) -> None:
        budget = Budget()
        for second in range(20):
            budget.requests += 10
            budget.pass_time(float(second))

        assert budget.recent(19.0) == (100, 0)
        assert budget.recent(40.0) == (0, 0)

    def test_of_old_requests_is_spent(self) -> None:
        budget = Budget()
        budget.requests += 1000
        budget.pass_time(0.0)
        budget.pass_time(1.0)

        assert spent(budget, 100, now=11.5) == 3
