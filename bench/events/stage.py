"""One contender in one kind of work on one database: its databases made once, its processes run turn by turn."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.events.contenders import Role, processes, roles
from bench.events.plan import Plan
from bench.events.producer import Producer
from bench.events.servers import Server
from bench.events.window import Stamps, Window, measure
from bench.own_redis import OwnRedis
from ficus.supervisor.process import Process
from ficus.testing.processes import Processes, free_ports

ROOT = Path(__file__).resolve().parents[2]
# How often to try again with more events when all were done too soon to say much.
ATTEMPTS = 3


class ContenderFailed(Exception):
    """A process of the contender died, or it did not do its work; one line says which and where to read on."""


@dataclass
class Stage:
    """
    :ivar place: of its stamps and logs.
    :ivar next: number of the next event.
    """

    name: str
    contender: str
    kind: str
    server: Server
    redis: OwnRedis
    processes: Processes
    place: Path
    next: int = 1
    _roles: list[Role] = field(default_factory=list)
    _urls: dict[str, str] = field(default_factory=dict)

    def prepare(self) -> None:
        """Make its databases and their tables."""
        self.place.mkdir(parents=True)
        self._roles = roles(self.kind, free_ports(2))
        for role in self._roles:
            self._urls[role.name] = self.server.create(f"{self.name}_{role.name}")
        migrate = [sys.executable, "-m", "django", "migrate", "--run-syncdb", "-v", "0"]
        self.processes.run(*(self._in(role, Process(f"migrate-{role.name}", migrate)) for role in self._roles))

    def run(self, *command: str) -> None:
        """Run ``python -m ...`` to its end, in the first role, while nothing else runs."""
        self.processes.run(self._in(self._roles[0], Process(command[0], [sys.executable, "-m", *command])))

    @contextmanager
    def running(self) -> Iterator["Turn"]:
        """Run its processes for one turn; whatever was left in Redis is gone."""
        self.redis.empty()
        found = [self._in(role, process) for role in self._roles for process in processes(self.contender, role)]
        names = [process.name for process in found]
        try:
            self.processes.start(*found)
            with Producer(self.environment(self._roles[0]), self.place / "producer.log") as producer:
                roots = {
                    part: [self.processes.pid(name) for name in names if name.startswith(part)]
                    for part in _parts(names)
                }
                roots |= {"producer": [producer.pid], "redis": [self.redis.pid]}
                if self.server.pid is not None:
                    roots["database"] = [self.server.pid]
                yield Turn(self, producer, Stamps(self.place), roots)
        finally:
            self.processes.stop(*names)

    def environment(self, role: Role) -> dict[str, str]:
        other = next((other.rpc for other in self._roles if other != role), "")
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.place),
            "PYTHONPATH": str(ROOT),
            # Containers and CI have no other user; the workers load JSON alone, which is what the warning is about.
            "PYTHONWARNINGS": "ignore",
            "DJANGO_SETTINGS_MODULE": "bench.events.project.settings",
            "BENCH_CONTENDER": self.contender,
            "BENCH_ROLE": role.name,
            "BENCH_DATABASE_URL": self._urls[role.name],
            "BENCH_REDIS_URL": self.redis.url,
            "BENCH_OTHER_RPC": other,
            "BENCH_STAMPS": str(self.place),
        }

    def _in(self, role: Role, process: Process) -> Process:
        return replace(process, environment=self.environment(role))


@dataclass
class Turn:
    """A contender's processes while they run."""

    stage: Stage
    producer: Producer
    stamps: Stamps
    roots: dict[str, list[int]]

    def warm_up(self, plan: Plan) -> Window:
        """Send a few events: who starts may be slow."""
        return self.measure(count=plan.warm_up, rate=0, patience_seconds=max(plan.patience_seconds, 30.0))

    def saturate(self, plan: Plan) -> Window:
        """Warm up, and then send as many events as keep the contender busy for as long as planned."""
        window = self.warm_up(plan)
        for _ in range(ATTEMPTS):
            count = at_saturation(plan, window)
            window = self.measure(count=count, rate=0, patience_seconds=plan.patience_seconds)
            if window.seconds >= plan.saturated_seconds / 2 or count >= plan.most:
                break
        return window

    def measure(self, *, count: int, rate: float, patience_seconds: float) -> Window:
        """
        :raises ContenderFailed: if nothing arrived, or a process has died on the way.
        """
        first, self.stage.next = self.stage.next, self.stage.next + count
        try:
            window = measure(
                self.producer,
                self.stamps,
                self.roots,
                first=first,
                count=count,
                rate=rate,
                patience_seconds=patience_seconds,
            )
        except LookupError as error:
            raise ContenderFailed(f"a process died: {error}; the log says why") from error
        if not window.arrived:
            raise ContenderFailed(f"none of {count} events arrived; {window.said or 'the log may say why'}")
        return window


def at_saturation(plan: Plan, last: Window) -> int:
    """Return how many events make a window as long as planned, by the pace of the last."""
    return max(plan.least, min(plan.most, int((last.events_per_s or 0) * plan.saturated_seconds)))


def _parts(names: list[str]) -> list[str]:
    return list(dict.fromkeys(name.partition("-")[0] for name in names))
