"""A request that goes to the service because the cache has nothing fresh: keeps the answer, or makes do without it."""

import asyncio
from enum import StrEnum
from typing import TYPE_CHECKING

from gateway.data.cache import status as words
from gateway.data.cache.conditions import asking_about, is_unchanged
from gateway.data.cache.directives import Directives
from gateway.data.cache.entry import Entry
from gateway.data.cache.selecting import Key
from gateway.data.cache.status import Outcome
from gateway.data.cache.storing import Storage, storage
from gateway.data.message.at_once import AtOnce
from gateway.data.message.refusal import Refusal

if TYPE_CHECKING:
    from gateway.data.cache.cache import Cache
    from gateway.data.message.request import Field, Request
    from gateway.data.policies.cache import Cache as Terms

FAILURES = frozenset((500, 502, 503, 504))  # RFC 5861, section 4


class Landed(StrEnum):
    """How a flight ended."""

    KEPT = "the answer is kept"
    NOT_KEPT = "the answer is for nobody else"
    FAILED = "the service failed"
    LEFT = "who asked has gone"


class Flight:
    """One request to a service, for whose answer others wait."""

    __slots__ = ("_over", "landed")

    def __init__(self) -> None:
        self._over: asyncio.Future[None] | None = None  # made for the first who waits
        self.landed: Landed | None = None

    async def wait(self, seconds: float) -> None:
        """Wait until it has landed, and no longer than that."""
        if self._over is None:
            self._over = asyncio.get_running_loop().create_future()
        await asyncio.wait((self._over,), timeout=seconds)

    def land(self, how: Landed) -> None:
        self.landed = how
        if self._over is not None and not self._over.done():
            self._over.set_result(None)


class Filling:
    """
    A watcher of the request, and its stand-in.

    :ivar found: what is kept and not fresh, or None.
    """

    __slots__ = (
        "_answers_conditions",
        "_asked",
        "_asked_at",
        "_body",
        "_cache",
        "_fields",
        "_flight",
        "_flight_key",
        "_is_replaced",
        "_key",
        "_purge",
        "_reason",
        "_request",
        "_size",
        "_status",
        "_storage",
        "_terms",
        "found",
    )

    def __init__(
        self,
        cache: "Cache",
        request: "Request",
        terms: "Terms",
        asked: Directives,
        key: Key,
        found: Entry | None,
        reason: bytes,
        flight_key: object = None,
    ) -> None:
        """
        :param asked: what the client says to caches, by field name.
        :param reason: why the request goes on, as RFC 9211 has it.
        :param flight_key: under which others wait for the answer, or None.
        """
        self.found = found
        self._cache = cache
        self._request = request
        self._terms = terms
        self._asked = asked
        self._key = key
        self._reason = reason
        self._asked_at = cache.clock()
        self._purge = cache.purges.last
        self._flight_key = flight_key
        self._flight: Flight | None = None
        if flight_key is not None:
            self._flight = cache.flights[flight_key] = Flight()
        self._storage: Storage | None = None
        self._status = self._size = 0
        self._fields: list[Field] = []
        self._body: list[bytes] = []
        self._is_replaced = False
        self._answers_conditions = self._flight is not None or found is not None

    # As a stand-in.

    @property
    def wants_answer_now(self) -> bool:
        return self._storage is not None and self._flight is not None

    def instead_of_answer(self, status: int, fields: "list[Field]") -> Refusal | None:
        if status == 304 and self.found is not None:
            return self._replaced(self._confirmed(fields))
        if status in FAILURES and (stale := self._stale()):
            return self._replaced(stale)
        if status == 200 and self._answers_conditions and is_unchanged(self._asked, fields):
            return self._replaced(self._cache.unchanged(self._request, fields, words.forwarded(self._reason)))
        return None

    def instead_of(self, refusal: Refusal) -> Refusal:
        if isinstance(refusal, AtOnce) or refusal.status not in FAILURES:
            return refusal
        stale = self._stale()
        self._land(Landed.FAILED)
        return self._replaced(stale) if stale else refusal

    def _replaced(self, answer: Refusal) -> Refusal:
        self._is_replaced = True
        return answer

    def _stale(self) -> Refusal | None:
        return self._cache.stale_on_error(self._request, self._terms, self._asked, self.found)

    def _confirmed(self, fields: "list[Field]") -> Refusal:
        """Return what is kept, since the service says that it still holds (RFC 9111, section 4.3.3)."""
        found = self.found
        assert found is not None  # noqa: S101 - the service was asked about it
        entry = self._cache.confirm(self._request, self._terms, found, fields, self._asked_at, self._purge)
        if entry is None:
            return Refusal(502, "bad_gateway", f"The {self._request.upstream.name} service failed.")
        self._land(Landed.KEPT)
        self._cache.count(self._request, Outcome.REVALIDATED)
        return self._cache.given(
            self._request, self._asked, entry, words.forwarded(self._reason, more=b"; fwd-status=304")
        )

    # As a watcher.

    def asked(self, data: bytes) -> None:
        """Requests with a body are none of the cache's."""

    def answer_began(self, status: int, fields: "list[Field]") -> None:
        if status == 304 and self.found is not None:
            return
        self._status, self._fields = status, fields
        if status in FAILURES and self._is_replaced:
            self._land(Landed.FAILED)
        elif self._request.method == b"GET":
            self._storage = storage(self._request, self._terms, status, fields, self._cache.clock())
            length = dict(fields).get(b"content-length", b"")
            if length.isdigit() and int(length) > self._terms.body_limit:
                self._storage = None
            if self._storage is None:
                self._not_kept()

    def _not_kept(self) -> None:
        self._storage = None
        self._body.clear()
        failed = self._status in FAILURES
        if not failed and self._flight_key is not None:
            self._cache.remember_to_pass(self._flight_key)
        if not failed and self.found is not None:
            self._cache.memory.drop(self.found)
        self._land(Landed.FAILED if failed else Landed.NOT_KEPT)

    def answered(self, data: bytes) -> None:
        if self._storage is None:
            return
        self._size += len(data)
        self._body.append(data)
        if self._size > self._terms.body_limit:
            self._not_kept()

    def answer_ended(self, request: "Request") -> None:
        if self._storage is None:
            return
        self._cache.keep(
            request,
            self._terms,
            self._key,
            (self._status, self._fields, b"".join(self._body)),
            self._storage,
            asked_at=self._asked_at,
            purge=self._purge,
        )
        self._storage = None
        self._land(Landed.KEPT)

    def over(self) -> None:
        self._land(Landed.LEFT)

    def _land(self, how: Landed) -> None:
        flight, self._flight = self._flight, None
        if flight is None:
            return
        if self._cache.flights.get(self._flight_key) is flight:
            del self._cache.flights[self._flight_key]
        flight.land(how)

    # As an alteration.

    def alter(self, request: "Request", status: int, fields: "list[Field]") -> "list[Field]":
        """Say what the cache did, unless its own answer says so already."""
        if self._is_replaced:
            return fields
        stored = b"; stored" if self._storage is not None else b""
        return words.with_status(fields, words.forwarded(self._reason, more=stored))

    def ask(self) -> None:
        """Have the request tell this of its answer, and ask the service what the cache wants to know."""
        request = self._request
        request.watchers = (*request.watchers, self)
        request.alterations = (*request.alterations, self.alter)
        request.stand_in = self
        if self._answers_conditions:
            request.kept = asking_about(request.kept, self.found)
