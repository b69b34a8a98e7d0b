"""Keeps instances registered while a process serves, and takes them out when it stops."""

import logging
from collections.abc import Callable, Sequence
from threading import Event, Thread

from ficus.discovery.instance import Instance
from ficus.discovery.registry import Registry

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0


class Registrar:
    """
    Registers in a thread of its own, again at half the TTL, and after a failure each second until it has succeeded.

    A registry that is away delays neither the start nor the stop, after which the TTL does what could not be done.
    """

    def __init__(self, registry: Registry, instances: Sequence[Instance]) -> None:
        self._registry = registry
        self._instances = instances
        self._leaving = Event()
        self._away = False
        self._thread = Thread(target=self._stay, name="registrar", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def leave(self) -> None:
        """Deregister now, without waiting for it; may be called by a signal's handler."""
        self._leaving.set()

    def wait(self, seconds: float) -> None:
        """Wait until the instances have been taken out, after ``leave``."""
        self._thread.join(seconds)

    def _stay(self) -> None:
        while not self._leaving.is_set():
            done = self._tell(self._registry.register)
            self._leaving.wait(self._registry.ttl_seconds / 2 if done else PAUSE_SECONDS)
        self._tell(self._registry.deregister)

    def _tell(self, about: Callable[[Instance], None]) -> bool:
        """Tell the registry about each instance; say whether it took note of all."""
        try:
            for instance in self._instances:
                about(instance)
        except Exception as error:  # whatever it is: a thread that ended here would be missed by nobody
            if not self._away:
                logger.warning("the registry takes no note of this process: %s", error)
            self._away = True
            return False
        if self._away:
            logger.info("the registry takes note of this process again")
        self._away = False
        return True
