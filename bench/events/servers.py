"""The PostgreSQL that a run has to itself, so that its CPU is the run's alone, and the databases of a run."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psycopg

from bench import cpu
from ficus.supervisor.probes import accepts
from ficus.supervisor.process import Process
from ficus.testing.processes import Processes, free_ports

POSTGRESQL, SQLITE = "postgresql", "sqlite"
USER = "postgres"
PATIENCE_SECONDS = 30.0


class NoPostgres(Exception):
    """There is no PostgreSQL to measure on; one line says what was looked for."""


@dataclass
class Postgres:
    """
    :ivar pid: of the server that all others of it descend from; None if it is not on this machine.
    :ivar own: whether it is the run's own; otherwise its CPU includes whatever else it does.
    """

    url: str
    pid: int | None
    own: bool
    version: str = ""
    _names: list[str] = field(default_factory=list)
    _end: Callable[[], None] | None = None

    @classmethod
    def start(cls, processes: Processes, environment: Mapping[str, str] = os.environ) -> "Postgres":
        """
        Start a cluster of the run's own where there is PostgreSQL to start, else use ``TEST_POSTGRES_URL``.

        :raises NoPostgres: if neither is to be had.
        """
        programs = find_programs()
        if programs is not None:
            return cls._start_own(processes, programs)
        if url := environment.get("TEST_POSTGRES_URL"):
            return cls._given(url.rstrip("/"))
        raise NoPostgres("no initdb on this machine, and TEST_POSTGRES_URL names no server")

    @classmethod
    def _start_own(cls, processes: Processes, programs: Path) -> "Postgres":
        # Not below a directory of the caller's, which another user may not be able to reach.
        cluster, port = Path(tempfile.mkdtemp(prefix="ficus-bench-postgresql-")), free_ports(1)[0]
        become: list[str] = []
        try:
            if os.geteuid() == 0:  # PostgreSQL refuses to run as root
                account = pwd.getpwnam(USER)
                os.chown(cluster, account.pw_uid, account.pw_gid)
                become = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
                become.append("--pdeathsig=KILL")  # the wish of ficus.supervisor.lifeline ends with the change of user
            initdb = [
                *become,
                str(programs / "initdb"),
                "--auth=trust",
                f"--username={USER}",
                "--no-sync",
                "-E",
                "UTF8",
            ]
            subprocess.run([*initdb, str(cluster)], check=True, capture_output=True, cwd="/")
        except (KeyError, subprocess.CalledProcessError) as error:
            raise NoPostgres(f"a cluster cannot be made: {error}") from error
        options = ["-D", str(cluster), "-p", str(port), "-c", "listen_addresses=127.0.0.1", "-k", str(cluster)]
        address = f"127.0.0.1:{port}"
        command = [*become, str(programs / "postgres"), *options]
        processes.start(Process("postgresql", command, ready=accepts(address), listens=[address]))
        server = cls(f"postgres://{USER}@{address}", processes.pid("postgresql"), own=True)
        server._end = partial(_end, processes, cluster)
        server._wait()
        return server

    @classmethod
    def _given(cls, url: str) -> "Postgres":
        server = cls(url, None, own=False)
        server._wait()
        with psycopg.connect(f"{url}/postgres") as connection:
            backend = connection.info.backend_pid
            mine = [stat for stat in cpu.snapshot() if stat.pid == backend]
            server.pid = mine[0].parent if mine and "127.0.0.1" in url else None
        return server

    def create(self, name: str) -> str:
        """Return the address of a new, empty database."""
        name = f"ficus_bench_{name}_{os.getpid()}"
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self._execute(f'CREATE DATABASE "{name}"')
        self._names.append(name)
        return f"{self.url}/{name}"

    def drop(self) -> None:
        """Remove the databases, or the whole cluster if it is the run's own."""
        if self._end is not None:
            self._end()
            return
        for name in self._names:
            self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _wait(self) -> None:
        ends_at = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with psycopg.connect(f"{self.url}/postgres", connect_timeout=3) as connection:
                    self.version = connection.info.parameter_status("server_version") or ""
                    return
            except psycopg.Error as error:
                if time.monotonic() > ends_at:
                    raise NoPostgres(f"{self.url} does not answer: {' '.join(str(error).split())}") from None
                time.sleep(0.1)

    def _execute(self, statement: str) -> None:
        with psycopg.connect(f"{self.url}/postgres", autocommit=True) as connection:
            connection.execute(statement.encode())


@dataclass
class SQLite:
    """Databases in files; whoever uses them does their work."""

    place: Path
    pid: None = None
    own: bool = True

    def create(self, name: str) -> str:
        return f"sqlite:///{self.place}/{name}.sqlite3"

    def drop(self) -> None:
        """Nothing: they go with their directory."""


Server = Postgres | SQLite


def _end(processes: Processes, cluster: Path) -> None:
    processes.stop("postgresql")
    shutil.rmtree(cluster, ignore_errors=True)


def find_programs() -> Path | None:
    """Return the directory of ``initdb`` and ``postgres``: Debian keeps them off the path."""
    beside = [Path(found).parent for found in [shutil.which("initdb")] if found]
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    for directory in [*beside, *debian]:
        if all((directory / program).exists() for program in ("initdb", "postgres")):
            return directory.resolve()
    return None
