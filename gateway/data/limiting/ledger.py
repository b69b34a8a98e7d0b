"""What each key owes in this process. The clock is an argument."""

from collections import OrderedDict
from collections.abc import Sequence
from itertools import islice

from gateway.data.limiting.gcra import Rate, take

LARGEST = 100_000  # keys
LOOKED_AT = 8


class Ledger:
    """
    The moment at which each key owes nothing any more: GCRA's theoretical arrival time, in microseconds.

    At most ``largest`` keys are known. Room is made among those that were let through longest ago: by forgetting those
    that owe nothing any more, or else the first; a key that is forgotten begins anew.
    """

    __slots__ = ("_clear_at", "_largest")

    def __init__(self, largest: int = LARGEST) -> None:
        self._largest = largest
        self._clear_at: OrderedDict[bytes, int] = OrderedDict()  # which finds its first in one step, as no dict does

    def __len__(self) -> int:
        return len(self._clear_at)

    def debt(self, key: bytes, now: int) -> int:
        return max(self._clear_at.get(key, 0) - now, 0)

    def take(self, keys: Sequence[bytes], rates: Sequence[Rate], now: int) -> tuple[bool, list[int]]:
        """Let a request through by all keys or by none; return whether, and what each owes afterwards."""
        clear_at, owed = self._clear_at, []
        for key, rate in zip(keys, rates, strict=True):
            debt = clear_at.get(key, 0) - now
            owed.append(0 if debt < 0 else debt if debt < rate.capacity else rate.capacity)
        admitted, debts = take(rates, owed)
        if admitted:
            for key, debt in zip(keys, debts, strict=True):
                self.note(key, debt, now)
        return admitted, debts

    def note(self, key: bytes, debt: int, now: int) -> None:
        """Take over what a key owes."""
        clear_at = self._clear_at
        if key in clear_at:
            clear_at.move_to_end(key)
        elif len(clear_at) >= self._largest:
            self._make_room(now)
        clear_at[key] = now + debt

    def _make_room(self, now: int) -> None:
        oldest = list(islice(self._clear_at, LOOKED_AT))
        clear = [key for key in oldest if self._clear_at[key] <= now]
        for key in clear or oldest[:1]:
            del self._clear_at[key]
