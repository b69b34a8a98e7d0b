"""``make up`` as a person has it in a terminal."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil

from tests.commands import ROOT

MODULE = ("-m", "config.up")


class Terminal:
    """
    ``make up`` in a terminal of its own; ``lines`` is what it has shown so far.

    :param root: the tree whose system it is.
    """

    def __init__(self, *arguments: str, root: Path = ROOT, **environment: str) -> None:
        self.lines: list[str] = []
        self._running = subprocess.Popen(
            [sys.executable, *MODULE, *arguments],
            cwd=root,
            env={**os.environ, "FICUS_ENV": "development", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        for line in self._running.stdout or ():
            self.lines.append(line.rstrip("\n"))

    @property
    def said(self) -> str:
        return "\n".join(self.lines)

    def wait_for(self, text: str, seconds: float = 100) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.said:
            assert self._running.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.05)

    def processes(self) -> list[psutil.Process]:
        return psutil.Process(self._running.pid).children(recursive=True)

    def signal(self, number: int) -> int:
        """Send a signal and return the exit code."""
        self._running.send_signal(number)
        code = self._running.wait(60)
        self._reading.join(30)
        return code

    def close(self) -> None:
        if self._running.poll() is None:
            self.signal(signal.SIGINT)
        if self._running.stdout:
            self._running.stdout.close()
