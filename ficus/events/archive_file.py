"""
The form of an archive's file: JSON lines, 500 to a gzip member; ``zcat`` reads it, and we read each block by itself.

The same entries give the same bytes, whenever they are written. Nothing here knows the database.
"""

import gzip
import hashlib
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import orjson

from ficus import crash
from ficus.errors import Unavailable
from ficus.events.recorded import Recorded

EVENTS = 10_000
BLOCK = 500
UNFINISHED = ".part"

_NAME = re.compile(r"(?P<source>.+)-(?P<first>\d{12})-(?P<last>\d{12})\.jsonl\.gz")
_line = msgspec.json.Decoder(Recorded)


class Numbered(msgspec.Struct):
    number: int


class ArchiveBroken(Unavailable):
    """A file is missing, or is not what was written. Its words name file and checksum, and no directory."""

    code, title = "archive_broken", "A part of the event log cannot be read"


_numbers = msgspec.json.Decoder(Numbered)


@dataclass
class Contents:
    """
    What was written to a file.

    :ivar blocks: ``[first position, offset]`` of each.
    :ivar aggregates: by type and id: first version, last version, and the numbers of the blocks.
    """

    size: int = 0
    sha256: str = ""
    blocks: list[list[int]] = field(default_factory=list)
    aggregates: dict[tuple[str, UUID], tuple[int, int, list[int]]] = field(default_factory=dict)


def name_of(source: str, first: int, last: int) -> str:
    return f"{source}-{first:012}-{last:012}.jsonl.gz"


def positions_in(name: str, source: str) -> tuple[int, int] | None:
    """Return the first and the last position that a file's name says it holds; None if it is no archive of the log."""
    said = _NAME.fullmatch(name)
    return (int(said["first"]), int(said["last"])) if said and said["source"] == source else None


def write(path: Path, source: str, blocks: Iterable[list[Mapping[str, Any]]]) -> Contents:
    """
    Write entries, given as the values of their columns, and return once file and directory are on the disk.

    Until it is whole the file has another name.
    """
    unfinished = path.with_name(path.name + UNFINISHED)
    contents, digest = Contents(), hashlib.sha256()
    with unfinished.open("wb") as file:
        for block in blocks:
            packed = gzip.compress(b"".join(_written(source, entry) for entry in block), mtime=0)
            _note(contents, block)
            file.write(packed)
            digest.update(packed)
            contents.size += len(packed)
        file.flush()
        os.fsync(file.fileno())
    contents.sha256 = digest.hexdigest()
    crash.point("archive.before_rename")
    unfinished.replace(path)
    sync_directory(path.parent)
    return contents


def make_directory(path: Path) -> None:
    """Make a directory that outlives a power cut, with those above it."""
    for missing in [place for place in (*reversed(path.parents), path) if not place.exists()]:
        missing.mkdir(exist_ok=True)
        sync_directory(missing.parent)


def sync_directory(path: Path) -> None:
    """Have the names in a directory on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check(path: Path, shown_as: str, sha256: str) -> None:
    """
    Read the whole file and compare.

    :raises ArchiveBroken: if it is missing, or its checksum is another.
    """
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise missing(shown_as, sha256, error) from None
    if found != sha256:
        raise ArchiveBroken(f"the archive {shown_as} is damaged: its sha256 is {found} and should be {sha256}")


def missing(shown_as: str, sha256: str, error: OSError) -> ArchiveBroken:
    return ArchiveBroken(f"the archive {shown_as} (sha256 {sha256}) cannot be read: {error.strerror}")


def unpack(packed: bytes, shown_as: str, sha256: str) -> bytes:
    """:raises ArchiveBroken: if the block is not as written, by gzip's own checksum."""
    try:
        return gzip.decompress(packed)
    except (OSError, EOFError, zlib.error) as error:
        raise ArchiveBroken(f"the archive {shown_as} (sha256 {sha256}) is damaged: {error}") from None


def events(lines: bytes) -> list[Recorded]:
    return _line.decode_lines(lines)


def entries(lines: bytes) -> Iterator[tuple[int, Recorded]]:
    """Yield the number of each entry and what it records."""
    return zip((numbered.number for numbered in _numbers.decode_lines(lines)), events(lines), strict=True)


def _written(source: str, entry: Mapping[str, Any]) -> bytes:
    return orjson.dumps({"source": source, **entry}, option=orjson.OPT_APPEND_NEWLINE)


def _note(contents: Contents, block: list[Mapping[str, Any]]) -> None:
    number = len(contents.blocks)
    contents.blocks.append([block[0]["position"], contents.size])
    for entry in block:
        about, version = (entry["aggregate_type"], entry["aggregate_id"]), entry["aggregate_version"]
        first, last, blocks = contents.aggregates.get(about, (version, version, []))
        if blocks[-1:] != [number]:
            blocks.append(number)
        contents.aggregates[about] = (min(first, version), max(last, version), blocks)
