"""
Reads what ``log archive`` has taken out of the log's table, as if it were still there. Nothing is written here.

Nobody asks before he has found that something is not in the table: a log without archives is read as cheaply as ever.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from django.db.models import QuerySet

from ficus.events import archive_file, options
from ficus.events.archive_file import ArchiveBroken
from ficus.events.models import Archive, ArchivedAggregate
from ficus.events.recorded import Recorded

_IDS_AT_ONCE = 500


class LogIncomplete(ArchiveBroken):
    code, title = "log_incomplete", "A part of the event log is missing"


def read(*, after: int, limit: int) -> list[Recorded]:
    """
    Return archived entries behind a position, in order: at least one, at most ``limit``.

    :raises LogIncomplete: if no archive has the entry that follows.
    :raises ArchiveBroken: if its file cannot be read.
    """
    archive = sealed().filter(first__lte=after + 1, last__gt=after).first()
    if archive is None:
        raise LogIncomplete(f"position {after + 1} is neither in the log's table nor in an archive; see log verify")
    number = max(number for number, (first, _) in enumerate(archive.blocks) if first <= after + 1)
    events = [event for event in archive_file.events(block(archive, number)) if event.place() > after]
    return events[:limit]


def histories(aggregate: str, ids: Collection[UUID]) -> dict[UUID, dict[int, Recorded]]:
    """
    Return the archived events of each of these aggregates by version; those without any are not there.

    :raises ArchiveBroken: if a file cannot be read.
    """
    told: dict[UUID, dict[int, Recorded]] = defaultdict(dict)
    for archive, number, wanted in _blocks_with(aggregate, list(ids)):
        for event in archive_file.events(block(archive, number)):
            if event.aggregate_id in wanted and event.aggregate_type == aggregate:
                told[event.aggregate_id][event.aggregate_version] = event
    return told


def sealed() -> QuerySet[Archive]:
    """Return the archives that are whole."""
    return Archive.objects.filter(archived_at__isnull=False)


def upto() -> int:
    """Return the last position that is archived; 0 if none is."""
    return sealed().order_by("-last").values_list("last", flat=True).first() or 0


def path_of(archive: Archive) -> Path:
    """Return where the archive's file is."""
    return (options.archive() or Path()) / archive.path


def block(archive: Archive, number: int) -> bytes:
    """
    Return the lines of one block.

    :raises ArchiveBroken: if the file is missing or damaged.
    """
    offsets = [offset for _, offset in archive.blocks] + [archive.size]
    return _lines(path_of(archive), archive.path, archive.sha256, offsets[number], offsets[number + 1])


def _blocks_with(aggregate: str, ids: list[UUID]) -> Iterator[tuple[Archive, int, set[UUID]]]:
    """Yield each block that has events of these aggregates once, in the order of the log, with their ids."""
    wanted: dict[tuple[int, int], set[UUID]] = defaultdict(set)
    for start in range(0, len(ids), _IDS_AT_ONCE):
        some = ids[start : start + _IDS_AT_ONCE]
        rows = ArchivedAggregate.objects.filter(aggregate_type=aggregate, aggregate_id__in=some)
        for archive_id, aggregate_id, blocks in rows.values_list("archive_id", "aggregate_id", "blocks"):
            for number in blocks:
                wanted[archive_id, number].add(aggregate_id)
    archives = sealed().in_bulk({archive_id for archive_id, _ in wanted}) if wanted else {}
    found = [
        (archives[archive_id], number, its) for (archive_id, number), its in wanted.items() if archive_id in archives
    ]
    yield from sorted(found, key=lambda each: (each[0].first, each[1]))


@lru_cache(maxsize=4)
def _lines(path: Path, shown_as: str, sha256: str, start: int, end: int) -> bytes:
    try:
        at = path.stat()
        _check_once(path, shown_as, sha256, at.st_ino, at.st_size, at.st_mtime_ns)
        with path.open("rb") as file:
            file.seek(start)
            packed = file.read(end - start)
    except OSError as error:
        raise archive_file.missing(shown_as, sha256, error) from None
    return archive_file.unpack(packed, shown_as, sha256)


@lru_cache(maxsize=1000)
def _check_once(path: Path, shown_as: str, sha256: str, *_unchanged: int) -> None:
    """Compare the checksum of the whole file, once in this process for as long as the file looks the same."""
    archive_file.check(path, shown_as, sha256)
