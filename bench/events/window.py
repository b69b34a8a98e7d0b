"""One measurement: so many events at a rate, from the producer's first transaction to the consumer's last."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from bench import cpu, figures
from bench.events.producer import Producer
from bench.events.project.stamps import COMMIT, COMMITS, EFFECT, EFFECTS

# How often the stamps are looked at; the time of an effect is the stamp's, not the look's.
LOOK_SECONDS = 0.02
LONGEST_SECONDS = 180.0


@dataclass(slots=True)
class Window:
    """
    :ivar rate: events a second that were offered; 0 for as many as there may be.
    :ivar sent: transactions that the producer committed.
    :ivar arrived: effects that a consumer committed.
    :ivar failed: transactions of the producer that failed.
    :ivar seconds: from the first begun to the last effect.
    :ivar latencies_ms: commit to effect, and however late the transaction was begun.
    :ivar cpu_seconds: by part of the system.
    :ivar said: the producer's last error.
    """

    rate: float
    sent: int = 0
    arrived: int = 0
    failed: int = 0
    seconds: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)
    cpu_seconds: dict[str, float] = field(default_factory=dict)
    said: str = ""

    @property
    def events_per_s(self) -> float | None:
        return self.arrived / self.seconds if self.arrived and self.seconds > 0 else None

    @property
    def cpu_per_thousand(self) -> float | None:
        return figures.per_thousand(sum(self.cpu_seconds.values()), self.arrived)

    @property
    def missing(self) -> int:
        """How many events were committed and had no effect in time."""
        return self.sent - self.arrived


class Stamps:
    """What processes noted since the last look."""

    def __init__(self, place: Path) -> None:
        self._place, self._read = place, {EFFECTS: 0, COMMITS: 0}

    def effects(self) -> list[tuple[int, int]]:
        return list(EFFECT.iter_unpack(self._new(EFFECTS, EFFECT.size)))

    def commits(self) -> list[tuple[int, int, int]]:
        return list(COMMIT.iter_unpack(self._new(COMMITS, COMMIT.size)))

    def _new(self, name: str, size: int) -> bytes:
        try:
            with (self._place / name).open("rb") as file:
                file.seek(self._read[name])
                found = file.read()
        except FileNotFoundError:
            return b""
        found = found[: len(found) // size * size]
        self._read[name] += len(found)
        return found


def measure(
    producer: Producer,
    stamps: Stamps,
    roots: dict[str, list[int]],
    *,
    first: int,
    count: int,
    rate: float,
    patience_seconds: float,
) -> Window:
    """Have the producer work and wait for every effect, or until none has come for so long."""
    effects: dict[int, int] = {}
    before = cpu.by_part(roots)
    producer.begin(first=first, count=count, rate=rate)
    ends_at, quiet_since, said = time.monotonic() + LONGEST_SECONDS + count / (rate or count), time.monotonic(), None
    while said is None or len(effects) < count - said["failed"]:
        if said is None:
            said = producer.answer(LOOK_SECONDS)
            quiet_since = time.monotonic()
        else:
            time.sleep(LOOK_SECONDS)
        for number, at in stamps.effects():
            if number >= first:
                effects.setdefault(number, at)
                quiet_since = time.monotonic()
        if time.monotonic() > min(ends_at, quiet_since + patience_seconds):
            break
    after = cpu.by_part(roots)
    began = said["began_ns"] if said else 0
    commits = [stamp for stamp in stamps.commits() if stamp[0] >= first]
    return Window(
        rate=rate,
        sent=len(commits),
        arrived=len(effects),
        failed=said["failed"] if said else count - len(commits),
        seconds=(max(effects.values()) - began) / 1e9 if effects and began else 0.0,
        latencies_ms=latencies(commits, effects),
        cpu_seconds=figures.differences(before, after),
        said=said["error"] if said else "the producer did not end in time",
    )


def latencies(commits: list[tuple[int, int, int]], effects: dict[int, int]) -> list[float]:
    """
    Return milliseconds from each commit to its effect, and by how much its transaction was begun too late.

    So an event that had to wait because the producer was held up by those before it has waited here too
    (Gil Tene's coordinated omission). An effect may be stamped before the commit that another process stamps.
    """
    return [
        (late + max(0, effects[number] - committed)) / 1e6 for number, late, committed in commits if number in effects
    ]
