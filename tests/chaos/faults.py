"""Does to a running system what the schedule says, and returns when it is over."""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import psutil
from redis import RedisError

from ficus.testing.processes import Processes
from tests.chaos import books, postgres
from tests.chaos.books import Books
from tests.chaos.queues import Queues
from tests.chaos.schedule import ON_QUEUES, Fault
from tests.e2e.system import System

# What a fault needs may be away because of the fault before; then it waits.
PATIENCE_SECONDS = 45.0
WORKERS = " workers"

AWAY = (RedisError, OSError, LookupError, psutil.Error, StopIteration, *books.FAILURES)


Result = TypeVar("Result")


class NotDone(Exception):
    """The fault could not be done in time: what it needs stayed away."""


@dataclass
class Breaker:
    """
    Whoever breaks things.

    :ivar servers: the supervisor of the PostgreSQL, if there is one.
    """

    system: System
    servers: Processes | None
    books: Books
    queues: Queues

    def do(self, fault: Fault) -> None:
        """
        Do it, wait until it is over, and leave nothing paused or stopped.

        :raises NotDone: if it could not be done.
        """
        if fault.kind in ON_QUEUES:
            self._insist(lambda: self.queues.throw(fault.kind, fault.target))
        elif fault.kind == "empty":
            self._insist(self.system.empty_redis)
        elif fault.kind == "cut":
            self._insist(self.books.cut_connections)
        elif fault.kind == "away":
            self._take_away(fault.target, fault.seconds)
        elif fault.kind == "pause":
            self._pause(fault.target, fault.seconds)
        else:
            self._insist(lambda: self._end(fault.kind, fault.target))

    def _end(self, kind: str, target: str) -> None:
        number = signal.SIGQUIT if kind == "stop" else signal.SIGKILL  # SIGQUIT: pg_ctl stop -m immediate
        for pid in self._pids(target):
            os.kill(pid, number)

    def _pause(self, target: str, seconds: float) -> None:
        paused = self._insist(lambda: self._pids(target, whole=True))
        try:
            self._signal(paused, signal.SIGSTOP)
            time.sleep(seconds)
        finally:
            self._signal(paused, signal.SIGCONT)

    def _take_away(self, target: str, seconds: float) -> None:
        """Kill a server, and have it come back later."""
        supervisor = self._supervisor(target)
        supervisor.stop(target, grace_seconds=0)
        time.sleep(seconds)
        supervisor.keep_again(target)

    def _pids(self, target: str, *, whole: bool = False) -> list[int]:
        """
        Return the processes that a target means; ``whole``: with all that it has started.

        :raises LookupError: if it does not run at present.
        """
        name = target.removesuffix(WORKERS)
        pid = self._supervisor(name).pid(name)
        children = [child.pid for child in psutil.Process(pid).children(recursive=True)]
        if name != target:
            if not children:
                raise LookupError(f"{name} has no workers at present")
            return children
        return [pid, *children] if whole else [pid]

    def _supervisor(self, name: str) -> Processes:
        if name != postgres.NAME:
            return self.system.processes
        if self.servers is None:
            raise ValueError("there is no PostgreSQL to break")
        return self.servers

    def _signal(self, pids: list[int], number: int) -> None:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _insist(self, action: Callable[[], Result]) -> Result:
        gives_up_at = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return action()
            except AWAY as error:
                if time.monotonic() > gives_up_at:
                    raise NotDone(f"{error!r}") from error
                time.sleep(0.2)


def targets_of(names: list[str]) -> list[str]:
    """Return what of these processes can be killed and paused: each, and the workers of those that have some."""
    return [*names, *(f"{name}{WORKERS}" for name in names if name.endswith(("web", "gateway")))]
