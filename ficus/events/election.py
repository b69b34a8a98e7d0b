"""
Lets one relay of a service be at work, and another take its place when it dies or stands still.

On PostgreSQL the lock belongs to a database session, and ends with it. A relay that is stopped keeps its session, and
nothing that is committed gets a position meanwhile, so that nobody can even pull it. So the one that stands by watches
what waits for a position, and cuts the session of a relay that gives none. That one finds its session gone before it
gives the next position, and stands by in its turn; the one batch that it may yet push is nothing new to any cursor.

On SQLite entries have their position from the beginning. The lock is a file's, and ends with its process; while its
holder is stopped, consumers pull.
"""

import fcntl
import logging
import os
import time
from typing import IO

from django.db import connection

from ficus.events import options, sequencer

logger = logging.getLogger(__name__)


class Candidate:
    """A relay that is at work, or would be. For the thread whose database connection holds the lock."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._waiting: int | None = None
        self._waits_since = 0.0

    def win(self) -> bool:
        """Return whether this relay may work, from now until it resigns or loses its database session."""
        if connection.vendor == "sqlite":
            return self._lock_file()
        if sequencer.try_lock():
            return True
        self._watch_holder()
        return False

    def resign(self) -> None:
        """Let another be at work."""
        if self._file:
            self._file.close()
            self._file = None
        elif connection.vendor != "sqlite":
            sequencer.unlock()

    def _lock_file(self) -> bool:
        name = str(connection.settings_dict["NAME"])
        if self._file or not os.path.exists(name):
            return True  # a database in memory has no second relay
        file = open(f"{name}-relay", "ab")  # noqa: SIM115 - it is the lock, for as long as it is open
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def _watch_holder(self) -> None:
        """Depose the relay at work if what has waited longest for a position is still the same."""
        waiting, now = sequencer.oldest_waiting(), time.monotonic()
        if waiting is None or waiting != self._waiting:
            self._waiting, self._waits_since = waiting, now
        elif now - self._waits_since > options.take_over_after_seconds():
            self._waits_since = now
            logger.error(
                "the relay at work has given no position for %g s; its database session is cut: %s",
                options.take_over_after_seconds(),
                sequencer.depose() or "it was gone",
            )
