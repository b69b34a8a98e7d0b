"""
What a run found, as JSON. Pure.

``one_way`` and ``saga`` have four figures for each contender, of PostgreSQL where it was measured, else of SQLite:
events (sagas) a second and CPU seconds per 1000 at saturation, and latency at 50 a second. ``databases`` has all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.events.contenders import CONTENDERS
from bench.events.plan import KINDS
from bench.events.servers import POSTGRESQL, SQLITE
from bench.events.window import Window
from bench.figures import middle, per_thousand, percentile, spread

TYPICAL_RATE = 50
HEADLINES = ("events_per_s", "p50_ms", "p99_ms", "cpu_s_per_1000")


@dataclass(slots=True)
class Cell:
    """
    What was found about one contender in one kind of work on one database.

    :ivar trouble: what went wrong, in the order in which it did.
    """

    database: str
    kind: str
    contender: str
    windows: list[Window] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    def headline(self) -> dict[str, float | None]:
        saturated, typical = self.at(0), self.at(TYPICAL_RATE)
        return dict(
            zip(
                HEADLINES,
                (saturated["events_per_s"], typical["p50_ms"], typical["p99_ms"], saturated["cpu_s_per_1000"]),
                strict=True,
            )
        )

    def at(self, rate: float) -> dict[str, Any]:
        """Return what is known about one rate: latencies of all rounds together, of everything else the median."""
        windows = [window for window in self.windows if window.rate == rate]
        latencies = [latency for window in windows for latency in window.latencies_ms]
        return {
            "samples": len(latencies),
            "events_per_s": rounded(middle(window.events_per_s for window in windows)),
            "p50_ms": rounded(percentile(latencies, 0.50)),
            "p99_ms": rounded(percentile(latencies, 0.99)),
            "cpu_s_per_1000": rounded(middle(window.cpu_per_thousand for window in windows)),
            "cpu_spread": rounded(spread(window.cpu_per_thousand for window in windows)),
            "cpu_by_part": by_part(windows),
        }

    def rates(self) -> list[float]:
        """Return the rates that were offered, saturation (0) last."""
        found = {window.rate for window in self.windows}
        return [*sorted(found - {0}), *(found & {0})]

    def as_dict(self) -> dict[str, Any]:
        return {
            **self.headline(),
            "by_rate": {name_of(rate): self.at(rate) for rate in self.rates()},
            "sent": sum(window.sent for window in self.windows),
            "missing": sum(window.missing for window in self.windows),
            "failed": sum(window.failed for window in self.windows),
            "trouble": [*self.trouble, *dict.fromkeys(window.said for window in self.windows if window.said)],
        }


@dataclass(slots=True)
class Grown:
    """:ivar events: in the log when the windows of ``cell`` began."""

    events: int
    cell: Cell


def as_json(
    cells: Sequence[Cell], grown: Sequence[Grown], *, machine: Mapping[str, Any], remarks: Sequence[str]
) -> dict[str, Any]:
    headlines = POSTGRESQL if any(cell.database == POSTGRESQL for cell in cells) else SQLITE
    return {
        **{kind: headlines_of(cells, headlines, kind) for kind in KINDS},
        "database": headlines,
        "databases": {
            database: {kind: {cell.contender: cell.as_dict() for cell in of(cells, database, kind)} for kind in KINDS}
            for database in dict.fromkeys(cell.database for cell in cells)
        },
        "growth": {
            database: {str(each.events): each.cell.as_dict() for each in grown if each.cell.database == database}
            for database in dict.fromkeys(each.cell.database for each in grown)
        },
        "machine": dict(machine),
        "remarks": list(remarks),
    }


def headlines_of(cells: Sequence[Cell], database: str, kind: str) -> dict[str, dict[str, float | None]]:
    """Return four figures for each contender, all None for one that was not measured."""
    found = {cell.contender: cell.headline() for cell in of(cells, database, kind)}
    return {name: found.get(name, dict.fromkeys(HEADLINES)) for name in CONTENDERS}


def of(cells: Iterable[Cell], database: str, kind: str) -> list[Cell]:
    return [cell for cell in cells if cell.database == database and cell.kind == kind]


def by_part(windows: Sequence[Window]) -> dict[str, float | None]:
    """Return CPU seconds per 1000 of each part of the system, the median of all windows."""
    parts = dict.fromkeys(part for window in windows for part in window.cpu_seconds)
    shares = {part: [per_thousand(w.cpu_seconds.get(part, 0), w.arrived) for w in windows] for part in parts}
    return {part: rounded(middle(values)) for part, values in shares.items()}


def name_of(rate: float) -> str:
    return f"{rate:g}" if rate else "saturation"


def rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
