"""Every change of the table: made, checked as a whole, kept as a version and announced, or not made at all."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from gateway.control import document
from gateway.control.announcing import announce
from gateway.control.compiling import compile_document
from gateway.control.difference import Change, changes
from gateway.control.entries import Document
from gateway.control.models import Revision, Route, Service, TableVersion
from gateway.control.validation import InvalidTable


class ChangedMeanwhile(Exception):
    """Somebody else has changed the table since it was looked at; ``latest`` is the version that he made."""

    def __init__(self, latest: int) -> None:
        super().__init__(f"the table was changed meanwhile; it is version {latest} now")
        self.latest = latest


@dataclass(frozen=True, slots=True)
class Done:
    """
    What a change came to.

    :ivar changes: empty if the table was like that already; there is no new version then.
    """

    version: int
    changes: list[Change]


@transaction.atomic
def save(entry: Service | Route, *, by: str, reason: str, at: datetime) -> Done:
    """
    Keep a new or changed entry.

    :raises InvalidTable: if the table would not be sound; nothing is kept then.
    """
    before = _begin(at)
    entry.save()
    return _publish(before, by=by, reason=reason, at=at)


def remove(entries: Iterable[Service | Route], *, by: str, reason: str, at: datetime) -> Done:
    """
    Take entries out of the table, in one change.

    :raises InvalidTable: if the table would not be sound, such as with routes to a service that is gone.
    """
    return apply(document.without(document.current(), entries), by=by, reason=reason, at=at)


@transaction.atomic
def apply(
    wished: Any, *, by: str, reason: str, at: datetime, expected: int | None = None, restores: int | None = None
) -> Done:
    """
    Make the table what a document says; the same document again changes nothing.

    :param expected: the version that the document was made from, if no other is to be overwritten.
    :raises InvalidTable: if it is not sound; nothing is changed then.
    :raises ChangedMeanwhile: if the version is another than ``expected``.
    """
    before = _begin(at)
    if expected is not None and before.version != expected:
        raise ChangedMeanwhile(before.version)
    compiled = compile_document(wished)
    if compiled.mistakes:
        raise InvalidTable(compiled.mistakes)
    if document.normal(compiled.services, compiled.routes) != before.document:
        document.write(compiled.services, compiled.routes)
    return _publish(before, by=by, reason=reason, at=at, restores=restores)


def roll_back(revision: Revision, *, by: str, reason: str, at: datetime, expected: int | None = None) -> Done:
    """
    Make the table what it was in a version; the history goes on with a new one.

    :raises InvalidTable: if that table is not sound any more, such as without a service's address.
    :raises ChangedMeanwhile: if the version is another than ``expected``.
    """
    return apply(revision.document, by=by, reason=reason, at=at, expected=expected, restores=revision.number)


@dataclass(frozen=True, slots=True)
class _Before:
    version: int
    document: Document


def _begin(at: datetime) -> _Before:
    """Take the table's lock; see to it that what it is now can be gone back to."""
    version = TableVersion.objects.select_for_update().get(pk=1).number
    before = _Before(version, document.current())
    Revision.objects.get_or_create(
        number=version,
        defaults={"document": before.document, "by": "installation", "reason": "As it was found", "at": at},
    )
    return before


def _publish(before: _Before, *, by: str, reason: str, at: datetime, restores: int | None = None) -> Done:
    now = document.current()
    compiled = compile_document(now)
    if compiled.mistakes:
        raise InvalidTable(compiled.mistakes)
    made = changes(before.document, now)
    if not made:
        return Done(before.version, [])
    number = before.version + 1
    Revision.objects.create(number=number, document=now, by=by, reason=reason, at=at, restores=restores)
    version = TableVersion.objects.get(pk=1)
    version.number = number
    version.save()
    transaction.on_commit(partial(announce, number))
    return Done(number, made)
