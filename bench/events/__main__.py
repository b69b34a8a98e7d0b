"""``python -m bench.events``: measures, prints a table, writes var/bench/events.json; a full run docs/evidence too."""

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

from bench.events import plot, table
from bench.events.plan import FULL, QUICK
from bench.events.results import as_json
from bench.events.run import Run
from bench.machine import Machine

ROOT = Path(__file__).resolve().parents[2]
EVIDENCE = ROOT / "docs" / "evidence"
DISTRIBUTIONS = ("Django", "celery", "redis", "psycopg", "django-celery-outbox")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-events", description="Measure events side by side.")
    parser.add_argument("--quick", action="store_true", help="a little of it, within five minutes")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "var" / "bench" / "events.json", help="where the JSON and the log go"
    )
    chosen = parser.parse_args()
    plan, seen = QUICK if chosen.quick else FULL, Machine.look(DISTRIBUTIONS)
    place, began = Path(tempfile.mkdtemp(prefix="ficus-bench-")), time.monotonic()
    if seen.warning:
        print(f"\n{seen.warning}\n", file=sys.stderr)
    run = Run(plan, place, say=lambda line: print(f"{time.monotonic() - began:5.0f} s  {line}", flush=True))
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    try:
        run.perform()
    finally:
        shutil.copy(run.log, chosen.out.with_suffix(".log"))
        shutil.rmtree(place, ignore_errors=True)
    found = as_json(run.cells, run.grown, machine=seen.as_dict(), remarks=run.remarks)
    found |= {"command": "make bench-events" + (" QUICK=1" if chosen.quick else ""), "plan": plan.name}
    found["took_seconds"] = round(time.monotonic() - began)
    write(found, chosen.out, evidence=chosen.out.parent if chosen.quick else EVIDENCE)
    return 1 if any(cell.trouble for cell in run.cells) or not run.cells else 0


def write(found: dict[str, object], out: Path, *, evidence: Path) -> None:
    """Write the JSON to ``out``, and the table and the plot below ``evidence``."""
    text = table.render(found)
    for directory in (out.parent, evidence):
        directory.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(found, indent=2) + "\n")
    (evidence / "events.md").write_text(text)
    plot.draw(found, evidence / "events.png")
    print(f"\n{text}\n{out}\n{evidence / 'events.md'}\n{evidence / 'events.png'}")


if __name__ == "__main__":
    sys.exit(main())
