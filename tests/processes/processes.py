"""The station's processes, on a database and a Redis of the test's own."""

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from ficus.supervisor.process import Process
from ficus.testing.processes import Processes
from tests.commands import ROOT
from tests.ficus.events.redis_server import RedisServer
from tests.servers import Databases, Servers

CELERY = (sys.executable, "-m", "celery", "--quiet", "--app", "tests.processes.station.worker", "--workdir", str(ROOT))
PATIENCE_SECONDS = 90.0


class Station:
    """
    One running station, in a directory of its own.

    :ivar processes: its relays and workers, by the names that the test gives them.
    """

    def __init__(self, directory: Path, redis: RedisServer, databases: Databases | None, **environment: str) -> None:
        self.directory, self.redis = directory, redis
        self._url = databases.create("station") if databases else f"sqlite:///{directory}/station.sqlite3"
        self.environment = {
            "DJANGO_SETTINGS_MODULE": "tests.processes.station.settings",
            "PYTHONPATH": str(ROOT),
            "STATION_DATABASE_URL": self._url,
            "STATION_DIRECTORY": str(directory),
            "REDIS_URL": redis.url,
            "PYTHONWARNINGS": "ignore",
            **environment,
        }
        self.is_on_postgres = databases is not None
        self.processes = Processes(directory / "log")
        self.rung = 0

    @contextmanager
    def running(self):
        with self.processes:
            migrate = [sys.executable, "-m", "django", "migrate", "-v", "0", "--run-syncdb"]
            self.processes.run(Process("migrate", migrate, self.environment))
            self._ringer = subprocess.Popen(
                [sys.executable, "-m", "tests.processes.station.ring"],
                cwd=ROOT,
                env={**os.environ, **self.environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            try:
                self._ringer.stdout.readline()
                yield self
            finally:
                self._ringer.kill()
                self._ringer.communicate()

    def start_relay(self, name: str = "relay") -> None:
        self.processes.start(Process(name, [sys.executable, "-m", "django", "relay"], self.environment))

    def start_worker(self, name: str = "worker") -> None:
        command = [*CELERY, "worker", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        self.processes.start(Process(name, command, {**self.environment, "C_FORCE_ROOT": "1"}))

    def ring(self, times: int, seconds: float = 0.0, *, new_bells: bool = False) -> None:
        """Have bells ring, and return when all is committed."""
        self._ringer.stdin.write(f"{'-' if new_bells else ''}{times} {seconds}\n")
        self._ringer.stdin.flush()
        assert self._ringer.stdout.readline() == "done\n"
        self.rung += times

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        if self._url.startswith("sqlite"):
            connection: Any = sqlite3.connect(self._url.removeprefix("sqlite:///"), timeout=20)
        else:
            connection = psycopg.connect(self._url, autocommit=True)
        try:
            return [tuple(row) for row in connection.execute(statement).fetchall()]
        finally:
            connection.close()

    def heard(self) -> int:
        return int(self.query("SELECT count(*) FROM station_heard")[0][0])

    def disorder(self) -> list[tuple[Any, ...]]:
        """Return what was heard twice, and bells whose rings were heard in another order than they rang in."""
        doubled = self.query("SELECT bell, version FROM station_heard GROUP BY bell, version HAVING count(*) > 1")
        reordered = self.query(
            "SELECT a.bell, a.version, b.version FROM station_heard a JOIN station_heard b ON a.bell = b.bell"
            " WHERE a.id < b.id AND a.version >= b.version"
        )
        return doubled + reordered

    def log(self) -> str:
        return (self.directory / "log").read_text()

    def wait_for(self, condition, what: str) -> None:
        """:raises AssertionError: with the log, if it does not come true in a long time."""
        ends_at = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < ends_at, f"{what}: not so\n{self.log()[-6000:]}"
            time.sleep(0.05)

    def hear_all(self) -> None:
        self.wait_for(lambda: self.heard() >= self.rung, f"all {self.rung} are heard")

    def pushes_again(self) -> None:
        """Ring until what rang last was applied by push."""

        def is_pushed() -> bool:
            self.ring(1)
            self.hear_all()
            return self.last_was_pushed()

        self.wait_for(is_pushed, "pushes are applied")

    def last_was_pushed(self) -> bool:
        return self.query("SELECT 1 FROM ficus_events_cursor WHERE pulled_since IS NULL AND position > 0") != []


def databases() -> Databases | None:
    """Return where databases are made, if the tests were told to use servers."""
    return Databases(Servers.read(os.environ)) if os.environ.get("TEST_SERVERS") else None
