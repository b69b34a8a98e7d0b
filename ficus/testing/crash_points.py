"""Arms the crash points of a process that was started with ``CRASH_POINTS``, and tells which have killed it."""

import os
from pathlib import Path

from ficus.crash import NoSuchPoint
from ficus.crash.points import POINTS


class CrashPoints:
    """
    The crash points of whoever was started with ``environment``: one process, or several with the same one.

    :ivar environment: add it to the process's own.
    """

    def __init__(self, directory: Path) -> None:
        self._armed, self._fired = directory / "armed", directory / "fired"
        for part in (self._armed, self._fired):
            part.mkdir(parents=True, exist_ok=True)
        self.environment = {"CRASH_POINTS": str(directory)}

    def arm(self, name: str, *, at_pass: int = 1) -> None:
        """
        Have the process die, once, when it passes the point for the ``at_pass``-th time from now on.

        :raises NoSuchPoint: if there is no such point.
        """
        if name not in POINTS:
            raise NoSuchPoint(name)
        (self._fired / name).unlink(missing_ok=True)
        unfinished = self._armed / f".{name}"
        unfinished.write_text(str(at_pass))
        unfinished.rename(self._armed / name)

    def disarm(self, name: str) -> None:
        """Let the process live on at that point."""
        (self._armed / name).unlink(missing_ok=True)

    @property
    def armed(self) -> list[str]:
        """The points that have not killed yet."""
        return sorted(name for name in os.listdir(self._armed) if name in POINTS)

    def killed(self, name: str) -> int | None:
        """Return the id of the process that has died at the point since it was armed, or None."""
        try:
            return int((self._fired / name).read_text())
        except FileNotFoundError:
            return None
