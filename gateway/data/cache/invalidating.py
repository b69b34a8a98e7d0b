"""A request that changes what it names: what was kept of that does not hold any more (RFC 9111, section 4.4)."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.data.cache.cache import Cache
    from gateway.data.message.request import Field, Request


class Invalidating:
    """A watcher of a request whose method is not safe."""

    __slots__ = ("_cache", "_succeeded")

    def __init__(self, cache: "Cache") -> None:
        self._cache = cache
        self._succeeded = False

    def asked(self, data: bytes) -> None: ...

    def answer_began(self, status: int, headers: "list[Field]") -> None:
        self._succeeded = 200 <= status < 400

    def answered(self, data: bytes) -> None: ...

    def answer_ended(self, request: "Request") -> None:
        """Before the client sees that it is done, so that what he reads next is new."""
        if self._succeeded:
            self._cache.changed(request)

    def over(self) -> None: ...
