"""CPU seconds of processes and all that they started, alive or ended, as Linux counts them: proc(5)."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Stat:
    """
    One process at one moment.

    :ivar ticks: of CPU, in user and kernel, of itself and of those of its children that have ended and been awaited.
    """

    pid: int
    parent: int
    ticks: int


def parse(line: str) -> Stat:
    """Read a line of ``/proc/<pid>/stat``; the name in it may hold blanks and brackets."""
    pid, _, _ = line.partition(" ")
    fields = line[line.rindex(")") + 2 :].split()
    return Stat(pid=int(pid), parent=int(fields[1]), ticks=sum(map(int, fields[11:15])))


def snapshot(proc: Path = PROC) -> list[Stat]:
    """Return every process there is."""
    stats = []
    for directory in proc.iterdir():
        if directory.name.isdigit():
            try:
                stats.append(parse((directory / "stat").read_text()))
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended meanwhile; its parent has its time
    return stats


def tree(stats: Iterable[Stat], root: int) -> list[int]:
    """
    Return a process and all below it.

    :raises LookupError: if there is no such process.
    """
    return [stat.pid for stat in _below(stats, root)]


def seconds(stats: Iterable[Stat], root: int) -> float:
    """
    Return the CPU time of a process and of all below it.

    :raises LookupError: if there is no such process.
    """
    return sum(stat.ticks for stat in _below(stats, root)) / TICKS


def _below(stats: Iterable[Stat], root: int) -> list[Stat]:
    children: dict[int, list[Stat]] = {}
    for stat in stats:
        children.setdefault(stat.parent, []).append(stat)
    waiting = [stat for below in children.values() for stat in below if stat.pid == root]
    if not waiting:
        raise LookupError(f"no process {root}")
    found = []
    while waiting:
        stat = waiting.pop()
        found.append(stat)
        waiting += children.get(stat.pid, [])
    return found


def by_part(roots: Mapping[str, Iterable[int]], proc: Path = PROC) -> dict[str, float]:
    """Return the CPU time of each part of a system, which may be several process trees."""
    stats = snapshot(proc)
    return {part: sum(seconds(stats, pid) for pid in pids) for part, pids in roots.items()}


def core_ticks(cores: Iterable[int], proc: Path = PROC) -> tuple[int, int]:
    """Return for how many ticks these cores were busy, and for how many in all, since the machine started."""
    wanted = {f"cpu{core}" for core in cores}
    lines = [line.split() for line in (proc / "stat").read_text().splitlines() if line.startswith("cpu")]
    found = [list(map(int, fields[1:9])) for fields in lines if fields[0] in wanted]
    everything = sum(sum(fields) for fields in found)
    return everything - sum(fields[3] + fields[4] for fields in found), everything
