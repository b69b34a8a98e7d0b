"""
Where the workers of one HTTP server keep their counts, so that whichever is asked can add up all of them.

Called by the process that manages the workers; ``prometheus_client`` reads the variable when it is imported, so this
module does not import it before it has to.
"""

import os
import shutil
import tempfile
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_PREFIX = "ficus-metrics-"


def prepare() -> None:
    """
    Name a directory for the counts, an empty one: what a process of before has counted is not ours.

    A directory that the environment names is used and emptied; else it is one of this process's own.
    """
    given = Path(os.environ.get(VARIABLE, ""))
    if given.name and not given.name.startswith(_PREFIX):
        given.mkdir(parents=True, exist_ok=True)
        for file in given.glob("*.db"):
            file.unlink()
    elif not given.name.startswith(_own_prefix()):  # another's is inherited where a server replaces itself
        os.environ[VARIABLE] = tempfile.mkdtemp(prefix=_own_prefix())


def forget(pid: int) -> None:
    """Take a worker that has ended out of what is counted of those alive; what it did remains."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(pid)  # type: ignore[no-untyped-call]


def remove() -> None:
    """Remove the directory if it is this process's own."""
    path = Path(os.environ.get(VARIABLE, ""))
    if path.name.startswith(_own_prefix()):
        shutil.rmtree(path, ignore_errors=True)


def _own_prefix() -> str:
    return f"{_PREFIX}{os.getpid()}-"
