"""Real processes under a real supervisor, for tests that kill, stop and start them. No process is named here."""

import asyncio
import atexit
import random
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from ficus.supervisor.console import Console
from ficus.supervisor.process import Process
from ficus.supervisor.supervisor import GRACE_SECONDS, Supervisor

READY_SECONDS = 60.0
# Below those that Linux gives to whoever connects, or listens on any: nobody takes one before it is listened on.
PORTS = range(20_000, 32_000)

Result = TypeVar("Result")


class Processes:
    """
    A supervisor in a thread of its own; each call waits until what it asks for has happened.

    What the processes write goes to ``log``. Leave the ``with`` block and nothing is left running.
    """

    def __init__(self, log: Path, *, longest_pause_seconds: float = 1.0) -> None:
        """:param longest_pause_seconds: before what a test keeps killing is started again."""
        self.log = log
        self._longest_pause_seconds = longest_pause_seconds
        self._known: dict[str, Process] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="supervisor", daemon=True)

    def __enter__(self) -> Self:
        self._stream = self.log.open("a")
        self._supervisor = Supervisor(Console(self._stream), longest_pause_seconds=self._longest_pause_seconds)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._do(self._supervisor.stop)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._stream.close()

    def run(self, *commands: Process) -> None:
        """
        Run commands to their end, all at once.

        :raises CannotStart: if one fails.
        """

        async def run_all() -> None:
            await asyncio.gather(*(self._supervisor.run(command) for command in commands))

        self._do(run_all)

    def start(self, *processes: Process) -> None:
        """Keep processes running and wait until they, and all others, are ready."""

        async def keep() -> None:
            for process in processes:
                self._known[process.name] = process
                self._supervisor.keep(process)
            await self._supervisor.wait_until_ready(READY_SECONDS)

        self._do(keep)

    def stop(self, *names: str, grace_seconds: float = GRACE_SECONDS) -> None:
        """Stop processes in an orderly way, by ``kill -9`` after the grace; they stay away until ``start_again``."""
        self._do(lambda: self._supervisor.release(*names, grace_seconds=grace_seconds))

    def start_again(self, *names: str) -> None:
        """Start what was stopped."""
        self.start(*(self._known[name] for name in names))

    def keep_again(self, *names: str) -> None:
        """Start what was stopped, without waiting until it is ready."""

        async def keep() -> None:
            for name in names:
                self._supervisor.keep(self._known[name])

        self._do(keep)

    def kill(self, *names: str) -> None:
        """``kill -9``; the supervisor starts each again by itself."""

        async def kill() -> None:
            for name in names:
                self._supervisor.keeper(name).kill()

        self._do(kill)

    def wait_until_ready(self) -> None:
        self._do(lambda: self._supervisor.wait_until_ready(READY_SECONDS))

    @property
    def are_ready(self) -> bool:
        """Whether everything that is kept is ready for work at present."""
        return all(self._supervisor.keeper(name).ready.is_set() for name in self._supervisor.kept)

    @property
    def stopped(self) -> list[str]:
        """The names of those that ``stop`` took down."""
        return [name for name in self._known if name not in self._supervisor.kept]

    def pid(self, name: str) -> int:
        """:raises LookupError: if the process is not running at present."""
        pid = self._supervisor.keeper(name).pid
        if pid is None:
            raise LookupError(f"{name} is not running")
        return pid

    def _do(self, action: Callable[[], Coroutine[Any, Any, Result] | Awaitable[Result]]) -> Result:
        async def act() -> Result:
            return await action()

        return asyncio.run_coroutine_threadsafe(act(), self._loop).result()


def free_ports(count: int) -> list[int]:
    """
    Return ports of the loopback interface that nobody listens on, and that nobody else is given by this function.

    They are this process's for as long as it lives, so that whatever it starts may be long in coming to listen.
    """
    found: list[int] = []
    while len(found) < count:
        port = random.choice(PORTS)  # noqa: S311 - no secret
        if _is_free(port) and _claim(port):
            found.append(port)
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _claim(port: int) -> bool:
    """Take a name that Linux grants to one process at a time and takes back when that ends: unix(7), abstract."""
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0ficus.testing.port.{port}")
    except OSError:
        claim.close()
        return False
    atexit.register(claim.close)
    return True
