"""How much is measured: everything, a little, or next to nothing to see that the bench itself works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """
    :ivar rounds: how often each contender has its turn; the last word is the median.
    :ivar warm_up_seconds: at saturation, before anything is measured.
    :ivar saturated_seconds: of a window in which as much is asked as is answered.
    :ivar connections: that ask at once.
    :ivar rate: requests a second of the other window, the same for all, whatever they can do.
    :ivar rate_seconds: how long that lasts.
    :ivar routes: in how large tables a route is looked for.
    :ivar tokens: how many different tokens are shown.
    :ivar workers: how many share the work.
    :ivar body_bytes: of one body.
    :ivar bodies_of_all: whether bodies are sent through all contenders, or through ours alone.
    :ivar budget_seconds: after which whatever is still to come is left out, aloud.
    """

    name: str
    rounds: int
    warm_up_seconds: float
    saturated_seconds: float
    connections: int
    rate: int
    rate_seconds: float
    routes: tuple[int, ...]
    tokens: tuple[int, ...]
    workers: tuple[int, ...]
    body_bytes: int
    bodies_of_all: bool
    budget_seconds: float


FULL = Plan(
    name="full",
    rounds=5,
    warm_up_seconds=2.0,
    saturated_seconds=6.0,
    connections=64,
    rate=2000,
    rate_seconds=5.0,
    routes=(1, 10, 100, 1_000),
    tokens=(1, 100, 10_000, 100_000),
    workers=(1, 2),
    body_bytes=50 * 1024 * 1024,
    bodies_of_all=True,
    budget_seconds=2_400.0,
)
QUICK = Plan(
    name="quick",
    rounds=1,
    warm_up_seconds=1.0,
    saturated_seconds=3.0,
    connections=64,
    rate=2000,
    rate_seconds=2.0,
    routes=(1, 1_000),
    tokens=(1, 10_000),
    workers=(1, 2),
    body_bytes=50 * 1024 * 1024,
    bodies_of_all=False,
    budget_seconds=210.0,
)
SMOKE = Plan(
    name="smoke",
    rounds=1,
    warm_up_seconds=0.1,
    saturated_seconds=0.2,
    connections=4,
    rate=50,
    rate_seconds=0.2,
    routes=(3,),
    tokens=(1, 3),
    workers=(),
    body_bytes=1024 * 1024,
    bodies_of_all=True,
    budget_seconds=600.0,
)
