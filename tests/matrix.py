"""
Runs the whole suite as each deployable in turn: the same test files under each service's settings and the monolith's.

Once, and after the others, run the tests that wait for time to pass: those of whole systems (of either shape, and
those that are started anew) beside those that start a few processes each, those of a gateway's sockets, and those of
the library that depend on no deployable's settings. ``--postgres`` repeats it all on the PostgreSQL and Redis that
``TEST_POSTGRES_URL`` and ``TEST_REDIS_URL`` name.

Sockets, signals and other people's programs meet the machine's other load. One or two tests of a run that failed are
run again, alone, at the end; those that pass then are named as unstable, with the first failure above. What looks
whether anything is lost or doubled is never run again: it has to hold every time.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from config.services import NAMES
from tests.servers import Servers, ServersMissing

ROOT = Path(__file__).resolve().parent.parent
AT_ONCE = 3
AGAIN_AT_MOST = 2  # more failures than these are no accident
NEVER_AGAIN = ("tests/chaos", "tests/ficus/events", "tests/ficus/sagas", "tests/orders")
AUDITED = "tests/e2e"  # the audit of its systems is an error at the end of a module
FAILED = 1  # pytest's exit code for tests that failed


@dataclass(frozen=True)
class Run:
    """
    One pytest process.

    :ivar service: the deployable whose settings it has; none for real processes.
    :ivar paths: what it collects.
    :ivar only: by which names it takes its tests, as pytest's ``-k``; empty means all.
    :ivar redis: how many Redis databases further on its own is, if it may not share the others'.
    """

    name: str
    service: str
    paths: tuple[str, ...]
    only: str = ""
    redis: int = 0


SUPERVISOR = "tests/ficus/supervisor"
WIRE = "tests/gateway/wire"
TIMED = ("tests/ficus/resilience", "tests/ficus/discovery/test_conformance.py")
IN_PROCESS = (
    Run("monolith", "monolith", (*(f"tests/{name}" for name in NAMES), "tests/ficus", "tests/contracts")),
    *(Run(name, name, (f"tests/{name}", "tests/ficus", "tests/contracts")) for name in NAMES),
    Run("gateway", "gateway", ("tests/gateway",)),
)
# The longest first, so that the others run beside them.
WAITING = (
    Run("services", "", ("tests/e2e",), only="services and not monolith"),
    Run(
        "processes",
        "",
        (
            "tests/test_architecture.py",
            "tests/config",
            SUPERVISOR,
            "tests/processes",
            "tests/bench",
            "tests/chaos",
        ),
    ),
    Run("wire", "gateway", (WIRE,), redis=3),
    Run("starting", "", ("tests/starting",)),
    Run("monoliths", "", ("tests/e2e",), only="monolith", redis=1),
    Run("systems", "", ("tests/e2e",), only="not services and not monolith", redis=2),
    Run("timed", "orders", TIMED),
)


@dataclass(frozen=True)
class Result:
    """
    How a run ended.

    :ivar code: pytest's exit code.
    :ivar output: all that pytest said.
    :ivar unstable: tests that failed beside others and passed alone.
    """

    run: Run
    code: int
    output: str
    unstable: tuple[str, ...] = ()

    @property
    def failures(self) -> tuple[str, ...]:
        """The tests that failed, each once, as pytest's summary names them."""
        return tuple(dict.fromkeys(name for _, name in self._summary()))

    @property
    def may_pass_alone(self) -> bool:
        """Whether what failed are a few tests and none that has to hold every time."""
        firm = [
            name
            for kind, name in self._summary()
            if name.startswith(NEVER_AGAIN) or (kind == "ERROR" and name.startswith(AUDITED))
        ]
        return self.code == FAILED and 0 < len(self.failures) <= AGAIN_AT_MOST and not firm

    def _summary(self) -> list[tuple[str, str]]:
        return re.findall(r"^(FAILED|ERROR) (.+?)(?: - .*)?$", self.output, re.MULTILINE)

    @property
    def last_line(self) -> str:
        return self.output.splitlines()[-1]


def perform(run: Run, servers: Servers | None, *options: str) -> Result:
    """Run pytest and show what it said."""
    chosen = servers.beside(run.redis).environment(run.service) if servers else {}
    inherited = {name: value for name, value in os.environ.items() if not name.endswith(("_DATABASE_URL", "REDIS_URL"))}
    environment = {**inherited, "SERVICE": run.service, **chosen}
    command = [sys.executable, "-m", "pytest", "-q", "-o", f"cache_dir=.pytest_cache/{run.name}", *options, *run.paths]
    command += ["-k", run.only] if run.only else []
    command += [f"--ignore={path}" for path in (SUPERVISOR, WIRE, *TIMED) if path not in run.paths]
    began = time.monotonic()
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    output = done.stdout.rstrip() or "no output"
    print(f"\n{run.name}: {' '.join(run.paths)} ({time.monotonic() - began:.0f} s)", output, sep="\n", flush=True)
    return Result(run, done.returncode, output)


def look_again(result: Result, servers: Servers | None) -> Result:
    """Return the result after what failed was run once more, alone, if it may be."""
    if not result.may_pass_alone:
        return result
    print(f"\nonce more, alone: {', '.join(result.failures)}", flush=True)
    alone = perform(result.run, servers, "--last-failed", "--last-failed-no-failures=none")
    return result if alone.code else replace(result, code=0, unstable=result.failures)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make test", description="Run every test as every deployable.")
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL and Redis instead of embedded ones")
    servers = Servers.read(os.environ) if parser.parse_args().postgres else None
    try:
        if servers:
            servers.check()
    except ServersMissing as error:
        print(f"make test-postgres: {error}", file=sys.stderr)
        return 2
    began = time.monotonic()
    results = []
    for group in (IN_PROCESS, WAITING):
        with ThreadPoolExecutor(AT_ONCE) as executor:
            results += executor.map(lambda run: perform(run, servers), group)
    results = [look_again(result, servers) for result in results]
    print("\nAll together:")
    for result in results:
        print(f"{result.run.name + ':':<10} {result.last_line}")
        for test in result.unstable:
            print(f"{'UNSTABLE':<10} {test}: failed beside others, passed alone")
    print(f"{total([result.last_line for result in results])} in {time.monotonic() - began:.2f}s")
    return max(result.code for result in results)


def total(last_lines: list[str]) -> str:
    """Add up what pytest counted: ``1 failed, 20 passed``."""
    counts: Counter[str] = Counter()
    for line in last_lines:
        for number, what in re.findall(r"(\d+) (failed|errors?|passed|skipped|deselected)", line):
            counts[what.removesuffix("s") if what == "errors" else what] += int(number)
    return ", ".join(f"{counts[what]} {what}" for what in ("failed", "error", "passed", "skipped") if counts[what])


if __name__ == "__main__":
    sys.exit(main())
