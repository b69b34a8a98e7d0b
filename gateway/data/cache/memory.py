"""The kept answers of one worker, bounded by bytes; what was not asked for longest goes first."""

from collections import OrderedDict, defaultdict
from typing import TYPE_CHECKING

from gateway.data.cache.entry import Entry
from gateway.data.cache.selecting import Key, selection

if TYPE_CHECKING:
    from gateway.data.message.request import Request

SELECTIONS_AT_MOST = 32  # of one key, such as languages


class Memory:
    """
    :ivar limit: bytes of all entries together.
    :ivar evicted: entries that had to go for want of room.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.bytes = 0
        self.evicted = 0
        self._by_key: dict[Key, list[Entry]] = {}
        self._by_use: OrderedDict[Entry, None] = OrderedDict()
        self._by_tag: defaultdict[bytes, set[Entry]] = defaultdict(set)
        self._by_route: defaultdict[str, set[Entry]] = defaultdict(set)
        self._by_uri: defaultdict[bytes, set[Entry]] = defaultdict(set)

    def __len__(self) -> int:
        return len(self._by_use)

    def find(self, key: Key, request: "Request") -> Entry | None:
        """Return the newest entry for the key that was chosen by what the request says too."""
        for entry in self._by_key.get(key, ()):
            if not entry.selection or entry.selection == selection(request, entry.names):
                self._by_use.move_to_end(entry)
                return entry
        return None

    def names(self, key: Key) -> tuple[bytes, ...]:
        """Return by which fields of a request the newest entry for the key was chosen."""
        found = self._by_key.get(key)
        return found[0].names if found else ()

    def knows(self, key: Key) -> bool:
        return key in self._by_key

    def put(self, entry: Entry) -> None:
        """Keep an entry, in place of another for the same key and selection."""
        for other in self._by_key.get(entry.key, ()):
            if other.selection == entry.selection:
                self.drop(other)
                break
        if entry.size > self.limit:
            return
        self._by_key[entry.key] = [entry, *self._by_key.get(entry.key, ())]
        self._by_use[entry] = None
        for index, name in self._places(entry):
            index[name].add(entry)
        self.bytes += entry.size
        for crowded_out in self._by_key[entry.key][SELECTIONS_AT_MOST:]:
            self.drop(crowded_out)
        self._make_room()

    def pack(self, entry: Entry, coding: bytes, body: bytes) -> None:
        """Keep an entry's body in a content coding too, as long as the entry."""
        if entry in self._by_use:
            entry.packed[coding] = body
            entry.size += len(body)
            self.bytes += len(body)
            self._make_room()

    def drop(self, entry: Entry) -> None:
        if entry not in self._by_use:
            return
        del self._by_use[entry]
        self.bytes -= entry.size
        left = [other for other in self._by_key[entry.key] if other is not entry]
        if left:
            self._by_key[entry.key] = left
        else:
            del self._by_key[entry.key]
        for index, name in self._places(entry):
            index[name].discard(entry)
            if not index[name]:
                del index[name]

    def drop_tag(self, tag: bytes) -> int:
        return self._drop_all(self._by_tag.get(tag, set()))

    def drop_route(self, route: str) -> int:
        return self._drop_all(self._by_route.get(route, set()))

    def drop_uri(self, uri: bytes) -> int:
        """Drop the answers for a path and query, whoever they were for."""
        return self._drop_all(self._by_uri.get(uri, set()))

    def clear(self) -> int:
        return self._drop_all(set(self._by_use))

    def _drop_all(self, entries: set[Entry]) -> int:
        dropped = list(entries)
        for entry in dropped:
            self.drop(entry)
        return len(dropped)

    def _make_room(self) -> None:
        while self.bytes > self.limit:
            self.drop(next(iter(self._by_use)))
            self.evicted += 1

    def _places(self, entry: Entry) -> "list[tuple[defaultdict[object, set[Entry]], object]]":
        return [
            (self._by_route, entry.route),  # type: ignore[list-item]  # indexes of different kinds of names
            (self._by_uri, entry.uri),  # type: ignore[list-item]
            *((self._by_tag, tag) for tag in entry.tags),  # type: ignore[list-item]
        ]
