"""Where and on what was measured: without it no figure says anything."""

import os
import platform
import sqlite3
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

# More runnable processes than this share of the cores, before anything was started, and figures are not to be kept.
QUIET_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Machine:
    """
    :ivar load: runnable processes over the last minute, before the run.
    :ivar versions: of what took part, by name.
    """

    at: str
    cpu: str
    cores: int
    load: float
    system: str
    versions: dict[str, str]

    @classmethod
    def look(cls, distributions: Iterable[str]) -> "Machine":
        """:param distributions: Python packages that take part, whose versions are to be told."""
        return cls(
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            cpu=cpu_model(Path("/proc/cpuinfo").read_text()),
            cores=len(os.sched_getaffinity(0)),
            load=round(os.getloadavg()[0], 2),
            system=f"{platform.system()} {platform.release()}",
            versions={
                "Python": _python(),
                "SQLite": sqlite3.sqlite_version,
                **{name: version(name) for name in distributions},
            },
        )

    @property
    def warning(self) -> str:
        """What is to be said about this machine before anybody believes a figure; empty if it was quiet."""
        if self.load <= self.cores * QUIET_SHARE:
            return ""
        return (
            f"THE MACHINE WAS BUSY: load {self.load} on {self.cores} cores before the run began. "
            "Throughput and latency below are worse than they are; compare contenders, and CPU seconds, alone."
        )

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "warning": self.warning}


def _python() -> str:
    """Return its version, and whose build it is if the system's: others are often built with less optimisation."""
    built_by = f" of {platform.freedesktop_os_release()['PRETTY_NAME']}" if sys.base_prefix == "/usr" else ""
    return platform.python_version() + built_by


def cpu_model(cpuinfo: str) -> str:
    """Return the first model's name in ``/proc/cpuinfo``, or the architecture where it has none."""
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
