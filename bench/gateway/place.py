"""What every contender is told: where it listens and before whom it stands."""

import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.gateway.cores import listed
from ficus.supervisor.probes import accepts
from ficus.supervisor.process import Process

ROOT = Path(__file__).resolve().parents[2]
PINNED = ROOT / "bench" / "pinned.py"


@dataclass(frozen=True, slots=True)
class Place:
    """
    :ivar directory: for its configuration and whatever else it writes.
    :ivar address: ``host:port`` that it listens on.
    :ivar upstream: ``host:port`` of what answers with a few hundred bytes.
    :ivar bodies: ``host:port`` of what takes and gives large bodies, below ``/bodies``.
    :ivar workers: threads or processes that share the work.
    """

    directory: Path
    address: str
    upstream: str
    bodies: str
    cores: frozenset[int]
    workers: int = 1

    @property
    def host(self) -> str:
        return self.address.rpartition(":")[0]

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    @property
    def log(self) -> Path:
        """What the contender says on standard error."""
        return self.directory / "said.log"

    def write(self, name: str, text: str) -> str:
        """Write a file of the contender's and return its path."""
        path = self.directory / name
        path.write_text(text)
        return str(path)

    def pinned(self, name: str, *command: str, environment: Mapping[str, str] | None = None) -> Process:
        """Return the command as a process on the contender's cores."""
        cores = [sys.executable, str(PINNED), listed(self.cores), str(self.log)]
        return Process(name, [*cores, *command], environment or {}, accepts(self.address), [self.address])


@dataclass(frozen=True)
class Contender:
    """
    One of those that are compared.

    :ivar missing: why it cannot be measured here; empty if it can.
    :ivar version: as it says itself.
    :ivar process: what runs, once its configuration has been written.
    :ivar path: under which it reaches the upstream.
    :ivar fields: of each request, beside those of all.
    """

    name: str
    title: str
    missing: str
    version: str
    process: Callable[[Place], Process]
    path: str = "/bare"
    fields: Mapping[str, str] = field(default_factory=dict)


def find(program: str) -> str:
    """Return where a program is: beside this Python, on the path, or where Debian keeps servers; empty if nowhere."""
    beside = Path(sys.executable).parent / program
    if beside.exists():
        return str(beside)
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin") or ""
