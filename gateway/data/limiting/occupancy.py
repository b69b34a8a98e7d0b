"""How many requests of each key are under way in this process."""


class Occupancy:
    """Counts up and down; a key of which nothing is under way takes no room."""

    __slots__ = ("_under_way",)

    def __init__(self) -> None:
        self._under_way: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._under_way)

    def of(self, key: bytes) -> int:
        return self._under_way.get(key, 0)

    def enter(self, key: bytes, most: int) -> bool:
        """Count one more, unless that would be more than ``most``; return whether it was counted."""
        present = self._under_way.get(key, 0)
        if present >= most:
            return False
        self._under_way[key] = present + 1
        return True

    def leave(self, key: bytes) -> None:
        """Count one less."""
        left = self._under_way[key] - 1
        if left:
            self._under_way[key] = left
        else:
            del self._under_way[key]
