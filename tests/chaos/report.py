"""What a run has to say: lines while it goes on, a table at its end, and the same as JSON and Markdown."""

import json
import platform
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.schedule import Fault
from tests.chaos.verdict import Verdict

SHOWN = 20


@dataclass
class Report:
    """
    One run.

    :ivar command: what repeats it.
    :ivar seconds: how long the customers ordered.
    :ivar missed: faults that could not be done, each with its reason.
    :ivar orders: asked for, acknowledged, refused, unanswered.
    :ivar ended: the acknowledged orders by status.
    :ivar answers: everything that customers were answered, by status or failure, repeats included.
    :ivar refused: messages that were refused as a whole, by reason.
    :ivar parked: poison events thrown, and as many are parked.
    :ivar converged_seconds: from the end of the last fault until everything was decided; None if it never was.
    """

    command: str
    seed: int
    shape: str
    database: str
    target_seconds: float
    schedule: list[Fault]
    seconds: float = 0.0
    missed: list[str] = field(default_factory=list)
    orders: dict[str, int] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    parked: int = 0
    converged_seconds: float | None = None
    unfinished: list[str] = field(default_factory=list)
    verdict: Verdict = field(default_factory=Verdict)
    machine: str = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"

    @property
    def is_success(self) -> bool:
        return self.verdict.is_clean and self.has_converged

    @property
    def has_converged(self) -> bool:
        return self.converged_seconds is not None and self.converged_seconds <= self.target_seconds

    def figures(self) -> list[tuple[str, str]]:
        """Return the result as rows of a table."""
        converged = "never" if self.converged_seconds is None else f"{self.converged_seconds:.1f} s"
        return [
            ("shape, database, seed", f"{self.shape}, {self.database}, {self.seed}"),
            ("load", f"{self.seconds:.0f} s, {self.orders.get('asked', 0) / max(self.seconds, 1):.1f} orders a second"),
            ("orders", _list(self.orders)),
            ("how they ended", _list(self.ended)),
            ("answers, repeats included", _list(self.answers)),
            ("faults", f"{len(self.schedule)}: {_list(Counter(fault.kind for fault in self.schedule))}"),
            ("faults that could not be done", str(len(self.missed))),
            ("messages refused", _list(self.refused)),
            ("poison events thrown and parked", str(self.parked)),
            ("lost", str(len(self.verdict.lost))),
            ("doubled", str(len(self.verdict.doubled))),
            ("mismatches", str(len(self.verdict.mismatches))),
            ("converged after the last fault", f"{converged} (target {self.target_seconds:g} s)"),
        ]

    def text(self) -> str:
        """Return what a terminal shows at the end."""
        width = max(len(name) for name, _ in self.figures())
        lines = [f"{name:<{width}}  {value}" for name, value in self.figures()]
        return "\n".join([*lines, *self._troubles(), "all is well" if self.is_success else "NOT all is well"])

    def markdown(self) -> str:
        """Return the page for docs/evidence."""
        table = ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in self.figures())]
        by_target = Counter((fault.kind, fault.target) for fault in self.schedule)
        faults = ["| fault | target | times |", "|---|---|---|"]
        faults += [f"| {kind} | {target} | {times} |" for (kind, target), times in sorted(by_target.items())]
        title = f"# Chaos run: {self.shape} on {self.database}, seed {self.seed}"
        parts = [title, f"```console\n$ {self.command}\n```", self.machine, "\n".join(table), "\n".join(faults)]
        if troubles := self._troubles():
            parts.append("\n".join(f"- {trouble}" for trouble in troubles))
        return "\n\n".join(parts) + "\n"

    def as_json(self) -> dict[str, Any]:
        by_kind = dict(sorted(Counter(fault.kind for fault in self.schedule).items()))
        return asdict(self) | {"faults": by_kind, "success": self.is_success}

    def write(self, folder: Path) -> Path:
        """Write ``<seed>-<database>.md`` and ``.json`` (with the shape, unless it is services); return the first."""
        folder.mkdir(parents=True, exist_ok=True)
        page = folder / f"{self.name}.md"
        page.write_text(self.markdown())
        page.with_suffix(".json").write_text(json.dumps(self.as_json(), indent=1) + "\n")
        return page

    @property
    def name(self) -> str:
        return f"{self.seed}-{self.database}" + ("" if self.shape == "services" else f"-{self.shape}")

    def _troubles(self) -> list[str]:
        """Return the first of each kind of trouble in words."""
        verdict = self.verdict
        found = []
        for kind, lines in (
            ("lost", verdict.lost),
            ("doubled", verdict.doubled),
            ("mismatch", verdict.mismatches),
            ("not finished", self.unfinished),
            ("not done", self.missed),
        ):
            found += [f"{kind}: {line}" for line in lines[:SHOWN]]
            found += [f"{kind}: and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
        return found


def _list(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in sorted(counts.items())) or "none"
