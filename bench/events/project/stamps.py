"""
When what was committed, in files that the bench reads: a few bytes appended by one system call, the same for all.

The clock is CLOCK_MONOTONIC, which is one for all processes of a Linux machine.
"""

import os
import struct
import time
from collections.abc import Iterable
from functools import cache

EFFECT = struct.Struct("=qq")  # number, committed at (ns)
COMMIT = struct.Struct("=qqq")  # number, how late it was begun (ns), committed at (ns)
EFFECTS, COMMITS = "effects", "commits"


def effects(numbers: Iterable[int]) -> None:
    """Note that the last transaction of these events is committed."""
    now = time.monotonic_ns()
    os.write(_file(EFFECTS), b"".join(EFFECT.pack(number, now) for number in numbers))


def commits(stamped: Iterable[tuple[int, int, int]]) -> None:
    """Note when first transactions were committed, and how late they were begun."""
    os.write(_file(COMMITS), b"".join(COMMIT.pack(*each) for each in stamped))


@cache
def _file(name: str) -> int:
    return os.open(os.path.join(os.environ["BENCH_STAMPS"], name), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
