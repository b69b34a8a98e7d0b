"""
Moves the oldest entries of the log from its table to files, and back.

A file is on the disk before a row says so, the row before any entry leaves the table, and entries leave it from the
first on. So each is in the table, in an archive, or in both with one position, whenever the work is cut short; begun
again, it goes on. Transactions are small: the system runs meanwhile.
"""

import fcntl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import Min
from django.utils import timezone

from ficus import crash, rows
from ficus.errors import Conflict
from ficus.events import archive_file, archives, log, options
from ficus.events.archive_file import BLOCK
from ficus.events.archives import LogIncomplete
from ficus.events.inbox import TURN_OF_OTHERS_SECONDS
from ficus.events.models import Archive, ArchivedAggregate, LogEntry

Progress = Callable[[int], object]
Block = list[Mapping[str, Any]]

# Longer than any reader takes from looking into the table to looking into the archives.
SETTLING_SECONDS = 2.0
_LOCK = 0x61726368697665  # "archive"
_COLUMNS = [field.attname for field in LogEntry._meta.concrete_fields]


class ArchiveBusy(Conflict):
    code, title = "archive_busy", "Another archive or restore of this log is running"


@dataclass(frozen=True, slots=True)
class Stray:
    """
    A file among the archives that the log knows nothing of.

    :ivar redundant: whether all that its name promises stands in the table, or it was never finished.
    """

    path: Path
    redundant: bool


def last_recorded_before(instant: datetime) -> int:
    """Return the last position up to which every entry was recorded before that instant; the newest entry stays."""
    entries = LogEntry.objects.filter(position__isnull=False, recorded_at__gte=instant)
    late = entries.aggregate(first=Min("position"))["first"]
    newest = log.last_position()
    return newest - 1 if late is None else min(newest, late) - 1


def archive(*, upto: int, directory: Path, progress: Progress = lambda moved: None) -> int:
    """
    Move the entries up to a position to files, and finish what an earlier run has begun; return how many were moved.

    :param progress: called with the number of entries that have left the table since the last call.
    :raises ArchiveBusy: if somebody else does so at this time.
    :raises ArchiveBroken: if what is archived already cannot be read back; then nothing leaves the table.
    """
    moved = 0
    with _alone():
        Archive.objects.filter(archived_at=None).delete()
        archive_file.make_directory(directory)
        _remove_redundant(directory)
        while True:
            moved += _empty_table(progress)
            first = archives.upto() + 1
            if first > upto:
                return moved
            _write(first, min(upto, first + archive_file.EVENTS - 1), directory)


def restore(archive: Archive, progress: Progress = lambda moved: None) -> None:
    """
    Bring back into the table what the newest archive holds, and remove its file.

    :param progress: called with the number of entries read from the file since the last call.
    :raises ArchiveBusy: if somebody else moves entries at this time.
    :raises ArchiveBroken: if it cannot be read; then it stays as it is.
    """
    with _alone():
        path = archives.path_of(archive)
        archive_file.check(path, archive.path, archive.sha256)
        _remove_redundant(path.parent)
        for number in reversed(range(len(archive.blocks))):  # from the last on, so that the table stays without gaps
            entries = [_entry(*line) for line in archive_file.entries(archives.block(archive, number))]
            LogEntry.objects.bulk_create(entries, ignore_conflicts=True)
            crash.point("restore.between_blocks")
            progress(len(entries))
            _let_others_write()
        crash.point("restore.before_forgetting")
        # Who looked for these entries in the table before they were there has looked into the archive by now.
        time.sleep(SETTLING_SECONDS)
        archive.delete()
        crash.point("restore.before_unlink")
        path.unlink(missing_ok=True)


def strays(directory: Path) -> list[Stray]:
    """Return the files of this log's archives that no archive is: left by a run that was killed, or by another log."""
    known = {archives.path_of(archive) for archive in Archive.objects.only("path")}
    first = _first_position()
    found = []
    for path in sorted(directory.glob(f"{options.source()}-*")):
        positions = archive_file.positions_in(path.name.removesuffix(archive_file.UNFINISHED), options.source())
        if positions and path not in known:
            unfinished = path.name.endswith(archive_file.UNFINISHED)
            found.append(Stray(path, redundant=unfinished or (first is not None and first <= positions[0])))
    return found


