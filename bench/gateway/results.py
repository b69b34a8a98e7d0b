"""
What a run found, as JSON. Pure.

``contenders`` has five figures for each that was measured: requests a second, CPU-microseconds a request and memory at
saturation, and latency at the rate that was the same for all. ``details`` has all, ``left_out`` why the others are not
there, ``targets`` what was to be reached.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.figures import middle, spread
from bench.gateway.stage import Grown, Window

HEADLINES = ("rps", "p50_ms", "p99_ms", "cpu_us_per_request", "rss_mb")
# Requests a second of ours, in multiples of another's.
TARGETS = (
    ("ficus_bare", "nginx", 0.6),
    ("ficus_bare", "go", 2.0),
    ("ficus_bare", "go_kept", 2.0),
    ("ficus_full", "go", 1.3),
    ("ficus_full", "go_kept", 1.3),
    ("ficus_full", "envoy", 1.5),
    ("ficus_full", "traefik", 1.5),
)
FLAT_WITHIN = 0.15
LARGEST_GROWTH_MB = 4.0


@dataclass(slots=True)
class Cell:
    """
    What was found about one contender.

    :ivar trouble: what went wrong, in the order in which it did.
    """

    name: str
    title: str
    windows: list[Window] = field(default_factory=list)
    grown: Grown = field(default_factory=Grown)
    trouble: list[str] = field(default_factory=list)

    def headline(self) -> dict[str, float | None]:
        saturated, typical = self.at(saturated=True), self.at(saturated=False)
        values = (
            saturated["rps"],
            typical["p50_ms"],
            typical["p99_ms"],
            saturated["cpu_us_per_request"],
            saturated["rss_mb"],
        )
        return dict(zip(HEADLINES, values, strict=True))

    def at(self, *, saturated: bool) -> dict[str, Any]:
        """Return the medians over the rounds, at saturation or at the rate."""
        return medians([window for window in self.windows if (window.rate == 0) is saturated])

    def as_dict(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "saturated": self.at(saturated=True),
            "at_rate": self.at(saturated=False),
            "bodies_grew_mb": {"up": rounded(self.grown.up_mb), "down": rounded(self.grown.down_mb)},
            "trouble": [*self.trouble, *failures(self.windows)],
        }


@dataclass(slots=True)
class Step:
    """:ivar count: of routes, tokens or workers."""

    count: int
    window: Window


@dataclass(slots=True)
class Swept:
    """Ours by one quantity."""

    title: str
    steps: list[Step] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        counts = dict.fromkeys(step.count for step in self.steps)
        windows = {count: [step.window for step in self.steps if step.count == count] for count in counts}
        return {
            "steps": {str(count): medians(found) for count, found in windows.items()},
            "trouble": [*self.trouble, *failures([step.window for step in self.steps])],
        }


def as_json(
    cells: Sequence[Cell],
    ceiling: Cell,
    swept: Sequence[Swept],
    *,
    left_out: Mapping[str, str],
    machine: Mapping[str, Any],
    remarks: Sequence[str],
) -> dict[str, Any]:
    measured = [cell for cell in cells if cell.windows]
    headlines = {cell.name: cell.headline() for cell in measured}
    silent = {cell.name: "; ".join(cell.trouble) or "its turn did not come" for cell in cells if not cell.windows}
    return {
        "contenders": headlines,
        "left_out": {**left_out, **silent},
        "targets": targets(headlines),
        "details": {cell.name: cell.as_dict() for cell in cells},
        "ceiling": ceiling.at(saturated=True),
        "sweeps": {each.title: each.as_dict() for each in swept},
        "machine": dict(machine),
        "remarks": list(remarks),
    }


def targets(headlines: Mapping[str, Mapping[str, float | None]]) -> list[dict[str, Any]]:
    """Return each target with what was reached: in requests a second, and in CPU, which a slow load does not hide."""
    found = []
    for mine, other, wanted in TARGETS:
        if mine in headlines and other in headlines:
            rps = ratio(headlines[mine]["rps"], headlines[other]["rps"])
            cpu = ratio(headlines[other]["cpu_us_per_request"], headlines[mine]["cpu_us_per_request"])
            found.append({"of": mine, "to": other, "wanted": wanted, "rps": rps, "cpu": cpu})
    return found


def medians(windows: Sequence[Window]) -> dict[str, Any]:
    return {
        "rps": rounded(middle(window.rps for window in windows)),
        "rps_spread": rounded(spread(window.rps for window in windows)),
        "p50_ms": rounded(middle(window.asked.p50_ms for window in windows)),
        "p99_ms": rounded(middle(window.asked.p99_ms for window in windows)),
        "cpu_us_per_request": rounded(middle(window.cpu_us for window in windows)),
        "cpu_spread": rounded(spread(window.cpu_us for window in windows)),
        "rss_mb": rounded(middle(window.rss_mb for window in windows)),
        "gateway_busy": rounded(middle(window.gateway_busy for window in windows)),
        "load_busy": rounded(middle(window.load_busy for window in windows)),
        "late_ms": rounded(middle(window.asked.late_ms for window in windows)),
        "requests": sum(window.asked.requests for window in windows),
        "failed": sum(window.asked.failed for window in windows),
    }


def failures(windows: Sequence[Window]) -> list[str]:
    failed, asked = sum(each.asked.failed for each in windows), sum(each.asked.requests for each in windows)
    return [f"{failed} of {asked + failed} requests failed"] if failed else []


def ratio(one: float | None, other: float | None) -> float | None:
    return round(one / other, 2) if one and other else None


def rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
