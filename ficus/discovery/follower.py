"""Follows one service in a registry, for whoever asks where it is; and what he is told when the registry is unsure."""

import logging
from collections.abc import Callable
from threading import Event, Thread
from time import monotonic

from ficus.discovery.instance import Instance
from ficus.discovery.registry import Registry

logger = logging.getLogger(__name__)

EMPTY_SECONDS = 30.0
CHANGE_SECONDS = 1.0
PAUSE_SECONDS = 1.0


class LastGood:
    """
    The list that is believed. It outlives the registry; an empty one takes its place only after the registry has said
    so for 30 s without a break, and no two changes come within a second. Does not look at the clock: each call is told.

    :ivar heard_at: when the registry last answered.
    """

    def __init__(self, now: float) -> None:
        self.heard_at = now
        self._believed: tuple[Instance, ...] = ()
        self._changed_at = now - CHANGE_SECONDS
        self._said: tuple[Instance, ...] = ()
        self._empty_since: float | None = None

    def hear(self, instances: tuple[Instance, ...], now: float) -> None:
        """Take note of what the registry says."""
        self.heard_at = now
        self._said = instances
        if instances:
            self._empty_since = None
        elif self._empty_since is None:
            self._empty_since = now

    def miss(self) -> None:
        """Take note that it does not answer."""
        self._empty_since = None
        self._said = self._said or self._believed

    def instances(self, now: float) -> tuple[Instance, ...]:
        """Return those that are believed to be there from now on."""
        empty_for = now - self._empty_since if self._empty_since is not None else 0.0
        is_due = now - self._changed_at >= CHANGE_SECONDS and (self._said or empty_for >= EMPTY_SECONDS)
        if self._said != self._believed and is_due:
            self._believed, self._changed_at = self._said, now
        return self._believed


class Follower:
    """
    Watches in a thread of its own from ``start`` to ``stop``, through whatever becomes of the registry.

    :ivar trouble: why the registry does not answer at present, or empty.
    """

    def __init__(self, registry: Registry, service: str, clock: Callable[[], float] = monotonic) -> None:
        self.service = service
        self.trouble = ""
        self._registry = registry
        self._clock = clock
        self._last_good = LastGood(clock())
        self._stopped = Event()
        self._thread = Thread(target=self._follow, name=f"discovery-{service}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End; without waiting for an answer that may be under way."""
        self._stopped.set()

    @property
    def instances(self) -> tuple[Instance, ...]:
        """Those that are believed to be there; none before the registry has first said who is."""
        return self._last_good.instances(self._clock())

    @property
    def age_seconds(self) -> float:
        """How long ago the registry last answered."""
        return self._clock() - self._last_good.heard_at

    def _follow(self) -> None:
        while not self._stopped.is_set():
            try:
                for found in self._registry.watch(self.service, self._stopped):
                    if self.trouble:
                        logger.info("the instances of %s are known again", self.service)
                        self.trouble = ""
                    self._last_good.hear(found, self._clock())
            except Exception as error:  # most often RegistryAway; a thread that ended would be missed by nobody
                if not self.trouble:
                    logger.warning("the last known instances of %s stay: %s", self.service, error)
                self.trouble = str(error)
                self._last_good.miss()
            self._stopped.wait(PAUSE_SECONDS)
