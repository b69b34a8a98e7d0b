"""Decides which fault comes when: a pure function of the seed and what there is to break, to be repeated."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

# The system has this long to work undisturbed before the first fault.
CALM_SECONDS = 5.0
# What lasts, lasts this long: in seconds, from and to.
LASTING = {"pause": (2.0, 20.0), "away": (2.0, 10.0)}
# Whatever dies gets this long before something else happens to it; the supervisor starts it again within a second.
REST_SECONDS = 4.0

ON_PROCESSES = ("kill", "pause")
ON_REDIS = ("kill", "pause", "empty", "away")
ON_POSTGRES = ("stop", "kill", "away", "cut")
ON_QUEUES = ("replay", "poison", "unknown version", "garbage", "pickle", "stranger")


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One thing done to the system.

    :ivar at: seconds after the beginning of the load.
    :ivar kind: one of those below, such as ``kill``.
    :ivar target: a process, ``redis``, ``postgres``, or the consumer on whose queue a message is thrown.
    :ivar seconds: how long it lasts; 0 for what is done at once.
    """

    at: float
    kind: str
    target: str
    seconds: float = 0.0

    @property
    def ends(self) -> float:
        return self.at + self.seconds

    def __str__(self) -> str:
        return f"{self.kind} {self.target}" + (f" for {self.seconds:.1f} s" if self.seconds else "")


@dataclass(frozen=True, slots=True)
class Targets:
    """
    What there is to break.

    :ivar consumers: those with a queue of their own.
    """

    processes: Sequence[str]
    consumers: Sequence[str]
    postgres: bool

    def by_kind(self) -> dict[str, list[str]]:
        """Return every kind of fault with all its targets."""
        found: dict[str, list[str]] = {}
        for kinds, targets in (
            (ON_PROCESSES, self.processes),
            (ON_REDIS, ["redis"]),
            (ON_POSTGRES, ["postgres"] if self.postgres else []),
            (ON_QUEUES, self.consumers),
        ):
            for kind in kinds:
                found.setdefault(kind, []).extend(targets)
        return {kind: targets for kind, targets in found.items() if targets}


def plan(*, seed: int, seconds: float, every: float, targets: Targets) -> list[Fault]:
    """
    Return the faults of a run in the order of time.

    Each kind is done to each target once before any is done again, the kinds taking turns, so that a short run has one
    of most kinds and a long one has all. A target has no two faults at a time.

    :param every: mean number of seconds between two faults.
    """
    chance = random.Random(f"chaos {seed}")
    deck = _deck(chance, targets)
    held_back: list[tuple[str, str]] = []
    busy_until: dict[str, float] = {}
    faults: list[Fault] = []
    at = CALM_SECONDS
    while at < seconds:
        drawn = next((pair for pair in held_back if busy_until.get(pair[1], 0.0) <= at), None)
        if drawn:
            held_back.remove(drawn)
        while drawn is None:
            pair = next(deck)
            if busy_until.get(pair[1], 0.0) <= at:
                drawn = pair
            else:
                held_back.append(pair)
        fault = _fault(chance, drawn, at, longest=seconds - at)
        busy_until[fault.target] = fault.ends + (REST_SECONDS if fault.kind not in ON_QUEUES else 0.0)
        faults.append(fault)
        at = round(at + every * chance.uniform(0.5, 1.5), 1)
    return faults


def _deck(chance: random.Random, targets: Targets) -> Iterator[tuple[str, str]]:
    """Yield (kind, target) for ever: all there are, shuffled, the kinds taking turns; and then all of them again."""
    while True:
        suits = [[(kind, target) for target in aims] for kind, aims in targets.by_kind().items()]
        chance.shuffle(suits)
        for suit in suits:
            chance.shuffle(suit)
        for turn in zip_longest(*suits):
            yield from (pair for pair in turn if pair)


def _fault(chance: random.Random, pair: tuple[str, str], at: float, *, longest: float) -> Fault:
    kind, target = pair
    if kind not in LASTING:
        return Fault(at, kind, target)
    least, most = LASTING[kind]
    return Fault(at, kind, target, round(chance.uniform(least, max(least, min(most, longest))), 1))
