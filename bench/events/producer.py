"""The process that does the contender's business, told over a pipe when and how much."""

import json
import select
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

READY_SECONDS = 60.0


class ProducerBroken(Exception):
    """The producer ended, or did not answer in time; its last words are in the log."""


class Producer:
    """Runs as long as the block lasts."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self._environment, self._log = environment, log

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bench.events.project.produce"],
                env=dict(self._environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                bufsize=1,
            )
        if self.answer(READY_SECONDS) is None:
            self._end()
            raise ProducerBroken("the producer does not start")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    @property
    def pid(self) -> int:
        return self._process.pid

    def begin(self, *, first: int, count: int, rate: float) -> None:
        """Have it do business ``count`` times, numbered from ``first``; ``rate`` a second, or 0 for at once."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"first": first, "count": count, "rate": rate}) + "\n")

    def answer(self, seconds: float) -> dict[str, Any] | None:
        """
        Return what it says when all is done, or None if it is not within so many seconds.

        :raises ProducerBroken: if it has ended.
        """
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            return None
        line = self._process.stdout.readline()
        if not line:
            raise ProducerBroken(f"the producer ended with {self._process.wait()}")
        said: dict[str, Any] = json.loads(line)
        return said

    def _end(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
