"""A PostgreSQL of the run's own, so that it can be stopped hard; the machine's own is never touched."""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

from ficus.supervisor.process import Process
from ficus.testing.processes import free_ports
from tests.servers import Servers

USER = "postgres"
INSTALLED = Path("/usr/lib/postgresql")  # Debian keeps the programs of each version below it
NAME = "postgres"


class PostgresMissing(Exception):
    """There is no PostgreSQL to run; the message is one line that says what was looked for."""


def find_programs() -> Path:
    """
    Return the folder with ``initdb`` and ``postgres``.

    :raises PostgresMissing: if there is none.
    """
    on_path = shutil.which("pg_ctl")
    found = [Path(on_path).resolve().parent] if on_path else []
    found += sorted(INSTALLED.glob("*/bin"), key=lambda folder: folder.parent.name, reverse=True)
    for folder in found:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise PostgresMissing(f"there is no PostgreSQL server: no initdb beside pg_ctl on PATH or in {INSTALLED}/*/bin")


class Cluster:
    """
    One server with a directory of its own, on a free port of the loopback interface.

    The directory is not below the run's, whose own may be closed to the user that the server runs as.

    :raises PostgresMissing: if its programs are not installed, or if this is root and there is no user ``postgres``.
    """

    def __init__(self) -> None:
        self._programs = find_programs()
        self._as_user = as_unprivileged()
        self.directory = Path(tempfile.mkdtemp(prefix="ficus-chaos-postgres-"))
        self._port = free_ports(1)[0]

    @property
    def servers(self) -> Servers:
        """Return the address of this server, with a Redis of the system's own beside it."""
        return Servers(postgres_url=f"postgres://{USER}@127.0.0.1:{self._port}", redis_url="")

    def make(self) -> None:
        """Fill the directory with an empty cluster."""
        if self._as_user:
            shutil.chown(self.directory, USER)
        initdb = [str(self._programs / "initdb"), "-D", str(self.directory), "-U", USER, "-A", "trust", "--no-sync"]
        subprocess.run([*self._as_user, *initdb], check=True, stdout=subprocess.DEVNULL, cwd="/")

    def remove(self) -> None:
        """Remove the directory; the server must not run any more."""
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def process(self) -> Process:
        """Describe the server; it dies with its supervisor, also as another user."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self._port),
            "unix_socket_directories": str(self.directory),
            "max_connections": "200",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Process(
            NAME,
            [*self._as_user, str(self._programs / "postgres"), "-D", str(self.directory), *options],
            ready=self._answers,
            listens=[f"127.0.0.1:{self._port}"],
        )

    async def _answers(self) -> bool:
        """It takes connections before it takes questions: "the database system is starting up"."""

        def ask() -> None:
            psycopg.connect(f"{self.servers.postgres_url}/postgres", connect_timeout=3).close()

        try:
            await asyncio.to_thread(ask)
        except psycopg.Error:
            return False
        return True


def as_unprivileged() -> list[str]:
    """Return what makes a command run as ``postgres`` if this is root, whom PostgreSQL refuses."""
    if os.geteuid() != 0:
        return []
    try:
        pwd.getpwnam(USER)
    except KeyError:
        raise PostgresMissing(f"PostgreSQL does not run as root, and there is no user {USER}") from None
    if not shutil.which("setpriv"):
        raise PostgresMissing("PostgreSQL does not run as root, and setpriv (util-linux) is missing")
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", "--pdeathsig=KILL"]
