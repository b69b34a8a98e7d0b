"""Follows one document in a store, and puts in force what is good of it; the last good one stays, whatever happens."""

import logging
from collections.abc import Callable, Mapping
from threading import Event, Thread
from time import monotonic
from typing import Any

from ficus.configuration import metrics
from ficus.configuration.copy import Copy
from ficus.configuration.document import Document, MalformedDocument
from ficus.configuration.store import Store
from ficus.configuration.validation import InvalidConfiguration, check_told

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
# Before what only the copy knows is put back: whoever has heard it from the store comes first.
GRACE_SECONDS = 3.0


class Follower:
    """
    Watches in a thread of its own from ``start`` to ``stop``.

    A store that was emptied, such as a Redis that keeps nothing, is given back the last good document.

    :ivar document: that is in force.
    :ivar trouble: why it may not be the newest, or empty.
    """

    def __init__(
        self,
        store: Store,
        name: str,
        copy: Copy,
        use: Callable[[Mapping[str, Any]], None],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.document = Document()
        self.trouble = ""
        self._store, self._name, self._copy, self._use, self._clock = store, name, copy, use, clock
        self._stopped, self._heard = Event(), Event()
        self._has_heard = False
        self._heard_at = clock()
        self._thread = Thread(target=self._follow, name="configuration", daemon=True)

    def start(self, *, wait_seconds: float) -> None:
        """Put the copy in force, begin, and wait a moment for the store's first answer."""
        copy = self._copy.read()
        if copy.number:
            self._judge(copy)
        self._thread.start()
        self._heard.wait(wait_seconds)

    def stop(self) -> None:
        """End; without waiting for an answer that may be under way."""
        self._stopped.set()

    def wait(self, seconds: float) -> None:
        """Wait until the thread has ended, after ``stop``."""
        self._thread.join(seconds)

    @property
    def age_seconds(self) -> float:
        """How long ago the store last answered."""
        return self._clock() - self._heard_at

    def _follow(self) -> None:
        while not self._stopped.is_set():
            try:
                for written in self._store.watch(self._name, self._stopped):
                    self._heard_at = self._clock()
                    self._hear(written)
                    self._heard.set()
                    self._count()
            except Exception as error:  # most often StoreAway; a thread that ended would be missed by nobody
                if self._stopped.is_set():
                    return
                self._note(f"the store does not answer: {error}")
                self._heard.set()
                self._count()
            self._stopped.wait(PAUSE_SECONDS)

    def _hear(self, written: bytes | None) -> None:
        if written is None and self.document.number:
            self._put_back()
            return
        try:
            document = Document.read(written)
        except MalformedDocument as error:
            self._note(str(error))
            return
        self._has_heard = True
        if document == self.document:
            self._note("")
        else:
            self._judge(document)

    def _put_back(self) -> None:
        if not self._has_heard:
            self._stopped.wait(GRACE_SECONDS)
        if self._store.replace(self._name, None, self.document.written()):
            logger.warning("the store had lost the configuration; version %d is put back", self.document.number)
            self._has_heard = True

    def _judge(self, document: Document) -> None:
        """Put a document in force, or say why not."""
        try:
            check_told(document.values)
        except InvalidConfiguration as error:
            self._note(f"version {document.number} is wrong: {error}")
            return
        self._use(document.values)
        self.document = document
        self._copy.keep(document)
        self._note("")
        if document.versions:
            newest = document.versions[0]
            logger.info("configuration %d is in force, by %s: %s", newest.number, newest.by, newest.reason)

    def _count(self) -> None:
        metrics.version.set(self.document.number)
        metrics.age.set(self.age_seconds)

    def _note(self, trouble: str) -> None:
        """Remember what is the matter, and log it once."""
        if trouble and trouble != self.trouble:
            logger.warning("configuration %d stays in force: %s", self.document.number, trouble)
        elif self.trouble and not trouble:
            logger.info("the newest configuration is known again")
        self.trouble = trouble
