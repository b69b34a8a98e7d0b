"""Has a contender asked: as much as it answers, by wrk where there is one, or at a rate by a generator of our own."""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.gateway.generator import write_requests
from bench.gateway.place import ROOT, find

PATIENCE_SECONDS = 60.0


class LoadBroken(Exception):
    """Whoever asks ended with an error; its last words follow."""


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What came of it.

    :ivar requests: that were answered.
    :ivar failed: that were not, or with another status than 200.
    :ivar late_ms: by how much the latest hundredth of the requests was sent too late; None at saturation.
    """

    requests: int
    seconds: float
    failed: int
    p50_ms: float | None
    p99_ms: float | None
    late_ms: float | None = None


class Load:
    """Everything here runs on the cores of the bench itself."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._wrk = find("wrk")

    @property
    def remark(self) -> str:
        return "" if self._wrk else "THE LOAD IS SLOW: there is no wrk (Debian's wrk), so a generator in Python asks"

    def write(self, name: str, address: str, paths: Iterable[str], fields: Iterable[Mapping[str, str]]) -> Path:
        """Write requests for ``paths``, each with its own ``fields``, and return the file."""
        file = self._directory / f"{name}.requests"
        write_requests(file, [_request(address, *each) for each in zip(paths, fields, strict=True)])
        return file

    def saturate(self, address: str, requests: Path, *, connections: int, seconds: float) -> Asked:
        """:raises LoadBroken: if there was no measuring."""
        if not self._wrk:
            return self._generate(address, requests, connections=connections, seconds=seconds, rate=0)
        script = str(Path(__file__).with_name("wrk.lua"))
        # wrk counts whole seconds alone.
        options = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", script]
        return _run([self._wrk, *options, f"http://{address}/", "--", str(requests)], seconds)

    def at_rate(self, address: str, requests: Path, *, connections: int, seconds: float, rate: int) -> Asked:
        """:raises LoadBroken: if there was no measuring."""
        return self._generate(address, requests, connections=connections, seconds=seconds, rate=rate)

    def _generate(self, address: str, requests: Path, *, connections: int, seconds: float, rate: int) -> Asked:
        host, _, port = address.rpartition(":")
        job = {"host": host, "port": int(port), "requests": str(requests), "connections": connections}
        job |= {"rate": rate, "seconds": seconds}
        return _run([sys.executable, "-m", "bench.gateway.generator", json.dumps(job)], seconds)


def _request(address: str, path: str, fields: Mapping[str, str]) -> bytes:
    """Return a request as a small client sends it."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {address}", "User-Agent: bench", "Accept: */*"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _run(command: list[str], seconds: float) -> Asked:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds + PATIENCE_SECONDS)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        raise LoadBroken(f"{Path(command[0]).name} ended with {done.returncode}: {(done.stderr or done.stdout)[-300:]}")
    said: dict[str, Any] = {"late_ms": None, **json.loads(lines[-1])}
    return Asked(**{name: said[name] for name in Asked.__match_args__})
