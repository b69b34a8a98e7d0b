"""Looks whether every entry there ever was is still in the log: in its archives, or behind them in its table."""

from collections.abc import Callable, Iterator

from django.db.models import Count, Max, Min

from ficus.events import archive_file, archives, archiving, options
from ficus.events.archive_file import ArchiveBroken
from ficus.events.models import Archive, LogEntry

Progress = Callable[[int], object]


def verify(progress: Progress = lambda looked_at: None) -> Iterator[str]:
    """
    Read all archives, a block at a time, and yield what is wrong with the log.

    :param progress: called with the number of archived entries looked at since the last call.
    """
    upto = 0
    for archive in archives.sealed().order_by("first"):
        if archive.first != upto + 1:
            yield f"no archive has the positions from {upto + 1} to {archive.first - 1}"
        yield from _file(archive, progress)
        upto = archive.last
    yield from _table(upto)
    yield from files()
    yield from strays()


def files() -> Iterator[str]:
    """Yield which files are missing or have another size. They are not read."""
    for archive in archives.sealed().order_by("first"):
        path = archives.path_of(archive)
        size = path.stat().st_size if path.is_file() else None
        if size is None:
            yield f"{path} is missing (sha256 {archive.sha256})"
        elif size != archive.size:
            yield f"{path} has {size} bytes and should have {archive.size}"


def strays() -> Iterator[str]:
    """Yield which files look like archives of this log and are none."""
    kept_in = options.archive()
    for stray in archiving.strays(kept_in) if kept_in and kept_in.is_dir() else ():
        advice = "log archive removes it" if stray.redundant else "look what it is"
        yield f"{stray.path} is no archive of this log; {advice}"


def _file(archive: Archive, progress: Progress) -> Iterator[str]:
    try:
        archive_file.check(archives.path_of(archive), archive.path, archive.sha256)
        position, about = archive.first - 1, set()
        for number in range(len(archive.blocks)):
            events = archive_file.events(archives.block(archive, number))
            places = [event.place() for event in events]
            if places != list(range(position + 1, position + 1 + len(events))):
                yield f"{archive.path} has gaps in its block {number}"
            position += len(events)
            about |= {(event.aggregate_type, event.aggregate_id) for event in events}
            progress(len(events))
        if position != archive.last:
            yield f"{archive.path} ends at position {position}"
        if about != set(archive.aggregates.values_list("aggregate_type", "aggregate_id")):
            yield f"{archive.path} is about other aggregates than are listed of it"
    except ArchiveBroken as error:
        yield error.detail


def _table(upto: int) -> Iterator[str]:
    """Look at what is behind the archives; both may have some entries while they are being moved."""
    place = {"first": Min("position"), "last": Max("position"), "count": Count("position")}
    table = LogEntry.objects.filter(position__isnull=False).aggregate(**place)
    if not table["count"]:
        if upto:
            yield f"the table has no entry, and the archives end at position {upto}"
        return
    if table["first"] > upto + 1:
        yield f"the table begins at position {table['first']}, and the archives end at {upto}"
    if missing := table["last"] - table["first"] + 1 - table["count"]:
        yield f"{missing} positions from {table['first']} to {table['last']} are missing in the table"
