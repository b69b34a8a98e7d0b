"""The whole run: every contender in turn, round by round, so that a slow minute of the machine hits all alike."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import SubprocessError

from bench.gateway import ours
from bench.gateway.bodies import Bodies, BodyLost
from bench.gateway.cores import Cores
from bench.gateway.engines import engines
from bench.gateway.load import Load, LoadBroken
from bench.gateway.ours import BARE, CACHED, FULL, INTERPRETED, ISSUER, Ours
from bench.gateway.place import Contender
from bench.gateway.plan import Plan
from bench.gateway.results import Cell, Step, Swept
from bench.gateway.stage import Stage, Window
from bench.gateway.sweeps import Sweeps
from bench.gateway.tokens import Tokens
from bench.gateway.upstream import Upstream
from bench.own_redis import OwnRedis
from ficus.supervisor.supervisor import CannotStart
from ficus.testing.otlp import Sink
from ficus.testing.processes import Processes, free_ports

TROUBLES = (BodyLost, CannotStart, LoadBroken, LookupError, OSError, SubprocessError)
OURS = (BARE, FULL, CACHED, INTERPRETED)


@dataclass
class Run:
    """
    :ivar place: a directory for whatever it leaves behind; the caller's to remove.
    :ivar say: told what happens.
    :ivar only: names of contenders to be measured; all, if it is empty.
    :ivar compiled: directory of our compiled data path; None: it is interpreted.
    :ivar ceiling: the upstream itself, asked without anybody between.
    :ivar left_out: why a contender was not measured, by its name.
    :ivar remarks: what a reader of the figures has to know.
    """

    plan: Plan
    place: Path
    say: Callable[[str], None]
    only: Sequence[str] = ()
    compiled: Path | None = None
    cells: list[Cell] = field(default_factory=list)
    ceiling: Cell = field(default_factory=lambda: Cell("upstream", "upstream alone"))
    swept: list[Swept] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    @property
    def log(self) -> Path:
        """What the processes said that write to no file of their own."""
        return self.place / "processes.log"

    def perform(self) -> None:
        self._ends_at = time.monotonic() + self.plan.budget_seconds
        with _on(Cores.choose()) as cores, ExitStack() as stack:
            processes = stack.enter_context(Processes(self.log))
            bodies, sink = stack.enter_context(Bodies(self.plan.body_bytes)), stack.enter_context(Sink())
            redis, tokens = OwnRedis.start(processes, self.place), Tokens(ISSUER)
            upstream, load = Upstream.at(free_ports(1)[0]), Load(self.place)
            processes.start(upstream.process(self.place / "upstream", tokens.keys()))
            [token] = tokens.make(1)
            gateway = Ours(self.place, upstream, redis.url, sink.endpoint, token, self.compiled)
            self._stage = Stage(self.place, processes, load, cores, self.plan, upstream.address, bodies)
            for remark in (cores.remark, upstream.remark, load.remark, *ours.remarks()):
                self._remark(remark)
            contenders = self._present([*engines(), *gateway.contenders()])
            if any(contender.name in OURS for contender in contenders):
                processes.run(gateway.migrate())
                processes.run(gateway.lay(gateway.table(bodies.address)))
            self._compare(contenders)
            self._sweep(Sweeps(self._stage, gateway, tokens), contenders)

    def _present(self, contenders: Sequence[Contender]) -> list[Contender]:
        found = [each for each in contenders if not self.only or each.name in self.only]
        for each in found:
            if each.missing:
                self.left_out[each.name] = each.missing
                self._remark(f"NOT MEASURED: {each.title}: {each.missing}")
            elif each.version:
                self.versions[each.title] = each.version
        return [each for each in found if not each.missing]

    def _compare(self, contenders: Sequence[Contender]) -> None:
        self.cells = [Cell(each.name, each.title) for each in contenders]
        for round in range(1, self.plan.rounds + 1):
            self._measure_ceiling()
            for contender, cell in zip(contenders, self.cells, strict=True):
                if self._in_time(f"{contender.title}, round {round}"):
                    self._take_turn(contender, cell, first=round == 1)

    def _measure_ceiling(self) -> None:
        """Ask the upstream itself: nobody in between can be faster, and who comes near it is faster than it looks."""
        stage, plan = self._stage, self.plan
        requests = stage.load.write("upstream", stage.upstream, ["/bare"], [{}])
        try:
            asked = stage.load.saturate(
                stage.upstream, requests, connections=plan.connections, seconds=plan.saturated_seconds
            )
        except LoadBroken as error:
            self.ceiling.trouble.append(str(error))
            return
        window = Window(0, asked, 0.0, 0.0, 0.0, 0.0)
        self.ceiling.windows.append(window)
        self.say(f"upstream alone: {window.rps or 0:.0f} a second")

    def _take_turn(self, contender: Contender, cell: Cell, *, first: bool) -> None:
        """Measure once. What goes wrong is part of what was found."""
        before = len(cell.windows)
        try:
            with self._stage.running(contender) as turn:
                requests = turn.requests()
                turn.warm_up(requests)
                cell.windows += [turn.saturate(requests), turn.at_rate(requests)]
                if first and (self.plan.bodies_of_all or contender.name in OURS[:2]):
                    cell.grown = turn.send_bodies()
        except TROUBLES as error:
            cell.trouble.append(str(error))
            self.say(f"{contender.title}: TROUBLE: {error}")
        for window in cell.windows[before:]:
            self.say(f"{contender.title}: {told(window)}")

    def _sweep(self, sweeps: Sweeps, contenders: Sequence[Contender]) -> None:
        present = {contender.name: contender for contender in contenders}
        if BARE not in present or FULL not in present:
            return
        for round in range(1, self.plan.rounds + 1):
            for title, measure in sweeps.all(present[BARE], present[FULL]):
                if self._in_time(f"{title}, round {round}"):
                    self._take_steps(title, measure)

    def _take_steps(self, title: str, measure: Callable[[], Iterator[Step]]) -> None:
        swept = next((each for each in self.swept if each.title == title), None)
        if swept is None:
            swept = Swept(title)
            self.swept.append(swept)
        try:
            for step in measure():
                swept.steps.append(step)
                self.say(f"{title}: {step.count}: {told(step.window)}")
        except TROUBLES as error:
            swept.trouble.append(str(error))
            self.say(f"{title}: TROUBLE: {error}")

    def _in_time(self, what: str) -> bool:
        if time.monotonic() < self._ends_at:
            return True
        self._remark(f"LEFT OUT, since the time was up: {what}")
        return False

    def _remark(self, remark: str) -> None:
        if remark and remark not in self.remarks:
            self.remarks.append(remark)
            self.say(remark)


def told(window: Window) -> str:
    """Return a window as a line of the run's story."""
    offered = f"{window.rate} a second asked" if window.rate else "saturated"
    return (
        f"{offered}: {window.rps or 0:.0f} a second, {window.cpu_us or 0:.1f} CPU-us,"
        f" p99 {window.asked.p99_ms or 0:.2f} ms, {window.rss_mb:.0f} MB, {window.asked.failed} failed,"
        f" core {window.gateway_busy:.0%}, load {window.load_busy:.0%}"
    )


@contextmanager
def _on(cores: Cores) -> Iterator[Cores]:
    """Keep this process, and what it starts, on the cores of the load."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores.load)
    try:
        yield cores
    finally:
        os.sched_setaffinity(0, before)
