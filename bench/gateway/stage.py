"""One contender, running, and each measurement of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import cpu, memory
from bench.gateway.bodies import Bodies
from bench.gateway.cores import Cores, listed
from bench.gateway.load import Asked, Load
from bench.gateway.place import Contender, Place
from bench.gateway.plan import Plan
from ficus.testing.processes import Processes, free_ports


@dataclass(slots=True)
class Window:
    """
    What one measurement found.

    :ivar rate: requests a second that were asked for; 0 for as many as there may be.
    :ivar cpu_seconds: of all the contender's processes.
    :ivar gateway_busy: share of the contender's cores that was not idle.
    :ivar load_busy: likewise of the load's and the upstream's.
    :ivar rss_mb: of all the contender's processes, afterwards.
    """

    rate: int
    asked: Asked
    cpu_seconds: float
    gateway_busy: float
    load_busy: float
    rss_mb: float

    @property
    def rps(self) -> float | None:
        return self.asked.requests / self.asked.seconds if self.asked.requests else None

    @property
    def cpu_us(self) -> float | None:
        """CPU-microseconds a request."""
        return self.cpu_seconds * 1e6 / self.asked.requests if self.asked.requests else None


@dataclass(slots=True)
class Grown:
    """By how many MB a contender grew while bodies went through it, in each direction; None where that is not known."""

    up_mb: float | None = None
    down_mb: float | None = None


@dataclass
class Stage:
    """Where contenders are measured, one at a time."""

    place: Path
    processes: Processes
    load: Load
    cores: Cores
    plan: Plan
    upstream: str
    bodies: Bodies
    _known: dict[str, Place] = field(default_factory=dict)

    @contextmanager
    def running(
        self, contender: Contender, *, workers: int = 1, cores: frozenset[int] | None = None
    ) -> Iterator["Turn"]:
        """Run a contender for one turn, on its own core unless told otherwise."""
        process = contender.process(self._place_of(contender.name, workers, cores or self.cores.gateway))
        try:
            self.processes.start(process)
            yield Turn(self, contender, process.listens[0], self.processes.pid(process.name), cores)
        finally:
            self.processes.stop(process.name)

    def _place_of(self, name: str, workers: int, cores: frozenset[int]) -> Place:
        key = f"{name}-{workers}-{listed(cores)}"
        if key not in self._known:
            (self.place / key).mkdir()
            address = f"127.0.0.1:{free_ports(1)[0]}"
            self._known[key] = Place(self.place / key, address, self.upstream, self.bodies.address, cores, workers)
        return self._known[key]


@dataclass
class Turn:
    """
    A contender while it runs.

    :ivar pid: of the process above all of its others.
    :ivar cores: that it runs on if they are not its usual one.
    """

    stage: Stage
    contender: Contender
    address: str
    pid: int
    cores: frozenset[int] | None

    def requests(self) -> Path:
        """Return the file of the contender's plain requests."""
        fields = self.contender.fields
        return self.stage.load.write(self.contender.name, self.address, [self.contender.path], [fields])

    def warm_up(self, requests: Path, seconds: float = 0.0) -> Asked:
        plan = self.stage.plan
        return self.stage.load.saturate(
            self.address, requests, connections=plan.connections, seconds=seconds or plan.warm_up_seconds
        )

    def saturate(self, requests: Path) -> Window:
        return self._measure(requests, 0, self.stage.plan.saturated_seconds)

    def at_rate(self, requests: Path) -> Window:
        return self._measure(requests, self.stage.plan.rate, self.stage.plan.rate_seconds)

    def send_bodies(self) -> Grown:
        """
        Send one body each way.

        :raises BodyLost: if one does not arrive whole.
        """
        grown = {}
        for name, send in (("up_mb", self.stage.bodies.up), ("down_mb", self.stage.bodies.down)):
            growth = memory.Growth(self.pid)
            send(self.address)
            grown[name] = growth.megabytes()
        return Grown(**grown)

    def _measure(self, requests: Path, rate: int, seconds: float) -> Window:
        stage, connections = self.stage, self.stage.plan.connections
        roots, cores = {"gateway": [self.pid]}, self.cores or stage.cores.gateway
        before, ticks = cpu.by_part(roots), [cpu.core_ticks(each) for each in (cores, stage.cores.load)]
        if rate:
            asked = stage.load.at_rate(self.address, requests, connections=connections, seconds=seconds, rate=rate)
        else:
            asked = stage.load.saturate(self.address, requests, connections=connections, seconds=seconds)
        after = [cpu.core_ticks(each) for each in (cores, stage.cores.load)]
        spent = cpu.by_part(roots)["gateway"] - before["gateway"]
        gateway, load = (_share(*each) for each in zip(ticks, after, strict=True))
        return Window(rate, asked, spent, gateway, load, memory.resident(self.pid))


def _share(before: tuple[int, int], after: tuple[int, int]) -> float:
    passed = after[1] - before[1]
    return (after[0] - before[0]) / passed if passed else 0.0
