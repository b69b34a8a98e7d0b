"""How much is measured: everything, a little, or next to nothing to see that the bench itself works."""

from dataclasses import dataclass

ONE_WAY, SAGA = "one_way", "saga"
KINDS = (ONE_WAY, SAGA)


@dataclass(frozen=True, slots=True)
class Plan:
    """
    :ivar rounds: how often each contender has its turn; the last word is the median.
    :ivar saturated_seconds: how long a window at saturation should last, by what the warm-up showed.
    :ivar least: events in such a window at least.
    :ivar most: events in such a window at most.
    :ivar rates: events a second, and for how many seconds, in each round.
    :ivar rates_once: likewise, in the first round alone: slow ones take long.
    :ivar growth: how many events the log holds when it is measured again.
    :ivar patience_seconds: without any effect, after which a window is given up.
    :ivar budget_seconds: after which whatever is still to come is left out, aloud.
    """

    name: str
    rounds: int
    warm_up: int
    saturated_seconds: float
    least: int
    most: int
    rates: tuple[tuple[int, float], ...]
    rates_once: tuple[tuple[int, float], ...]
    growth: tuple[int, ...]
    patience_seconds: float
    budget_seconds: float


FULL = Plan(
    name="full",
    rounds=3,
    warm_up=100,
    saturated_seconds=4.0,
    least=300,
    most=5_000,
    rates=((50, 4.0),),
    rates_once=((10, 6.0), (1, 8.0)),
    growth=(1_000, 10_000, 100_000, 1_000_000),
    patience_seconds=20.0,
    budget_seconds=1_800.0,
)
QUICK = Plan(
    name="quick",
    rounds=1,
    warm_up=40,
    saturated_seconds=2.0,
    least=150,
    most=1_500,
    rates=((50, 2.0),),
    rates_once=((10, 2.0), (1, 2.0)),
    growth=(1_000, 10_000),
    patience_seconds=10.0,
    budget_seconds=210.0,
)
SMOKE = Plan(
    name="smoke",
    rounds=1,
    warm_up=2,
    saturated_seconds=0.1,
    least=5,
    most=5,
    rates=((50, 0.1),),
    rates_once=(),
    growth=(60,),
    patience_seconds=60.0,
    budget_seconds=300.0,
)
