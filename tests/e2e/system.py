"""The whole system on free ports with a state of its own, as tests see it: processes, front door, audits."""

import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from redis import Redis

from config.addresses import PORTS, Addresses
from config.demo import demo_password
from config.processes import SHAPES, Shape, command
from ficus.configuration.environment import Environment
from ficus.supervisor.embedded_redis import embedded_redis
from ficus.supervisor.process import Process
from ficus.testing.crash_points import CrashPoints
from ficus.testing.processes import Processes, free_ports
from tests.commands import ROOT
from tests.e2e.people import Person, new_session
from tests.servers import Databases

PATIENCE_SECONDS = 30.0
SUSPENDED_SECONDS = 120.0  # longer than any breaker stays open
SUCCESSES = 3  # close a breaker
OPEN_TO_ALL = ("/products?limit=1", "/.well-known/jwks.json")  # of orders and of users; neither is kept by the gateway
REDIS = "redis"
DEMO_PASSWORD = demo_password(Environment(ROOT)) or ""

# For tests of what only three projects can show, such as one of them being away.
in_services = pytest.mark.parametrize("started", ["services"], indirect=True, scope="session")

Found = TypeVar("Found")


class System:
    """
    One running system.

    :ivar url: its front door.
    :ivar processes: what runs, under the names that ``make up`` shows.
    :ivar environment: of every process.
    """

    def __init__(
        self,
        shape: str,
        state: Path,
        databases: Databases | None,
        *,
        workers: Mapping[str, int] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        at = Addresses({part: f"127.0.0.1:{port}" for part, port in ports.items()})
        self.name = shape
        self.url = f"http://{at.gateway}"
        numbers = workers or {}
        self._shape: Shape = SHAPES[shape](at, lambda deployable: numbers.get(deployable, 1))
        self._at = at
        self._state = state
        self._databases = databases
        given_redis = databases.servers.redis_url if databases else ""
        self._has_own_redis = not given_redis
        self.registry_url = f"redis://{at.redis}/0"
        self.redis_url = given_redis or self.registry_url
        self.environment = {
            "FICUS_ENV": "development",
            "FICUS_ENV_FILE": os.devnull,
            "FICUS_STATE": str(state),
            "REDIS_URL": self.redis_url,
            # Always its own: others who use the same Redis run services of the same names.
            "DISCOVERY_URL": self.registry_url,
            "CONFIGURATION_URL": self.registry_url,
            # However slow the machine, no order is late unless a test wants it so.
            "ORDER_DEADLINE_SECONDS": "900",
            **{f"{part}_PORT": str(port) for part, port in ports.items()},
            **(environment or {}),
        }
        if databases:
            for deployable in self._shape.deployables:
                self.environment[f"{deployable.upper()}_DATABASE_URL"] = databases.create(deployable)
        self.processes = Processes(state / "log")

    @contextmanager
    def running(self) -> Iterator["System"]:
        """Migrate, start everything, seed a little, and end it all at the end of the block."""
        try:
            with self.processes:
                migrations = [command(name, "migrate", "-v", "0") for name in self._shape.deployables]
                self.processes.run(*map(self._here, [*migrations, self._shape.key_maker]))
                self.processes.start(embedded_redis(REDIS, self._at.redis, self._state))
                self.empty_redis()
                self.processes.start(*map(self._here, self._shape.processes))
                for seed in self._shape.seeds:
                    self.processes.run(self._here(seed))
                yield self
        finally:
            if self._databases:
                self._databases.drop()

    def demo_person(self, username: str) -> Person:
        """Return ada, sam, olga or root, signed in at the front door."""
        return Person.sign_in(self.url, username, DEMO_PASSWORD)

    def cheapest(self) -> dict[str, Any]:
        """Return the product with the lowest price."""
        return min(self.products(), key=lambda product: product["unit_price"])

    def products(self) -> list[dict[str, Any]]:
        with new_session() as session:
            products: list[dict[str, Any]] = session.get(f"{self.url}/products?limit=100", timeout=20).json()["results"]
        return products

    def empty_redis(self) -> None:
        """FLUSHALL on a Redis of our own; on one that others may use, only our database of it."""
        with Redis.from_url(self.redis_url, socket_timeout=5) as client:
            if self._has_own_redis:
                client.flushall()
            else:
                client.flushdb()

    def empty_registry(self) -> None:
        """Have the registry of instances forget everything, as one that was started anew."""
        with Redis.from_url(self.registry_url, socket_timeout=5) as client:
            client.flushall()

    def kill(self, *suffixes: str) -> None:
        """``kill -9`` every process whose name ends in one of ``suffixes``: ``worker``, ``relay``, ``web``, ``rpc``."""
        self.processes.kill(*self.names(*suffixes))

    def names(self, *suffixes: str) -> list[str]:
        return [process.name for process in self._shape.processes if process.name.endswith(suffixes)]

    @property
    def service_urls(self) -> dict[str, str]:
        """Where the services' own HTTP servers are, by name, past the front door."""
        servers = [process for process in self._shape.processes if process.name.endswith("-web")]
        return {server.name.removesuffix("-web"): f"http://{server.listens[0]}" for server in servers}

    def crash_points(self, name: str) -> CrashPoints:
        """Return the crash points of the process of that name; none is armed unless a test does it."""
        return CrashPoints(self._state / "crash" / name)

    @contextmanager
    def changed(self, *names: str, **environment: str) -> Iterator[None]:
        """Have some processes run in another environment for the duration of the block."""
        usual = [self._here(process) for process in self._shape.processes if process.name in names]
        changed = [replace(process, environment={**process.environment, **environment}) for process in usual]
        self.processes.stop(*names)
        self.processes.start(*changed)
        try:
            yield
        finally:
            self.processes.stop(*names)
            self.processes.start(*usual)

    def command(self, deployable: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a management command to its end, whatever that is."""
        process = self._here(command(deployable, *arguments))
        return subprocess.run(
            [*process.command], cwd=ROOT, env={**os.environ, **process.environment}, capture_output=True, text=True
        )

    def restore(self) -> None:
        """Start again what a test stopped, and wait until everything is ready and asked by the front door."""
        self.processes.start_again(*self.processes.stopped)
        self.processes.wait_until_ready()
        assert eventually(self._is_asked, bool, SUSPENDED_SECONDS), self.processes.log.read_text()[-6000:]

    def _is_asked(self) -> bool:
        """Tell whether no breaker of the front door is open, as one may be after much load; successes close it."""
        with new_session() as session:
            asked = [session.get(f"{self.url}{path}", timeout=20) for path in (*OPEN_TO_ALL * SUCCESSES,)]
        return all(answer.status_code == 200 for answer in asked)

    def audit(self, *more: Process) -> list[str]:
        """Run every audit, and ``more`` such commands, side by side; return what they found wrong."""
        audits = [*self._shape.audits, *more]
        running = [
            subprocess.Popen(
                [*audit.command],
                cwd=ROOT,
                env={**os.environ, **self.environment},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for audit in audits
        ]
        said = [audit.communicate()[0] for audit in running]
        return [
            line for audit, text in zip(running, said, strict=True) if audit.returncode for line in text.splitlines()
        ]

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a management command in this system to its end: ``manage("orders", "log", "list")``."""
        return subprocess.run(
            [*command(*arguments).command],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=100,
        )

    def run(self, *commands: Process) -> None:
        """
        Run commands to their end in this system, all at once.

        :raises CannotStart: if one fails.
        """
        self.processes.run(*map(self._here, commands))

    def _here(self, process: Process) -> Process:
        """Return the process as it runs in this system."""
        points = self.crash_points(process.name).environment
        return replace(process, environment={**self.environment, **points, **process.environment})


def eventually(look: Callable[[], Found], accept: Callable[[Found], bool], seconds: float = PATIENCE_SECONDS) -> Found:
    """Look until what is seen is acceptable; after ``seconds`` return what was seen last, for the test to assert on."""
    deadline = time.monotonic() + seconds
    while not accept(found := look()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def settled(orders: Sequence[dict[str, Any]]) -> bool:
    """Tell whether there are orders and every one is decided."""
    return bool(orders) and all(order["status"] != "PENDING" for order in orders)


def count_by_status(orders: Sequence[dict[str, Any]]) -> dict[str, int]:
    return dict(Counter(order["status"] for order in orders))
