"""
Which models announce their changes, said where the model is declared. No models here, and no effect at run time.

    @announced_by("order")
    class Order(models.Model): ...

Tests hold every write to it: see ``ficus.testing.fence``.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Model

M = TypeVar("M", bound=type[Model])


@dataclass(frozen=True, slots=True)
class Announced:
    """
    :ivar aggregates: what the events are about that tell of a change to the table; any of them will do.
    :ivar part: whether a row is a part of an aggregate, so that one event may tell of many rows.
    :ivar besides: columns that change without anybody being told.
    """

    table: str
    aggregates: frozenset[str]
    part: bool = False
    besides: frozenset[str] = frozenset()


_announced: dict[str, Announced] = {}
_why: ContextVar[str] = ContextVar("ficus_events_unannounced", default="")


def announced_by(*aggregates: str, part: bool = False, besides: tuple[str, ...] = ()) -> Callable[[M], M]:
    """
    Declare that each change of a model's rows comes with an event, appended in the same transaction.

    :param aggregates: the ``aggregate`` of those events, as :func:`ficus.events.schema.event` declares it.
    :param part: the rows belong to an aggregate rather than being one each, as the lines of an order do.
    :param besides: fields that may change by themselves, unannounced.
    """

    def declare(model: M) -> M:
        meta = model._meta
        columns = {field.name: str(field.column) for field in meta.concrete_fields}
        unannounced = frozenset(columns[name] for name in besides)
        _announced[meta.db_table] = Announced(meta.db_table, frozenset(aggregates), part, unannounced)
        return model

    return declare


def announced() -> list[Announced]:
    """Return what every model known to this process has declared."""
    return list(_announced.values())


@contextmanager
def unannounced(why: str) -> Iterator[None]:
    """
    Write in the block what nobody is told, such as a repair, a rebuild from the log, or a migration's data.

    :param why: for whoever reads the code.
    """
    token = _why.set(why or "for no reason")
    try:
        yield
    finally:
        _why.reset(token)


def is_unannounced() -> bool:
    """Return whether the present work has said that it announces nothing."""
    return bool(_why.get())
