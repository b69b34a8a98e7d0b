"""``python -m bench.gateway``: measures, writes table and var/bench/gateway.json; a full run docs/evidence too."""

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

from bench.gateway import plot, table
from bench.gateway.plan import FULL, QUICK
from bench.gateway.results import as_json
from bench.gateway.run import Run
from bench.machine import Machine
from config import compiling
from gateway.compiled import read_manifest

ROOT = Path(__file__).resolve().parents[2]
EVIDENCE = ROOT / "docs" / "evidence"
DISTRIBUTIONS = ("uvloop", "httptools", "gunicorn", "Django")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-gateway", description="Measure gateways side by side.")
    parser.add_argument("--quick", action="store_true", help="a little of it, within five minutes")
    parser.add_argument("--only", nargs="*", default=(), help="contenders, such as nginx go ficus_bare; default: all")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "var" / "bench" / "gateway.json", help="where the JSON and the log go"
    )
    chosen = parser.parse_args()
    plan, seen = QUICK if chosen.quick else FULL, Machine.look(DISTRIBUTIONS)
    place, began = Path(tempfile.mkdtemp(prefix="ficus-bench-")), time.monotonic()
    if seen.warning:
        print(f"\n{seen.warning}\n", file=sys.stderr)
    run = Run(plan, place, lambda line: print(f"{time.monotonic() - began:5.0f} s  {line}", flush=True), chosen.only)
    data_path = compile_for(run)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    try:
        run.perform()
    finally:
        keep_logs(place, chosen.out.with_suffix(".log"))
        shutil.rmtree(place, ignore_errors=True)
    machine = seen.as_dict()
    machine["versions"] |= run.versions | {"ficus's data path": data_path}
    found = as_json(run.cells, run.ceiling, run.swept, left_out=run.left_out, machine=machine, remarks=run.remarks)
    found |= {"command": "make bench-gateway" + (" QUICK=1" if chosen.quick else ""), "plan": plan.name}
    found["took_seconds"] = round(time.monotonic() - began)
    partial = chosen.quick or bool(chosen.only)
    write(found, chosen.out, evidence=chosen.out.parent if partial else EVIDENCE)
    return 1 if any(cell.trouble for cell in run.cells) or not run.cells else 0


def compile_for(run: Run) -> str:
    """Have the run measure ours as compiled where that can be; return which it is, for the page."""
    try:
        run.compiled = compiling.make()
    except compiling.CannotCompile as error:
        run.remarks.append(f"ficus is INTERPRETED here, since its data path could not be compiled: {error}")
        return "interpreted"
    return f"compiled by {read_manifest(run.compiled)['maker']}"


def keep_logs(place: Path, out: Path) -> None:
    """Keep the end of what each process said; of the access logs of millions of requests that is enough."""
    logs = sorted(place.glob("**/said.log")) + list(place.glob("*.log"))
    ends = [f"== {log.relative_to(place)}\n{end_of(log)}" for log in logs]
    out.write_text("\n".join(ends))


def end_of(log: Path, length: int = 4000) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - length))
        return file.read().decode(errors="replace")


def write(found: dict[str, object], out: Path, *, evidence: Path) -> None:
    """Write the JSON to ``out``, and the table and the plot below ``evidence``."""
    text = table.render(found)
    for directory in (out.parent, evidence):
        directory.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(found, indent=2) + "\n")
    (evidence / "gateway.md").write_text(text)
    plot.draw(found, evidence / "gateway.png")
    print(f"\n{text}\n{out}\n{evidence / 'gateway.md'}\n{evidence / 'gateway.png'}")


if __name__ == "__main__":
    sys.exit(main())
