"""One run: starts a system of its own, lets customers in, breaks what the schedule says, waits, and judges."""

import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.addresses import PORTS, Addresses
from config.processes import SHAPES, command
from ficus.testing.processes import Processes
from tests.chaos import verdict
from tests.chaos.books import FAILURES, Books
from tests.chaos.crowd import Crowd
from tests.chaos.faults import Breaker, NotDone, targets_of
from tests.chaos.postgres import Cluster
from tests.chaos.queues import Queues
from tests.chaos.report import Report
from tests.chaos.schedule import Fault, Targets, plan
from tests.chaos.verdict import Verdict
from tests.e2e.system import System
from tests.servers import Databases

CONSUMERS = {"services": ("users", "orders", "orders.summary"), "monolith": ("users", "orders")}
LOOK_SECONDS = 0.5
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Choices:
    """
    What is asked of a run.

    :ivar minutes: how long customers order and things break.
    :ivar every: mean number of seconds between two faults.
    :ivar rate: orders a second, while all is well.
    :ivar within: seconds after the last fault within which everything has to be decided.
    :ivar patience: seconds after which nobody waits for that any longer.
    """

    seed: int
    minutes: float
    database: str = "sqlite"
    shape: str = "services"
    every: float = 6.0
    rate: float = 10.0
    within: float = 30.0
    patience: float = 180.0

    def targets(self) -> Targets:
        """Return what this shape on this database has to break."""
        nowhere = Addresses(dict.fromkeys(PORTS, ""))
        names = [process.name for process in SHAPES[self.shape](nowhere).processes]
        return Targets(targets_of(names), CONSUMERS[self.shape], self.database == "postgres")

    def schedule(self) -> list[Fault]:
        """Return the faults; the same for the same choices, on any machine."""
        return plan(seed=self.seed, seconds=self.minutes * 60, every=self.every, targets=self.targets())

    def command(self) -> str:
        """Return what one types to have this run again."""
        defaults = Choices(seed=self.seed, minutes=self.minutes)
        words = [f"make chaos MINUTES={self.minutes:g} SEED={self.seed} DB={self.database}"]
        words += [f"SHAPE={self.shape}"] if self.shape != defaults.shape else []
        words += [f"RATE={self.rate:g}"] if self.rate != defaults.rate else []
        words += [f"EVERY={self.every:g}"] if self.every != defaults.every else []
        return " ".join(words)


class Run:
    """
    A run from start to end.

    :param state: an empty folder for everything that the system writes.
    :param say: told what happens while it happens.
    """

    def __init__(self, choices: Choices, state: Path, say: Say) -> None:
        self._choices, self._state, self._say = choices, state, say
        self.report = Report(
            command=choices.command(),
            seed=choices.seed,
            shape=choices.shape,
            database=choices.database,
            target_seconds=choices.within,
            schedule=choices.schedule(),
        )

    def perform(self) -> Report:
        """
        :raises PostgresMissing: if one is needed and there is none.
        :raises CannotStart: if the system does not come up.
        """
        with self._servers() as (databases, servers):
            system = System(self._choices.shape, self._state, databases)
            urls = {
                name.removesuffix("_DATABASE_URL").lower(): url
                for name, url in system.environment.items()
                if name.endswith("_DATABASE_URL")
            }
            books = Books(self._choices.shape, self._state, urls)
            with system.running():
                self._break(system, servers, books)
        return self.report

    def keep_log(self, folder: Path) -> None:
        """Keep what the processes wrote beside the report."""
        folder.mkdir(parents=True, exist_ok=True)
        if (self._state / "log").exists():
            shutil.copy(self._state / "log", folder / f"{self.report.name}.log")

    @contextmanager
    def _servers(self) -> Iterator[tuple[Databases | None, Processes | None]]:
        """Run a PostgreSQL of our own, if that is what was asked for."""
        if self._choices.database != "postgres":
            yield None, None
            return
        cluster = Cluster()
        try:
            cluster.make()
            with Processes(self._state / "postgres.log") as servers:
                servers.start(cluster.process)
                yield Databases(cluster.servers), servers
        finally:
            cluster.remove()

    def _break(self, system: System, servers: Processes | None, books: Books) -> None:
        queues = Queues(system.redis_url, books, self._state, self._choices.seed)
        crowd = Crowd(system, seed=self._choices.seed, rate=self._choices.rate)
        began = time.monotonic()
        crowd.enter()
        try:
            last_ended = self._do_all(Breaker(system, servers, books, queues), began)
            crowd.leave()
            self.report.seconds = time.monotonic() - began
            self._say(f"{self.report.seconds:7.1f} s  nothing more is broken; waiting until everything is decided")
            self._converge(crowd, books, last_ended)
        finally:
            crowd.give_up()
        self._judge(system, books, crowd, queues)

    def _do_all(self, breaker: Breaker, began: float) -> float:
        """Do every fault at its time; return when the last of them was over and the time was up."""

        def do(fault: Fault) -> float:
            self._say(f"{time.monotonic() - began:7.1f} s  {fault}")
            try:
                breaker.do(fault)
            except NotDone as error:
                self.report.missed.append(f"{fault} at {fault.at:g} s: {error}")
            return time.monotonic()

        with ExitStack() as stack:
            hands = stack.enter_context(ThreadPoolExecutor(16))
            doing: list[Future[float]] = []
            for fault in self.report.schedule:
                time.sleep(max(0.0, began + fault.at - time.monotonic()))
                doing.append(hands.submit(do, fault))
            last_ended = max((each.result() for each in doing), default=began)
        time.sleep(max(0.0, began + self._choices.minutes * 60 - time.monotonic()))
        return last_ended

    def _converge(self, crowd: Crowd, books: Books, last_ended: float) -> None:
        """Look until nobody waits and nothing is left to do, and note how long it took since the last fault."""
        gives_up_at = time.monotonic() + self._choices.patience
        while time.monotonic() < gives_up_at:
            try:
                self.report.unfinished = books.unfinished()
            except FAILURES as error:
                self.report.unfinished = [f"a database does not answer: {error}"]
            if crowd.is_waiting:
                self.report.unfinished.append("customers wait for an answer")
            if not self.report.unfinished:
                self.report.converged_seconds = time.monotonic() - last_ended
                return
            time.sleep(LOOK_SECONDS)

    def _judge(self, system: System, books: Books, crowd: Crowd, queues: Queues) -> None:
        wishes, statuses = crowd.ledger.wishes, books.order_statuses(crowd.customer_ids)
        self._say("auditing")
        self.report.verdict = Verdict(
            lost=verdict.find_lost(wishes, statuses),
            doubled=[*verdict.find_doubled(wishes, statuses), *books.doubled_entries(), *books.doubled_events()],
            mismatches=[
                *system.audit(command(books.orders, "rebuild", "--check")),
                *crowd.ledger.surprises,
                *verdict.find_unanswered(wishes),
                *verdict.find_wrongly_parked(books.parked(), queues.thrown),
                *(["a pickle was loaded"] if queues.marker.exists() else []),
            ],
        )
        self.report.orders = {
            "asked": len(wishes),
            "acknowledged": len(crowd.ledger.acknowledged),
            "refused": sum(bool(wish.refused) for wish in wishes),
            "unanswered": len(crowd.ledger.undecided),
        }
        self.report.ended = verdict.count_statuses(wishes, statuses)
        self.report.answers = dict(crowd.ledger.answers)
        self.report.refused, self.report.parked = books.refused(), len(queues.thrown)
