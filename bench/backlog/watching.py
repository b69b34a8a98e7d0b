"""Looks at a running system from outside: how far users is, and what each process takes. Nothing is changed here."""

import re
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg

_REACHED = "SELECT min(position) FROM ficus_events_cursor WHERE consumer = 'users' AND source = 'orders'"
_END = "SELECT max(position) FROM ficus_events_logentry"


def asker(url: str, state: Path, service: str) -> Callable[[str], int]:
    """Return what asks a service's database for one number, wherever that is."""

    def ask(query: str) -> int:
        connect = psycopg.connect(url) if url else sqlite3.connect(state / f"{service}.sqlite3", timeout=30)
        with closing(connect) as connection:
            [[number]] = connection.execute(query).fetchall()
        return int(number or 0)

    return ask


def reached(ask: Callable[[str], int]) -> int:
    """Return up to where users has worked off orders' log."""
    return ask(_REACHED)


def end(ask: Callable[[str], int]) -> int:
    """Return where orders' log ends."""
    return ask(_END)


class Memory:
    """The most memory that each process has held at once, with those that it started, in megabytes (proc(5): VmHWM)."""

    def __init__(self, pids: Callable[[], dict[str, int]]) -> None:
        self.peaks: dict[str, float] = {}
        self._pids, self._over = pids, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(1.0):
            for name, pid in self._pids().items():
                for each in [pid, *_children(pid)]:
                    self.peaks[name] = max(self.peaks.get(name, 0.0), _peak_megabytes(each))


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _peak_megabytes(pid: int) -> float:
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def wait_until(done: Callable[[], bool], seconds: float) -> float:
    """Return after how many seconds it was done; ``seconds`` if it was not."""
    began = time.monotonic()
    while not done() and time.monotonic() - began < seconds:
        time.sleep(0.5)
    return time.monotonic() - began
