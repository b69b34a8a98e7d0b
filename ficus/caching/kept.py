"""
What has been made for one key is kept for some seconds, for all processes of a service.

When what is kept is due, one caller makes it anew and the others wait for that, or go on with what there is. It is made
anew a little early, at random, the earlier the longer it takes (Vattani, Chierichetti, Lowenstein: "Optimal
Probabilistic Cache Stampede Prevention", 2015), so that mostly nobody waits.

What is kept is of a generation, drawn at random, and asked for together with it. To forget is to draw another: whatever
is still being made from what was true before is of the former, and nobody takes it.
"""

import hashlib
import logging
import time
from collections.abc import Callable
from math import log
from random import random
from secrets import token_hex
from typing import Any, NamedTuple, TypeVar

from django.core.cache import BaseCache, caches

from ficus.caching.metrics import answers

logger = logging.getLogger(__name__)

AWAY_SECONDS = 1.0
MAKING_SECONDS = 5
WAIT_SECONDS = 0.25
PAUSE_SECONDS = 0.005
EAGERNESS = 1.0  # the paper's beta

Result = TypeVar("Result")


class Entry(NamedTuple):
    """
    :ivar ends_at: in seconds since 1970.
    :ivar took: seconds, to make it.
    """

    generation: str
    value: Any
    ends_at: float
    took: float

    def is_due(self, now: float) -> bool:
        return now - self.took * EAGERNESS * log(1.0 - random()) >= self.ends_at  # noqa: S311 - no secret


class Kept:
    """
    :param name: under which it is counted, and stands in the cache.
    :param seconds: for which something is kept unless it is forgotten before.
    """

    def __init__(self, name: str, *, seconds: float = 30.0, clock: Callable[[], float] = time.time) -> None:
        self._name, self._seconds, self._clock = name, seconds, clock
        self._away_until = float("-inf")

    def get(self, key: str, make: Callable[[], Any]) -> Any:
        """
        Return what is kept for ``key``, made if need be.

        :param make: returns JSON values; what it raises is raised, and nothing is kept.
        """
        place = f"{self._name}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"
        generation, entry = self._find(place)
        if not generation:
            return self._counted("away", make())
        if entry is not None and not entry.is_due(self._clock()):
            return self._counted("kept", entry.value)
        making = f"{place}:{generation}:making"
        if not self._try(lambda cache: cache.add(making, 1, MAKING_SECONDS), otherwise=True):
            entry = entry or self._waited_for(place)
            if entry is not None:
                return self._counted("shared", entry.value)
        try:
            # Whoever made it may have ended between the two questions.
            entry = self._find(place)[1]
            if entry is not None and not entry.is_due(self._clock()):
                return self._counted("shared", entry.value)
            return self._counted("made", self._made(place, generation, make))
        finally:
            self._try(lambda cache: cache.delete(making), otherwise=False)

    def forget(self) -> None:
        """Have everything made anew from now on; while the cache is away what is in it stays for its seconds."""

        def draw(cache: BaseCache) -> bool:
            cache.set(self._generation_key, token_hex(8), None)
            return True

        if not self._try(draw, otherwise=False):
            logger.warning("the cache is away: %s may be shown as it was for %g s", self._name, self._seconds)

    @property
    def _generation_key(self) -> str:
        return f"{self._name}:generation"

    def _find(self, place: str) -> tuple[str, Entry | None]:
        """Return the generation and what is of it there; an empty one if there is no cache to speak of."""
        wanted = [self._generation_key, place]
        found: dict[str, Any] = self._try(lambda cache: cache.get_many(wanted), otherwise={})
        generation = found.get(self._generation_key) or self._first_generation()
        try:
            entry = Entry(*found[place])
        except (KeyError, TypeError):
            return generation, None
        return generation, entry if entry.generation == generation else None

    def _first_generation(self) -> str:
        self._try(lambda cache: cache.add(self._generation_key, token_hex(8), None), otherwise=False)
        return str(self._try(lambda cache: cache.get(self._generation_key), otherwise=None) or "")

    def _waited_for(self, place: str) -> Entry | None:
        """Return what another makes, if it does soon."""
        ends_at = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < ends_at:
            time.sleep(PAUSE_SECONDS)
            if (entry := self._find(place)[1]) is not None:
                return entry
        return None

    def _made(self, place: str, generation: str, make: Callable[[], Any]) -> Any:
        began = time.monotonic()
        value = make()
        took = time.monotonic() - began
        entry = [generation, value, self._clock() + self._seconds, took]
        # Longer than it holds, for those who ask while one makes it anew.
        self._try(lambda cache: cache.set(place, entry, max(1, round(2 * self._seconds))), otherwise=None)
        return value

    def _try(self, what: Callable[[BaseCache], Result], *, otherwise: Result) -> Result:
        """Ask the cache, unless it has not answered of late."""
        now = time.monotonic()
        if now < self._away_until:
            return otherwise
        try:
            return what(caches["default"])
        except _away() as error:
            self._away_until = now + AWAY_SECONDS
            logger.debug("the cache is away: %s", error)
            return otherwise

    def _counted(self, outcome: str, value: Any) -> Any:
        answers.labels(self._name, outcome).inc()
        return value


def _away() -> tuple[type[Exception], ...]:
    # Not at the top: it brings OpenTelemetry along, which a process that traces nothing does not load to start.
    from redis import RedisError

    return RedisError, OSError, ValueError  # the last for what stands there and is none of ours
