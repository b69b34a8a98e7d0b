"""What the pictures of all benchmarks have in common."""

from collections.abc import Mapping
from typing import Any

# Okabe and Ito's colours, told apart by everybody.
RED, ORANGE, BLUE, GREEN = "#D55E00", "#E69F00", "#56B4E9", "#009E73"
YELLOW, DEEP_BLUE, PINK, GREY = "#F0E442", "#0072B2", "#CC79A7", "#999999"


def heading(machine: Mapping[str, Any]) -> str:
    """Return when and on what was measured, in a line."""
    busy = "; THE MACHINE WAS BUSY" if machine["warning"] else ""
    return f"{machine['at'][:10]}, {machine['cpu']}, {machine['cores']} cores, load {machine['load']}{busy}"


def finish(axes: Any, title: str) -> None:
    axes.set_title(title, fontsize=10)
    axes.grid(axis="y", alpha=0.3)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
