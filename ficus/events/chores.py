"""
Work that the relay process does beside pushing: what is due by the clock, or due to be pulled.

A library app registers its chores in ``AppConfig.ready()``; each runs in a thread of its own and outlives any error.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from ficus.errors import Unavailable

logger = logging.getLogger(__name__)

_OUTAGES = (DatabaseError, InterfaceError, Unavailable)
_LASTING = 3


@dataclass(frozen=True, slots=True)
class Chore:
    """
    :ivar work: one round; it returns when there is nothing left to do.
    :ivar every_seconds: pause between rounds.
    """

    name: str
    work: Callable[[], object]
    every_seconds: float = 1.0


_chores: list[Chore] = []


def register(chore: Chore) -> None:
    """Have the relay process of this deployable do the chore."""
    _chores.append(chore)


def chores() -> list[Chore]:
    return list(_chores)


def run_until(stopping: threading.Event, chore: Chore) -> None:
    """
    Do the chore again and again until told to stop.

    An outage is reported when it lasts, not when it begins: at start the others may not be there yet.
    """
    failures = 0
    while not stopping.is_set():
        try:
            close_old_connections()
            chore.work()
            if failures >= _LASTING:
                logger.warning("%s works again", chore.name)
            failures = 0
        except _OUTAGES as error:
            failures += 1
            if failures == _LASTING:
                logger.warning("%s keeps failing and is tried again: %s", chore.name, error)
        except Exception:
            failures += 1
            logger.exception("%s failed and is tried again", chore.name)
        stopping.wait(chore.every_seconds)
    connection.close()
