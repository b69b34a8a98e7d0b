"""
Named places where a process can be made to die at once, so that tests prove what a death there leaves behind.

    crash.point("relay.after_push")

does nothing, unless the process was started with ``CRASH_POINTS=<directory>``, which settings refuse outside
development. Then it looks for ``<directory>/armed/relay.after_push``, in which a number says at which pass to die. When
that has come, the file is replaced by ``<directory>/fired/relay.after_push``, which holds the process id, and the
process ends by SIGKILL: nothing is rolled back, closed, flushed or said. The process that follows it goes on, since
nothing is armed any more.

``points.py`` lists every point; ``ficus.testing.crash_points`` arms them.
"""

import os
import signal
import threading
from collections import Counter
from pathlib import Path

from ficus.crash.points import POINTS

_directory: Path | None = None
_passes: Counter[str] = Counter()
_counting = threading.Lock()


class NoSuchPoint(LookupError):
    """The point is not declared in ``ficus.crash.points``."""


def point(name: str) -> None:
    """
    Die here if a test has asked for it.

    :raises NoSuchPoint: where points can be armed, if this one is not declared.
    """
    if _directory is not None:
        _pass(_directory, name)


def enable(directory: Path) -> None:
    """Let tests arm the points of this process by files in that directory."""
    global _directory
    for part in ("armed", "fired"):
        (directory / part).mkdir(parents=True, exist_ok=True)
    _directory = directory


def _pass(directory: Path, name: str) -> None:
    if name not in POINTS:
        raise NoSuchPoint(name)
    armed = directory / "armed" / name
    with _counting:
        try:
            at_pass = int(armed.read_text())
        except FileNotFoundError:
            _passes.pop(name, None)
            return
        _passes[name] += 1
        if _passes[name] >= at_pass:
            _die(armed, directory / "fired" / name)


def _die(armed: Path, fired: Path) -> None:
    try:
        armed.unlink()
    except FileNotFoundError:
        return  # another process with the same directory was faster
    unfinished = fired.with_name(f".{fired.name}")
    with unfinished.open("w") as proof:
        proof.write(str(os.getpid()))
        proof.flush()
        os.fsync(proof.fileno())
    unfinished.rename(fired)
    os.kill(os.getpid(), signal.SIGKILL)
