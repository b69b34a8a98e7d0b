"""The figures of a run as one picture: what each contender does, costs, takes, and how ficus' log grows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.events.contenders import CONTENDERS, FICUS, TITLES
from bench.events.table import NAMES
from bench.pictures import BLUE, GREEN, ORANGE, RED, finish, heading

COLOURS = dict(zip(CONTENDERS, (RED, ORANGE, BLUE, GREEN), strict=True))
RATES = ("1", "10", "50", "saturation")
WORK = (("one_way", "one-way"), ("saga", "saga"))


def draw(found: Mapping[str, Any], path: Path) -> None:
    """Write a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    databases = found["databases"]
    figure, rows = pyplot.subplots(
        max(1, len(databases)), 4, figsize=(19, 4.6 * max(1, len(databases))), squeeze=False, layout="constrained"
    )
    for axes, (database, kinds) in zip(rows, databases.items(), strict=True):
        bars(axes[0], kinds, "events_per_s", f"{NAMES[database]}: a second, saturated")
        bars(axes[1], kinds, "cpu_s_per_1000", "CPU seconds per 1000, saturated")
        latencies(axes[2], kinds["one_way"])
        growth(axes[3], found["growth"].get(database, {}))
    handles, labels = rows[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(CONTENDERS), frameon=False)
    figure.suptitle(heading(found["machine"]))
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def bars(axes: Any, kinds: Mapping[str, Any], figure: str, title: str) -> None:
    for offset, name in enumerate(CONTENDERS):
        values = [kinds[kind].get(name, {}).get(figure) or 0 for kind, _ in WORK]
        places = [place + (offset - 1.5) * 0.2 for place in range(len(WORK))]
        drawn = axes.bar(places, values, 0.19, label=TITLES[name], color=COLOURS[name])
        axes.bar_label(drawn, [f"{value:.3g}" if value else "none" for value in values], fontsize=8, padding=2)
    axes.set_xticks(range(len(WORK)), [title for _, title in WORK])
    axes.margins(y=0.15)
    finish(axes, title)


def latencies(axes: Any, cells: Mapping[str, Any]) -> None:
    """Draw p50 as a line and p99 as a dotted one, by rate."""
    for name, cell in cells.items():
        at = cell["by_rate"]
        known = [rate for rate in RATES if at.get(rate, {}).get("p50_ms") is not None]
        places = [RATES.index(rate) for rate in known]
        axes.plot(places, [at[rate]["p50_ms"] for rate in known], "o-", color=COLOURS[name])
        axes.plot(places, [at[rate]["p99_ms"] for rate in known], ".:", color=COLOURS[name])
    axes.set_yscale("log")
    axes.set_xticks(range(len(RATES)), [rate if rate == "saturation" else f"{rate}/s" for rate in RATES])
    finish(axes, "one-way, commit to effect, ms: p50 (line), p99 (dots)")


def growth(axes: Any, steps: Mapping[str, Any]) -> None:
    events = [int(step) for step, cell in steps.items() if cell["events_per_s"]]
    values = [cell["events_per_s"] for cell in steps.values() if cell["events_per_s"]]
    axes.plot(events, values, "o-", color=COLOURS[FICUS])
    for place, value in zip(events, values, strict=True):
        axes.annotate(
            f"{value:.0f}", (place, value), textcoords="offset points", xytext=(0, 7), ha="center", fontsize=8
        )
    if events:
        axes.set_xscale("log")
    axes.set_ylim(0, max(values, default=1) * 1.25)
    finish(axes, "ficus: a second, by events in the log")
