"""The whole run: every contender in turn, round by round, so that a slow minute of the machine hits all alike."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from redis import RedisError

from bench.events.contenders import CONTENDERS, FICUS, TITLES, refusal
from bench.events.growth import grow
from bench.events.plan import KINDS, ONE_WAY, Plan
from bench.events.producer import ProducerBroken
from bench.events.results import TYPICAL_RATE, Cell, Grown
from bench.events.servers import POSTGRESQL, SQLITE, NoPostgres, Postgres, Server, SQLite
from bench.events.stage import ContenderFailed, Stage
from bench.own_redis import OwnRedis
from ficus.supervisor.supervisor import CannotStart
from ficus.testing.processes import Processes

TROUBLES = (ContenderFailed, ProducerBroken, CannotStart, OSError, psycopg.Error, RedisError)


@dataclass
class Run:
    """
    :ivar place: a directory for whatever it leaves behind; the caller's to remove.
    :ivar say: told what happens.
    :ivar remarks: what a reader of the figures has to know.
    """

    plan: Plan
    place: Path
    say: Callable[[str], None]
    databases: Sequence[str] = (POSTGRESQL, SQLITE)
    contenders: Sequence[str] = CONTENDERS
    kinds: Sequence[str] = KINDS
    cells: list[Cell] = field(default_factory=list)
    grown: list[Grown] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def log(self) -> Path:
        """What the processes said."""
        return self.place / "processes.log"

    def perform(self) -> None:
        self._ends_at = time.monotonic() + self.plan.budget_seconds
        with Processes(self.log) as self._processes:
            self._redis = OwnRedis.start(self._processes, self.place)
            servers = {database: self._server(database) for database in self.databases}
            try:
                for database, server in servers.items():
                    if server is not None:
                        self._compare(database, server)
                for database, server in servers.items():
                    if server is not None and self.plan.growth:
                        self._grow(database, server)
            finally:
                for server in servers.values():
                    if server is not None:
                        server.drop()

    def _server(self, database: str) -> Server | None:
        if database == SQLITE:
            return SQLite(self.place)
        try:
            server = Postgres.start(self._processes)
        except NoPostgres as error:
            self._remark(f"NOT MEASURED ON POSTGRESQL: {error}")
            return None
        if server.pid is None:
            self._remark("PostgreSQL is not on this machine: ITS CPU IS NOT COUNTED")
        elif not server.own:
            self._remark("PostgreSQL is shared: its CPU includes whatever else it did")
        self._remark(f"PostgreSQL {server.version}, {'a cluster of its own' if server.own else 'given'}")
        return server

    def _compare(self, database: str, server: Server) -> None:
        stages = []
        for kind in self.kinds:
            for contender in self.contenders:
                cell = Cell(database, kind, contender)
                if why := refusal(contender, database):
                    self._remark(f"{TITLES[contender]} is not measured on {database}: {why}")
                    continue
                self.cells.append(cell)
                stages.append((self._stage(contender, kind, database, server), cell))
        for round in range(1, self.plan.rounds + 1):
            for stage, cell in stages:
                if self._in_time(f"{stage.name}, round {round}"):
                    self._take_turn(stage, cell, first=round == 1)

    def _take_turn(self, stage: Stage, cell: Cell, *, first: bool) -> None:
        """Measure once. What goes wrong is part of what was found."""
        plan, before = self.plan, len(cell.windows)
        try:
            if first:
                stage.prepare()
            with stage.running() as turn:
                cell.windows.append(turn.saturate(plan))
                loads = [(int(rate * seconds), rate) for rate, seconds in plan.rates]
                loads += [(int(rate * seconds), rate) for rate, seconds in plan.rates_once if first]
                for count, rate in loads:
                    window = turn.measure(count=count, rate=rate, patience_seconds=plan.patience_seconds)
                    cell.windows.append(window)
        except TROUBLES as error:
            cell.trouble.append(str(error))
            self.say(f"{stage.name}: TROUBLE: {error}")
        for window in cell.windows[before:]:
            offered = f"{window.rate:g} a second" if window.rate else "saturated"
            self.say(
                f"{stage.name}: {offered}: {window.events_per_s or 0:.0f} a second,"
                f" {window.cpu_per_thousand or 0:.2f} CPU-s per 1000, {window.missing} missing, {window.failed} failed"
            )

    def _grow(self, database: str, server: Server) -> None:
        if not self._in_time(f"growth on {database}"):
            return
        stage = self._stage(FICUS, ONE_WAY, database, server, name=f"growth_{database}")
        try:
            stage.prepare()
            for grown in grow(stage, self.plan, database):
                self.grown.append(grown)
                found = grown.cell.at(0), grown.cell.at(TYPICAL_RATE)
                self.say(
                    f"{stage.name}: {grown.events} events in the log: {found[0]['events_per_s']} a second,"
                    f" p50 {found[1]['p50_ms']} ms; {' '.join(grown.cell.trouble)}"
                )
                if not self._in_time(f"{stage.name} beyond {grown.events}"):
                    return
        except TROUBLES as error:
            self._remark(f"GROWTH ON {database} BROKE OFF: {error}")

    def _stage(self, contender: str, kind: str, database: str, server: Server, *, name: str = "") -> Stage:
        name = name or f"{database}_{kind}_{contender}"
        return Stage(name, contender, kind, server, self._redis, self._processes, self.place / name)

    def _in_time(self, what: str) -> bool:
        if time.monotonic() < self._ends_at:
            return True
        self._remark(f"LEFT OUT, since the time was up: {what}")
        return False

    def _remark(self, remark: str) -> None:
        if remark not in self.remarks:
            self.remarks.append(remark)
            self.say(remark)
