"""Memory of processes and all that they started, as Linux counts it: proc(5)."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from bench import cpu
from bench.cpu import PROC

PAGE = os.sysconf("SC_PAGE_SIZE")
MEGABYTE = 1024 * 1024


def resident(root: int, proc: Path = PROC) -> float:
    """Return the resident memory of a tree of processes in MB; pages that several share count for each of them."""
    return sum(_pages(proc / str(pid)) for pid in _tree(root, proc)) * PAGE / MEGABYTE


class Growth:
    """By how much a tree of processes grows: at most, at any moment since this was made."""

    def __init__(self, root: int, proc: Path = PROC) -> None:
        self._proc = proc
        self._pids = _tree(root, proc)
        for pid in self._pids:
            (proc / str(pid) / "clear_refs").write_text("5")  # the peak begins anew
        self._before = self._peaks()

    def megabytes(self) -> float:
        """Return the sum of what each process has grown."""
        after = self._peaks()
        return sum(max(0, after[pid] - before) for pid, before in self._before.items() if pid in after) / 1024

    def _peaks(self) -> dict[int, int]:
        """Return the most that each has had resident, in kB."""
        found = {}
        for pid in self._pids:
            with suppress(FileNotFoundError, ProcessLookupError):
                found[pid] = _field((self._proc / str(pid) / "status").read_text().splitlines(), "VmHWM")
        return found


def _tree(root: int, proc: Path) -> list[int]:
    return cpu.tree(cpu.snapshot(proc), root)


def _pages(directory: Path) -> int:
    with suppress(FileNotFoundError, ProcessLookupError):
        return int((directory / "statm").read_text().split()[1])
    return 0


def _field(lines: Iterable[str], name: str) -> int:
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), 0)
