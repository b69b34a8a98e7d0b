"""Names remembered for a while, bounded in number."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Name = TypeVar("Name", bound=Hashable)

AT_MOST = 10_000


class Recent(Generic[Name]):
    """:param seconds: for which a name is remembered."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._added: OrderedDict[Name, float] = OrderedDict()

    def add(self, name: Name) -> None:
        self._added[name] = self._clock()
        self._added.move_to_end(name)
        while len(self._added) > AT_MOST:
            self._added.popitem(last=False)

    def __contains__(self, name: Name) -> bool:
        return self.since(name, self._clock() - self._seconds)

    def since(self, name: Name, at: float) -> bool:
        """Say whether the name was added at that time or later."""
        added = self._added.get(name)
        return added is not None and added >= at
