"""What operators threw away, by number: an answer asked for before a purge that concerns it is not given any more."""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from gateway.data.cache.entry import Entry
from gateway.data.cache.memory import Memory

REMEMBERED = 10_000


class Kind(StrEnum):
    ROUTE = "route"
    KEY = "key"
    TAG = "tag"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Purge:
    """:ivar value: a route's name, a path with its query, a tag, or empty for all."""

    number: int
    kind: Kind
    value: str

    def concerns(self, entry: Entry) -> bool:
        match self.kind:
            case Kind.ROUTE:
                return entry.route == self.value
            case Kind.KEY:
                return entry.uri == self.value.encode()
            case Kind.TAG:
                return self.value.encode() in entry.tags
        return True


class Purges:
    """
    Those of late, as far as this worker knows.

    :ivar last: the highest number known; -1 before the first look.
    """

    def __init__(self) -> None:
        self.last = -1
        self._recent: deque[Purge] = deque(maxlen=REMEMBERED)

    def learn(self, purge: Purge, memory: Memory) -> None:
        """Do a purge that has not been done here."""
        self.last = max(self.last, purge.number)
        self._recent.append(purge)
        match purge.kind:
            case Kind.ROUTE:
                memory.drop_route(purge.value)
            case Kind.KEY:
                memory.drop_uri(purge.value.encode())
            case Kind.TAG:
                memory.drop_tag(purge.value.encode())
            case Kind.ALL:
                memory.clear()

    def concern(self, entry: Entry) -> bool:
        """Say whether the entry was asked for before a purge that means it."""
        return any(purge.number > entry.purge and purge.concerns(entry) for purge in self._recent)
