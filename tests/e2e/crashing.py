"""Walks the crash points of a running system: each kills its process once, and every death is seen to have happened."""

import time
from collections.abc import Callable, Iterable, Mapping

from tests.e2e.system import System, eventually

PATIENCE_SECONDS = 240.0
Stations = Mapping[str, Iterable[str]]

# What any process does that changes something and says so.
APPEND = ("append.before_insert", "append.after_insert", "append.before_commit", "append.after_commit")
APPLY = ("inbox.before_lock", "inbox.after_lock", "inbox.before_move", "inbox.before_commit", "inbox.after_commit")
RELAY = ("relay.before_sequencing", "relay.after_sequencing", "relay.before_push", "relay.after_push")


class Walk:
    """
    Some points of some processes, all armed at once: whoever comes to one dies there, and goes on when started again.

    :param stations: by process the points to pass there. A name such as ``users-worker|users-relay`` stands for
        whichever of these comes first.
    """

    def __init__(self, system: System, stations: Stations) -> None:
        self._system = system
        self._log_began = system.processes.log.stat().st_size
        self._left = [(names.split("|"), point) for names, points in stations.items() for point in points]
        self._deaths: list[tuple[str, int]] = []
        for names, point in self._left:
            for name in names:
                system.crash_points(name).arm(point)

    def go(self, drive: Callable[[], object], *, pause_seconds: float = 0.5) -> None:
        """Do what leads past the points, again and again, until every one has killed; then all runs once more."""
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while self._look() and time.monotonic() < give_up_at:
            drive()
            time.sleep(pause_seconds)
        for names, point in self._left:
            self._disarm(names, point)
        assert self._left == [], f"never passed: {self._left}"
        eventually(lambda: self._system.processes.are_ready, bool, PATIENCE_SECONDS)
        unseen = eventually(self._unseen, lambda unseen: not unseen)
        assert unseen == [], f"died, and nobody saw it: {unseen}"

    def _look(self) -> bool:
        """Note who has died meanwhile; return whether any point is left."""
        for names, point in list(self._left):
            for name in names:
                pid = self._system.crash_points(name).killed(point)
                if pid is not None:
                    self._deaths.append((name, pid))
                    self._left.remove((names, point))
                    self._disarm(names, point)
                    break
        return bool(self._left)

    def _disarm(self, names: list[str], point: str) -> None:
        for name in names:
            self._system.crash_points(name).disarm(point)

    def _unseen(self) -> list[str]:
        """Return whose deaths by SIGKILL nobody has seen: neither the supervisor, nor gunicorn of its own workers."""
        with self._system.processes.log.open("rb") as log:
            log.seek(self._log_began)
            said = log.read().decode(errors="replace")
        by_gunicorn = {(name, pid) for name, pid in self._deaths if f"(pid:{pid}) was sent SIGKILL" in said}
        others = [name for name, pid in self._deaths if (name, pid) not in by_gunicorn]
        return [name for name in set(others) if said.count(f"{name} was killed by SIGKILL") < others.count(name)]
