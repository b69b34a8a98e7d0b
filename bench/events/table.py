"""The figures of a run as a page of Markdown. Pure: from what ``results.as_json`` returns."""

from collections.abc import Mapping, Sequence
from typing import Any

from bench.events.contenders import CONTENDERS, FICUS, TITLES
from bench.events.plan import KINDS
from bench.markdown import shown, table, where

NAMES = {"postgresql": "PostgreSQL", "sqlite": "SQLite", "one_way": "one-way events", "saga": "sagas"}
COLUMNS = (
    "contender",
    "a second, saturated",
    "CPU-s per 1000, saturated",
    "times ficus",
    "CPU-s per 1000 at 50/s",
    "p50 / p99 ms at 1/s",
    "at 10/s",
    "at 50/s",
    "saturated",
    "lost",
)
FLAT_WITHIN = 0.20

COUNTED = """
## What is counted

- One scratch project for all (`bench/events/project`): a row and its announcement in one transaction; the consumer
  writes one row by a key of the business, in one statement. A saga is an order placed in one service, reserved in
  another with a database of its own, and confirmed in the first.
- `task.delay()` is called after the commit, so a crash in between loses it; it has no log, no order, no saga's
  timeline. Defaults: prefork with a process for each core, Celery's Django fix-up. Tuned: one process, connections
  kept, no fix-up. django-celery-outbox has the tuned worker beneath it, and its relay with its own defaults.
- The consumers of ficus take what has come together, as its own apps do, by the same functions and statements to which
  Celery hands one task at a time.
- ficus runs as docs/events.md says: relay, worker, and in a saga a gRPC server for each service. It keeps every event,
  and a row with timeline and deadline for each saga.
- CPU: user and system of all processes of the contender, the producer, Redis, and all of the PostgreSQL cluster with
  its writers and vacuum, ended children included, from the first transaction to the last effect. Median of the rounds.
  Contenders take turns, each alone, on the same Redis and the same database server; fsync as PostgreSQL has it by
  default, `synchronous=FULL` on SQLite.
- Latency: from the producer's commit to the consumer's, by one clock. Begins are scheduled whatever became of those
  before (open loop), and by how much one was late is added: no coordinated omission. Rounds are taken together; the
  number of samples is in the JSON. Saturated: as much as one producer can do at once, with four threads on
  PostgreSQL, so latency is that of a backlog.
"""


def render(found: Mapping[str, Any]) -> str:
    """Return the page."""
    parts = [f"# Events, side by side\n\n`{found['command']}`, {found['took_seconds']} s. {where(found['machine'])}"]
    if found["machine"]["warning"]:
        parts.append(f"**{found['machine']['warning']}**")
    if found["plan"] != "full":
        parts.append("**A quick look, not evidence: few events, one round.**")
    for database, kinds in found["databases"].items():
        for kind in KINDS:
            if kinds[kind]:
                parts.append(f"## {NAMES[kind].capitalize()} on {NAMES[database]}\n\n{comparison(kinds[kind])}")
    for database, steps in found["growth"].items():
        parts.append(f"## A growing log on {NAMES[database]}\n\n{growth(steps)}")
    parts.append(f"## CPU of ficus by part\n\n{parts_of(found['databases'])}")
    remarks = [*found["remarks"], *troubles(found["databases"])]
    if remarks:
        parts.append("## To be said\n\n" + "\n".join(f"- {remark}" for remark in remarks))
    return "\n\n".join(parts) + "\n" + COUNTED


def comparison(cells: Mapping[str, Any]) -> str:
    """Return one row for each contender that was measured."""
    rows = []
    ours = cells.get(FICUS, {}).get("cpu_s_per_1000")
    for name in CONTENDERS:
        if name not in cells:
            continue
        cell = cells[name]
        at = cell["by_rate"]
        rows.append(
            (
                TITLES[name],
                shown(cell["events_per_s"], 0),
                shown(cell["cpu_s_per_1000"], 2),
                times(cell["cpu_s_per_1000"], ours),
                shown(at.get("50", {}).get("cpu_s_per_1000"), 2),
                *(latency(at.get(rate, {})) for rate in ("1", "10", "50", "saturation")),
                f"{cell['missing'] + cell['failed']} of {cell['sent'] + cell['failed']}",
            )
        )
    return table(COLUMNS, rows)


def growth(steps: Mapping[str, Any]) -> str:
    rows = [
        (
            f"{int(events):,}".replace(",", " "),
            shown(cell["events_per_s"], 0),
            shown(cell["cpu_s_per_1000"], 2),
            shown(cell["p50_ms"], 1),
            shown(cell["p99_ms"], 1),
        )
        for events, cell in steps.items()
    ]
    columns = ("events in the log", "a second, saturated", "CPU-s per 1000", "p50 ms at 50/s", "p99 ms")
    return f"{table(columns, rows)}\n\n{flatness(list(steps.values()))}"


def flatness(cells: Sequence[Mapping[str, Any]]) -> str:
    """Say by how much the last step differs from the first, and whether that is flat."""
    said = []
    for figure, name in (("events_per_s", "throughput"), ("cpu_s_per_1000", "CPU"), ("p50_ms", "p50")):
        known = [cell[figure] for cell in cells if cell[figure]]
        if len(known) > 1:
            change = known[-1] / known[0] - 1
            said.append(f"{name} {change:+.0%}{'' if abs(change) <= FLAT_WITHIN else ' (not flat)'}")
    return f"From the first to the last: {', '.join(said)}. Flat means within {FLAT_WITHIN:.0%}." if said else ""


def parts_of(databases: Mapping[str, Any]) -> str:
    """Return where the CPU seconds of ficus go, per 1000 at saturation."""
    found = {
        f"{NAMES[kind]} on {NAMES[database]}": kinds[kind][FICUS]["by_rate"]
        .get("saturation", {})
        .get("cpu_by_part", {})
        for database, kinds in databases.items()
        for kind in KINDS
        if FICUS in kinds[kind]
    }
    parts = list(dict.fromkeys(part for shares in found.values() for part in shares))
    return table(("", *parts), [(name, *(shown(of.get(part), 2) for part in parts)) for name, of in found.items()])


def troubles(databases: Mapping[str, Any]) -> list[str]:
    return [
        f"{TITLES[name]}, {NAMES[kind]} on {NAMES[database]}: {trouble}"
        for database, kinds in databases.items()
        for kind in KINDS
        for name, cell in kinds[kind].items()
        for trouble in cell["trouble"]
    ]


def latency(at: Mapping[str, Any]) -> str:
    return f"{shown(at['p50_ms'], 1)} / {shown(at['p99_ms'], 1)}" if at else "-"


def times(value: float | None, ours: float | None) -> str:
    return f"{value / ours:.1f}" if value and ours else "-"