def _remove_redundant(directory: Path) -> None:
    for stray in strays(directory):
        if stray.redundant:
            stray.path.unlink()


def _write(first: int, last: int, directory: Path) -> None:
    path = directory / archive_file.name_of(options.source(), first, last)
    span = {"recorded_from": None, "recorded_until": None}
    contents = archive_file.write(path, options.source(), _blocks(first, last, span))
    crash.point("archive.before_row")
    kept_in = options.archive()
    shown = path.relative_to(kept_in) if kept_in and path.is_relative_to(kept_in) else path
    made = Archive.objects.create(
        first=first,
        last=last,
        path=str(shown),
        sha256=contents.sha256,
        size=contents.size,
        blocks=contents.blocks,
        **span,
    )
    listed = [
        ArchivedAggregate(
            archive=made, aggregate_type=type, aggregate_id=id, first_version=begin, last_version=end, blocks=blocks
        )
        for (type, id), (begin, end, blocks) in contents.aggregates.items()
    ]
    for start in range(0, len(listed), BLOCK):
        with transaction.atomic():
            rows.insert(listed[start : start + BLOCK])
        crash.point("archive.while_listing")
        _let_others_write()
    Archive.objects.filter(pk=made.pk).update(archived_at=timezone.now())
    crash.point("archive.before_delete")


def _blocks(first: int, last: int, span: dict[str, Any]) -> Iterator[Block]:
    """Yield the entries between two positions, and note in ``span`` when they were recorded."""
    for start in range(first, last + 1, BLOCK):
        end = min(start + BLOCK - 1, last)
        block: Block = list(
            LogEntry.objects.filter(position__range=(start, end)).order_by("position").values(*_COLUMNS)
        )
        if len(block) != end - start + 1:
            raise LogIncomplete(f"{end - start + 1 - len(block)} entries from position {start} to {end} are missing")
        times = [entry["recorded_at"] for entry in block]
        span["recorded_from"] = min([*times, span["recorded_from"] or times[0]])
        span["recorded_until"] = max([*times, span["recorded_until"] or times[0]])
        yield block


def _empty_table(progress: Progress) -> int:
    """Delete the entries that are archived, a block at a time from the first on; return how many."""
    moved, checked = 0, 0
    upto = archives.upto()
    while (first := _first_position()) is not None and first <= upto:
        if first > checked:
            holding = archives.sealed().get(first__lte=first, last__gte=first)
            archive_file.check(archives.path_of(holding), holding.path, holding.sha256)
            checked = holding.last
        entries = LogEntry.objects.filter(position__range=(first, min(first + BLOCK - 1, checked)))
        gone, _ = entries.delete()
        moved += gone
        crash.point("archive.between_deletions")
        progress(gone)
        _let_others_write()
    return moved


def _first_position() -> int | None:
    first: int | None = LogEntry.objects.aggregate(first=Min("position"))["first"]
    return first


def _entry(number: int, event: Any) -> LogEntry:
    columns = {name: getattr(event, name) for name in _COLUMNS if name != "number"}
    return LogEntry(number=number, **columns)


def _let_others_write() -> None:
    if connection.vendor == "sqlite":
        time.sleep(TURN_OF_OTHERS_SECONDS)


@contextmanager
def _alone() -> Iterator[None]:
    """
    Hold the lock of this log's archives: a session's on PostgreSQL, a file's beside an SQLite database.

    :raises ArchiveBusy: if another holds it.
    """
    with _locked_in_database() if connection.vendor != "sqlite" else _locked_beside_file():
        yield


@contextmanager
def _locked_in_database() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            raise ArchiveBusy
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


@contextmanager
def _locked_beside_file() -> Iterator[None]:
    name = str(connection.settings_dict["NAME"])
    if "memory" in name:
        yield  # nobody else can see it
        return
    with Path(f"{name}.archiving").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ArchiveBusy from None
        yield
