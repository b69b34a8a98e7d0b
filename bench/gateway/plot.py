"""The figures of a run as one picture: what each contender does, costs and takes, and how flat ours is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.pictures import BLUE, DEEP_BLUE, GREEN, GREY, ORANGE, PINK, RED, YELLOW, finish, heading

COLOURS = {
    "nginx": GREY,
    "haproxy": BLUE,
    "go": DEEP_BLUE,
    "go_kept": DEEP_BLUE,
    "traefik": ORANGE,
    "envoy": PINK,
    "ficus_bare": GREEN,
    "ficus_interpreted": GREEN,
    "ficus_full": RED,
    "ficus_cached": YELLOW,
}
HEADLINES = (
    ("rps", "requests a second, one core"),
    ("cpu_us_per_request", "CPU-microseconds a request"),
    ("p99_ms", "p99, ms, at the rate"),
    ("rss_mb", "memory, MB"),
)


def draw(found: Mapping[str, Any], path: Path) -> None:
    """Write a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, rows = pyplot.subplots(2, 4, figsize=(19, 9), squeeze=False, layout="constrained")
    for axes, (name, title) in zip(rows[0], HEADLINES, strict=True):
        bars(axes, found["contenders"], name, title)
    sweeps = list(found["sweeps"].items())
    for place, axes in enumerate(rows[1][:3]):
        if place < len(sweeps):
            steps(axes, *sweeps[place])
        else:
            axes.axis("off")
    bodies(rows[1][3], found["details"])
    figure.suptitle(heading(found["machine"]))
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def bars(axes: Any, contenders: Mapping[str, Any], figure: str, title: str) -> None:
    names = list(contenders)
    values = [contenders[name][figure] or 0 for name in names]
    drawn = axes.barh(range(len(names)), values, color=[COLOURS[name] for name in names])
    axes.bar_label(
        drawn, [f"{value:.3g}" if value < 1000 else f"{value:.0f}" for value in values], padding=3, fontsize=8
    )
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.margins(x=0.18)
    finish(axes, title)


def steps(axes: Any, title: str, swept: Mapping[str, Any]) -> None:
    """Draw what a request costs by what is swept, from zero."""
    known = [
        (count, step["cpu_us_per_request"]) for count, step in swept["steps"].items() if step["cpu_us_per_request"]
    ]
    places = range(len(known))
    axes.plot(places, [value for _, value in known], "o-", color=GREEN)
    for place, (_, value) in zip(places, known, strict=True):
        axes.annotate(
            f"{value:.0f}", (place, value), textcoords="offset points", xytext=(0, 7), ha="center", fontsize=8
        )
    axes.set_xticks(places, [count for count, _ in known])
    axes.set_ylim(0, max((value for _, value in known), default=1) * 1.3)
    finish(axes, f"CPU-us a request, by {title}")


def bodies(axes: Any, details: Mapping[str, Any]) -> None:
    grown = {name: each["bodies_grew_mb"] for name, each in details.items() if each["bodies_grew_mb"]["up"] is not None}
    names = list(grown)
    for offset, direction in ((-0.2, "up"), (0.2, "down")):
        values = [grown[name][direction] or 0 for name in names]
        drawn = axes.barh([place + offset for place in range(len(names))], values, 0.38, label=direction)
        axes.bar_label(drawn, [f"{value:.1f}" for value in values], padding=3, fontsize=8)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.margins(x=0.18)
    if names:
        axes.legend(frameon=False)
    finish(axes, "MB more while a body passes")
