"""
Archives and restores the log of a database in processes that are killed, one at each crash point, and looks each time.

Run by ``test_killed_archiver.py`` in a process without a connection, since each of these is a fork of it.
"""

import hashlib
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import django

django.setup()

from django.conf import settings  # noqa: E402

from ficus import crash  # noqa: E402
from ficus.crash.points import POINTS  # noqa: E402
from ficus.events import archive_file, archives, archiving, histories, verification  # noqa: E402
from ficus.events.models import LogEntry  # noqa: E402
from ficus.testing.crash_points import CrashPoints  # noqa: E402
from tests.ficus.events.test_archives import whole  # noqa: E402

EVENTS = 26


def in_process(work: Callable[[], object]) -> tuple[int, str]:
    """Do the work in a process of its own; return the signal that killed it, or 0, and what the work returned."""
    reading, writing = os.pipe()
    if not (pid := os.fork()):
        code = 1
        try:
            os.write(writing, str(work()).encode())
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading) as said:
        result = said.read()
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "see above"
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, result


def look() -> str:
    """Return a digest of all that can be read of the log; how many aggregates there are is not exact meanwhile."""
    ids = histories.ids_after("parcel", UUID(int=0), EVENTS)
    events, told, one_by_one, listed, _, *places = whole(ids)
    assert len(events) == EVENTS
    assert told == one_by_one
    assert listed == ids
    return hashlib.sha256(repr((events, sorted(one_by_one.items()), places)).encode()).hexdigest()


def archive() -> int:
    return archiving.archive(upto=EVENTS - 1, directory=Path(settings.EVENTS["ARCHIVE"]))


def restore() -> None:
    for each in archives.sealed().order_by("-first"):
        archiving.restore(each)


def left() -> str:
    """Return what is wrong with the log, and what is not where it belongs."""
    strays = [path.name for path in Path(settings.EVENTS["ARCHIVE"]).iterdir()]
    return f"{list(verification.verify())} {len(strays)} files, {LogEntry.objects.count()} in the table"


def main() -> None:
    archive_file.EVENTS, archiving.BLOCK, archiving.SETTLING_SECONDS = 10, 3, 0
    settings.EVENTS["ARCHIVE"], directory = sys.argv[1:]
    points = CrashPoints(Path(directory))
    crash.enable(Path(directory))
    _, before = in_process(look)
    for point in POINTS:
        work = {"archive": archive, "restore": restore}.get(point.partition(".")[0])
        if work is None:
            continue
        if work is restore:
            in_process(archive)
        points.arm(point, at_pass=2)
        assert in_process(work)[0] == signal.SIGKILL, point
        assert points.killed(point)
        assert in_process(look) == (0, before), point
        in_process(work)
        assert in_process(look) == (0, before), point
        print(point, in_process(left)[1])
        if work is archive:
            in_process(restore)


if __name__ == "__main__":
    main()
