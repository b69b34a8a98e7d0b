"""How many requests a service has at a time, so that a slow one cannot take the whole process with it."""

from collections import deque
from typing import Protocol

from ficus.resilience.terms import BulkheadTerms

IN_FLIGHT = BulkheadTerms.in_flight
WAITING = BulkheadTerms.waiting
WAIT_SECONDS = BulkheadTerms.wait_seconds


class Waiter(Protocol):
    """Who waits for a place."""

    def place_given(self) -> None:
        """Take the place, which is already counted as taken; be brief."""


class Full(Exception):
    """There is no place, and no room to wait for one."""


class Bulkhead:
    """
    The places of one upstream in one process. Whoever waits is served in the order of coming.

    Threads that share it hold a lock.

    :ivar refused: requests that found it full or waited in vain.
    """

    __slots__ = ("in_flight", "limit", "refused", "room", "waiting")

    def __init__(self, limit: int = IN_FLIGHT, room: int = WAITING) -> None:
        self.limit = limit
        self.room = room
        self.in_flight = 0
        self.refused = 0
        self.waiting: deque[Waiter] = deque()

    def enter(self, waiter: Waiter) -> bool:
        """
        Take a place, or wait for one; say whether it was taken.

        :raises Full: if ``waiter`` cannot even wait.
        """
        if self.in_flight < self.limit and not self.waiting:
            self.in_flight += 1
            return True
        if len(self.waiting) >= self.room:
            self.refused += 1
            raise Full
        self.waiting.append(waiter)
        return False

    def leave(self) -> None:
        """Give a place up, to whoever has waited longest."""
        self.in_flight -= 1
        if self.waiting:
            self._call_next()

    def give_up(self, waiter: Waiter, *, in_vain: bool) -> None:
        """
        Wait no longer.

        :param in_vain: whether that is since the time was up, and not since the client has left.
        """
        if waiter in self.waiting:
            self.waiting.remove(waiter)
            self.refused += in_vain

    def resize(self, limit: int, room: int) -> None:
        """Use other limits from now on; nobody is sent away for it."""
        self.limit, self.room = limit, room
        self._call_next()

    def _call_next(self) -> None:
        while self.waiting and self.in_flight < self.limit:
            self.in_flight += 1
            self.waiting.popleft().place_given()
