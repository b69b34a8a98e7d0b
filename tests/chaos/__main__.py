"""``make chaos``: breaks a system of its own by a seeded schedule, audits it, and reports."""

import tests.environment  # noqa: F401, I001 - settles the environment before anything reads it

import argparse
import random
import shutil
import sys
import tempfile
from pathlib import Path

from config.processes import SHAPES
from ficus.supervisor.supervisor import CannotStart
from tests.chaos.postgres import PostgresMissing
from tests.chaos.run import Choices, Run
from tests.commands import ROOT

REPORTS = ROOT / "var" / "chaos"
MISUSED = 2


def main() -> int:
    arguments = _parser().parse_args()
    choices = Choices(
        seed=random.randrange(10**6) if arguments.seed is None else arguments.seed,
        minutes=arguments.minutes,
        database=arguments.db,
        shape=arguments.shape,
        every=arguments.every,
        rate=arguments.rate,
        within=arguments.within,
    )
    schedule = choices.schedule()
    print(choices.command(), f"{len(schedule)} faults:", sep="\n")
    print(*(f"{fault.at:7.1f} s  {fault}" for fault in schedule), sep="\n", flush=True)
    return 0 if arguments.dry else _perform(choices, arguments.reports)


def _perform(choices: Choices, reports: Path) -> int:
    state = Path(tempfile.mkdtemp(prefix="ficus-chaos-"))
    run = Run(choices, state, lambda line: print(line, flush=True))
    try:
        report = run.perform()
    except (PostgresMissing, CannotStart) as error:
        print(f"make chaos: {error}", file=sys.stderr)
        return MISUSED
    finally:
        run.keep_log(reports)
        shutil.rmtree(state, ignore_errors=True)
    print(report.text(), f"written to {report.write(reports)}", sep="\n")
    return 0 if report.is_success else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make chaos", description="Break a system of its own, and audit it.")
    parser.add_argument("--minutes", type=_positive, default=5.0, help="how long; 5 by default")
    parser.add_argument("--seed", type=int, help="decides every fault; by chance unless given")
    parser.add_argument("--db", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--shape", choices=sorted(SHAPES), default="services")
    parser.add_argument("--rate", type=_positive, default=10.0, help="orders a second; 10 by default")
    parser.add_argument("--every", type=_positive, default=6.0, help="mean seconds between two faults; 6 by default")
    parser.add_argument("--within", type=_positive, default=30.0, help="seconds to converge in; 30 by default")
    parser.add_argument("--reports", type=Path, default=REPORTS, help="folder for the report; var/chaos by default")
    parser.add_argument("--dry", action="store_true", help="show the schedule and do nothing")
    return parser


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError("must be more than 0")
    return number


if __name__ == "__main__":
    sys.exit(main())
