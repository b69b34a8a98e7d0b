"""
The declarations of sagas that this process knows, several versions of one side by side.

A story is carried on by the version that it began with. So the old declaration stays beside the new one until no
story of it runs any more; ``doctor`` says how many do. New stories begin with the newest version.

While old and new processes run at once, an old one meets stories that began with a version it does not know. It
leaves them to the new ones: an answer is parked and tried again, a deadline is not touched, and whoever ends such a
story from outside is asked to try again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db.models import Q

from ficus.errors import Unavailable
from ficus.sagas.models import SagaInstance

if TYPE_CHECKING:
    from ficus.sagas.saga import Saga

_sagas: dict[str, dict[int, "Saga"]] = {}


class NoSuchDeclaration(LookupError):
    """A story began with a version of its declaration that was removed too early."""


class NewerDeclaration(Unavailable):
    code, title = "newer_declaration", "This belongs to a newer version of the service; try again"


def add(saga: "Saga") -> None:
    """:raises ValueError: if this version of the saga is declared already."""
    if _sagas.setdefault(saga.name, {}).setdefault(saga.version, saga) is not saga:
        raise ValueError(f"saga {saga.name} version {saga.version} is declared twice")


def declared() -> list["Saga"]:
    """Return every version of every saga that this process knows."""
    return [saga for versions in _sagas.values() for saga in versions.values()]


def newest(name: str) -> int:
    """Return the newest version of a saga; 0 if there is none."""
    return max(_sagas.get(name, {}), default=0)


def of(instance: SagaInstance) -> "Saga":
    """
    Return the declaration that the story began with.

    :raises NewerDeclaration: if only newer code knows it.
    :raises NoSuchDeclaration: if it is gone.
    """
    saga = _sagas.get(instance.saga, {}).get(instance.declaration)
    if saga is not None:
        return saga
    what = f"version {instance.declaration} of {instance.saga}"
    if 0 < newest(instance.saga) < instance.declaration:
        raise NewerDeclaration(f"{what} is not known here yet.")
    raise NoSuchDeclaration(f"{what} is not declared here any more")


def of_newer_code() -> Q:
    """Return what is true of the stories that only newer code knows."""
    newer = Q(pk__in=[])
    for name in _sagas:
        newer |= Q(saga=name, declaration__gt=newest(name))
    return newer


@contextmanager
def as_of(name: str, version: int) -> Iterator[None]:
    """Know a saga only up to that version, as old code does; for tests of a deployment in progress."""
    known = _sagas[name]
    _sagas[name] = {number: saga for number, saga in known.items() if number <= version}
    try:
        yield
    finally:
        _sagas[name] = known
