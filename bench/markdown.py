"""What the pages of all benchmarks are written with. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def where(machine: Mapping[str, Any]) -> str:
    """Return on what was measured, in a few sentences."""
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    return (
        f"{machine['at']}, {machine['cpu']}, {machine['cores']} cores, load {machine['load']} at start, "
        f"{machine['system']}. {versions}."
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] + ["---:"] * (len(columns) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def shown(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
