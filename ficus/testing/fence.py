"""
A fence around tests: what goes past the services, or out of a transaction to others, is caught where it happens.

    with Fence():
        Order.objects.filter(pk=order.pk).update(status="CONFIRMED")    # UnannouncedWrite

It watches what this process sends to the database, so it sees ``save``, bulk work, ``update``, ``delete`` and raw SQL
alike. It does not see ``COPY``, triggers, or what the database does by itself. For pytest: ``ficus.testing.fixtures``.
"""

import traceback
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID
from weakref import WeakKeyDictionary

import django
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.transaction import Atomic, get_connection

from ficus.events import log
from ficus.events.announced import Announced, announced, is_unannounced
from ficus.events.recorded import Recorded
from ficus.testing import outward, statements

_NOT_THE_CAUSE = (str(Path(django.__file__).parent), __file__)


class UnannouncedWrite(AssertionError):
    """A model that announces its changes was changed, and nobody was told."""


@dataclass(frozen=True, slots=True)
class _Write:
    """:ivar rows: how many rows it is sure to have written."""

    announced: Announced
    rows: int
    sql: str
    where: str

    def is_told_by(self, told: dict[str, set[UUID]]) -> bool:
        """Return whether the events of its transaction, as ids by aggregate, can be about these rows."""
        about = sum(len(told.get(aggregate, ())) for aggregate in self.announced.aggregates)
        return about >= (1 if self.announced.part else self.rows)

    def __str__(self) -> str:
        aggregates = " or ".join(sorted(self.announced.aggregates))
        rows = "the row" if self.announced.part or self.rows == 1 else f"each of {self.rows} rows"
        return (
            f"{self.announced.table} was written without an event about its {aggregates} for {rows}, "
            f"in the same transaction\n  {self.where}\n  {self.sql[:300]}"
        )


@dataclass(slots=True)
class _Block:
    """One level of ``transaction.atomic``: what was written and told in it, and not taken back."""

    atomic: Atomic
    writes: list[_Write] = field(default_factory=list)
    told: dict[str, set[UUID]] = field(default_factory=dict)

    def tell(self, told: dict[str, set[UUID]]) -> None:
        for aggregate, ids in told.items():
            self.told.setdefault(aggregate, set()).update(ids)


class Fence:
    """
    Raises where a transaction would end with an unannounced write, and takes the transaction back.

    :ivar caught: everything that was raised, for whoever fears that it was swallowed on its way.
    """

    def __init__(self, models: Iterable[Announced] | None = None) -> None:
        """:param models: what announces its changes; unless given, what has said so by ``announced_by``."""
        self._models = {each.table: each for each in (announced() if models is None else models)}
        self._blocks: WeakKeyDictionary[BaseDatabaseWrapper, list[_Block]] = WeakKeyDictionary()
        self._watched: list[BaseDatabaseWrapper] = []
        self._exits = ExitStack()
        self.caught: list[Exception] = []

    def __enter__(self) -> Self:
        with ExitStack() as exits:
            exits.enter_context(log.watched(self._note_events))
            exits.enter_context(outward.refused_in_transactions(self.caught.append))
            exits.callback(self._unwatch_all)
            exits.callback(connection_created.disconnect, self._watch_new)
            connection_created.connect(self._watch_new)
            for connection in connections.all(initialized_only=True):
                self._watch(connection)
            exits.callback(_replace(Atomic, "__enter__", self._entering(Atomic.__enter__)))
            exits.callback(_replace(Atomic, "__exit__", self._exiting(Atomic.__exit__)))
            self._exits = exits.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._exits.close()

    def _watch_new(self, connection: BaseDatabaseWrapper, **_: Any) -> None:
        self._watch(connection)

    def _watch(self, connection: BaseDatabaseWrapper) -> None:
        if self._see not in connection.execute_wrappers:
            connection.execute_wrappers.append(self._see)
            self._watched.append(connection)

    def _unwatch_all(self) -> None:
        for connection in self._watched:
            connection.execute_wrappers.remove(self._see)

    def _entering(self, enter: Callable[[Atomic], None]) -> Callable[[Atomic], None]:
        def entering(atomic: Atomic) -> None:
            enter(atomic)
            if not getattr(atomic, "_from_testcase", False):
                self._blocks.setdefault(get_connection(atomic.using), []).append(_Block(atomic))

        return entering

    def _exiting(self, leave: Callable[..., None]) -> Callable[..., None]:
        def exiting(atomic: Atomic, kind: Any, error: Any, at: Any) -> None:
            failure = self._end(atomic, taken_back=kind is not None)
            if failure is None:
                return leave(atomic, kind, error, at)
            leave(atomic, UnannouncedWrite, failure, None)
            raise failure

        return exiting

    def _end(self, atomic: Atomic, *, taken_back: bool) -> UnannouncedWrite | None:
        """Return why the block must not end well, if it is the outermost."""
        connection = get_connection(atomic.using)
        blocks = self._blocks.get(connection, [])
        if not blocks or blocks[-1].atomic is not atomic:
            return None  # begun before the fence
        block = blocks.pop()
        if taken_back or connection.needs_rollback:
            return None
        if blocks:
            blocks[-1].writes.extend(block.writes)
            blocks[-1].tell(block.told)
            return None
        untold = next((write for write in block.writes if not write.is_told_by(block.told)), None)
        return self._failure(untold) if untold else None

    def _failure(self, write: _Write) -> UnannouncedWrite:
        failure = UnannouncedWrite(str(write))
        self.caught.append(failure)
        return failure

    def _note_events(self, appended: Sequence[Recorded]) -> None:
        blocks = self._blocks.get(get_connection())
        if blocks:
            for event in appended:
                blocks[-1].tell({event.aggregate_type: {event.aggregate_id}})

    def _see(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        result = execute(sql, params, many, context)
        if not is_unannounced():
            text = statements.text(sql, context["cursor"])
            for change in statements.changes(text):
                self._note_change(change, text, context)
        return result

    def _note_change(self, change: statements.Change, sql: str, context: dict[str, Any]) -> None:
        model = self._models.get(change.table)
        if model is None or (change.columns and change.columns <= model.besides):
            return
        rows = change.rows(context["cursor"].rowcount)
        if not rows:
            return
        write = _Write(model, rows, sql, _caller())
        blocks = self._blocks.get(context["connection"])
        if not blocks:
            raise self._failure(write)
        blocks[-1].writes.append(write)


def _replace(owner: type, name: str, by: Any) -> Callable[[], None]:
    """Put a method in the place of another; return what puts it back."""
    before = owner.__dict__[name]
    setattr(owner, name, by)
    return lambda: setattr(owner, name, before)


def _caller() -> str:
    """Return the line of code that wrote: the innermost that is neither Django's nor the fence's."""
    frames = [frame for frame in traceback.extract_stack() if not frame.filename.startswith(_NOT_THE_CAUSE)]
    return f"{frames[-1].filename}:{frames[-1].lineno} in {frames[-1].name}" if frames else "somewhere"
