"""One worker's cache: gives what is kept, and asks the service once for all who want the same."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from gateway.data.cache import refreshing
from gateway.data.cache import status as words
from gateway.data.cache.conditions import fields_of_304, is_unchanged
from gateway.data.cache.directives import Directives, directives, seconds
from gateway.data.cache.entry import Entry, born_at, kept_fields, tags_of, updated
from gateway.data.cache.filling import Filling, Flight, Landed
from gateway.data.cache.memory import Memory
from gateway.data.cache.purges import Purges
from gateway.data.cache.recent import Recent
from gateway.data.cache.selecting import Key, key_of, mark_of, selection, varying_names
from gateway.data.cache.shared import Shared
from gateway.data.cache.status import Outcome
from gateway.data.cache.storing import Storage, storage
from gateway.data.deadline import seconds_left
from gateway.data.message.at_once import AtOnce
from gateway.data.message.refusal import Refusal

if TYPE_CHECKING:
    from gateway.data.message.request import Field, Request
    from gateway.data.policies.cache import Cache as Terms
    from gateway.data.routing.route import Route

DEFAULT_BYTES = 64 * 1024 * 1024
PASS_SECONDS = 10.0  # for which an answer that is for nobody else is not waited for by others, after one was
INVALID_SECONDS = 86_400.0
_READ = frozenset(
    (
        b"cache-control",
        b"if-none-match",
        b"if-modified-since",
        b"if-match",
        b"if-range",
        b"if-unmodified-since",
        b"range",
    )
)
_PASSED = frozenset((b"if-match", b"if-range", b"if-unmodified-since", b"range"))
_REQUEST = words.saying(words.forwarded(b"request"))


class Cache:
    """
    :ivar clock: returns seconds since 1970.
    :ivar flights: what is being asked of services, by what is wanted.
    :ivar shared: the second level, or None.
    """

    def __init__(
        self, limit: int = DEFAULT_BYTES, *, shared: Shared | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        """:param limit: bytes."""
        self.memory = Memory(limit)
        self.purges = Purges()
        self.shared = shared
        self.clock = clock
        self.flights: dict[object, Flight] = {}
        self.counts: Counter[tuple[str, Outcome]] = Counter()
        self.under_way: set[asyncio.Task[bool]] = set()
        self._passing: Recent[object] = Recent(PASS_SECONDS, clock)
        self._changed: Recent[bytes] = Recent(INVALID_SECONDS, clock)
        self._marks: dict[str, tuple[Route, bytes]] = {}

    def count(self, request: "Request", outcome: Outcome) -> None:
        self.counts[request.route.name, outcome] += 1

    def take(self) -> Counter[tuple[str, str]]:
        """Return what has been counted since the last time, by route and outcome."""
        taken: Counter[tuple[str, str]] = Counter({(route, how.value): n for (route, how), n in self.counts.items()})
        self.counts.clear()
        if self.memory.evicted:
            taken["", Outcome.EVICTED.value] = self.memory.evicted
            self.memory.evicted = 0
        return taken

    # Giving.

    def serve(self, request: "Request", terms: "Terms") -> Awaitable[None] | None:
        """
        Give what is kept, or have the request go on to the service and its answer kept.

        :raises AtOnce: with what is kept.
        :raises Refusal: 504 if the client wants nothing but what is kept, and nothing is.
        """
        asked = _asked(request)
        control = directives((asked[b"cache-control"],)) if b"cache-control" in asked else {}
        if request.has_body or asked.keys() & _PASSED or b"no-store" in control:
            self._pass(request)
            return None
        wishes = control if terms.clients_may_refresh else {}
        key = self.key(request)
        found = self.memory.find(key, request)
        if found is not None:
            self._give(request, terms, asked, wishes, found)
        if terms.shared and self.shared is not None and self.purges.last >= 0:
            return self._look_further(request, terms, asked, control, key)
        return self._fetch(request, terms, asked, control, key, found)

    def key(self, request: "Request") -> Key:
        route = request.route
        known = self._marks.get(route.name)
        if known is None or known[0] is not route:
            known = self._marks[route.name] = route, mark_of(route)
        return key_of(request, known[1])

    def _give(
        self,
        request: "Request",
        terms: "Terms",
        asked: Directives,
        wishes: Directives,
        found: Entry,
        outcome: Outcome = Outcome.HIT,
    ) -> None:
        """:raises AtOnce: if what is found will do."""
        now = self.clock()
        more = b"; collapsed" if outcome is Outcome.COLLAPSED else b""
        left = found.storage.lifetime - found.age(now)
        if found.is_fresh(now):
            if wishes and not _satisfies(wishes, found, now):
                return
            self.count(request, outcome)
            raise self.given(request, asked, found, words.hit(left, more=more)[1])
        if request.method == b"GET" and found.serves_meanwhile(now) and b"no-cache" not in wishes:
            refreshing.refresh(self, request, terms, found)
            self.count(request, Outcome.STALE)
            raise self.given(request, asked, found, words.hit(left, more=more)[1])

    def given(self, request: "Request", asked: Directives, entry: Entry, said: bytes) -> AtOnce:
        """Return the entry as an answer, or that the client has it already."""
        more = [(b"age", b"%d" % entry.age(self.clock())), (b"cache-status", said)]
        if entry.status == 200 and is_unchanged(asked, entry.fields):
            return self._answer_304(request, entry.fields, more)
        return AtOnce(entry.status, [*entry.fields, *more], self._body(request, entry))

    def unchanged(self, request: "Request", fields: "list[Field]", said: bytes) -> AtOnce:
        """Return the 304 for a client that has already what the service has just answered."""
        return self._answer_304(request, fields, [(b"cache-status", said)])

    def _answer_304(self, request: "Request", fields: "list[Field]", more: "list[Field]") -> AtOnce:
        if request.compression is not None:
            request.compression.decide(request, 304, fields, None)
        return AtOnce(304, [*fields_of_304(fields), *more])

    def _body(self, request: "Request", entry: Entry) -> bytes:
        compression = request.compression
        if compression is None or not compression.decide(request, entry.status, entry.fields, len(entry.body)):
            return entry.body
        packed = entry.packed.get(compression.coding)
        if packed is None:
            packed = compression.whole(entry.body)
            self.memory.pack(entry, compression.coding, packed)
        return packed

    def stale_on_error(
        self, request: "Request", terms: "Terms", asked: Directives, found: Entry | None
    ) -> Refusal | None:
        """Return what serves instead of an error, or None."""
        now = self.clock()
        if found is None or not found.serves_on_error(now):
            return None
        self.count(request, Outcome.ON_ERROR)
        left = found.storage.lifetime - found.age(now)
        return self.given(request, asked, found, words.hit(left, more=b"; fwd=stale; detail=error")[1])

    # Asking.

    def _pass(self, request: "Request") -> None:
        self.count(request, Outcome.BYPASS)
        request.alterations = (*request.alterations, _REQUEST)

    async def _look_further(
        self, request: "Request", terms: "Terms", asked: Directives, control: Directives, key: Key
    ) -> None:
        assert self.shared is not None  # noqa: S101 - it was there
        entry = await self.shared.find(key, request)
        if entry is not None and not self._is_void(entry):
            self.memory.put(entry)
            wishes = control if terms.clients_may_refresh else {}
            self._give(request, terms, asked, wishes, entry, Outcome.SHARED)
        waiting = self._fetch(request, terms, asked, control, key, self.memory.find(key, request))
        if waiting is not None:
            await waiting

    def _fetch(
        self,
        request: "Request",
        terms: "Terms",
        asked: Directives,
        control: Directives,
        key: Key,
        found: Entry | None,
    ) -> Awaitable[None] | None:
        if b"only-if-cached" in control:
            raise Refusal(504, "not_cached", "Nothing is kept that would do.")
        flight_key = None
        if request.method == b"GET":
            flight_key = key, selection(request, self.memory.names(key))
            if flight_key in self.flights:
                return self._join(request, terms, asked, key, flight_key)
            if flight_key in self._passing:
                flight_key = None
        self._lead(request, terms, asked, key, found, flight_key)
        return None

    def _lead(
        self,
        request: "Request",
        terms: "Terms",
        asked: Directives,
        key: Key,
        found: Entry | None,
        flight_key: object = None,
    ) -> None:
        reason = b"vary-miss" if self.memory.knows(key) else b"uri-miss"
        if found is not None:
            reason = b"stale"
        self.count(request, Outcome.MISS)
        known = found if found is not None and (found.has_validator or found.storage.on_error) else None
        Filling(self, request, terms, asked, key, known, reason, flight_key).ask()

    async def _join(self, request: "Request", terms: "Terms", asked: Directives, key: Key, flight_key: object) -> None:
        """
        Wait for the answer that another has asked for; if it does not come, ask in his place.

        :raises AtOnce: with that answer.
        :raises Refusal: 504 if it does not come in the request's own time.
        """
        while (flight := self.flights.get(flight_key)) is not None:
            left = seconds_left(request)
            await flight.wait(left)
            found = self.memory.find(key, request)
            if found is not None:
                self._give(request, terms, asked, {}, found, Outcome.COLLAPSED)
            if flight.landed in (None, Landed.FAILED):
                stale = self.stale_on_error(request, terms, asked, found)
                if stale is not None:
                    raise stale
            known_as = key, selection(request, self.memory.names(key))
            if flight.landed in (Landed.KEPT, Landed.NOT_KEPT) and known_as == flight_key:
                self._lead(request, terms, asked, key, found)
                return
            flight_key = known_as  # another if only now it is known by what the answers vary
        self._lead(request, terms, asked, key, self.memory.find(key, request), flight_key)

    def remember_to_pass(self, flight_key: object) -> None:
        """Let nobody wait for an answer like that for a while, since it is for nobody else."""
        self._passing.add(flight_key)

    # Keeping.

    def keep(
        self,
        request: "Request",
        terms: "Terms",
        key: Key,
        answer: "tuple[int, list[Field], bytes]",
        how: Storage,
        *,
        asked_at: float,
        purge: int,
    ) -> Entry | None:
        """Keep an answer to the request, unless it was thrown away while it was on its way."""
        status, fields, body = answer
        now = self.clock()
        entry = Entry(
            key,
            selection(request, varying_names(fields)),
            request.route.name,
            status,
            kept_fields(fields, now),
            body,
            how,
            tags=tags_of(fields),
            born_at=born_at(fields, asked_at, now),
            asked_at=asked_at,
            purge=purge,
        )
        return self._put(request, terms, entry)

    def confirm(
        self,
        request: "Request",
        terms: "Terms",
        found: Entry,
        news: "list[Field]",
        asked_at: float,
        purge: int,
    ) -> Entry | None:
        """Return an entry as a 304 renews it, kept if it may be; None if the 304 is about something else."""
        now = self.clock()
        etag = dict(news).get(b"etag", b"")
        if etag and found.etag and etag.removeprefix(b"W/") != found.etag.removeprefix(b"W/"):
            self.memory.drop(found)
            return None
        fields = updated(found.fields, news, now)
        how = storage(request, terms, found.status, [*fields, *_secrets(news)], now)
        entry = Entry(
            found.key,
            found.selection,
            found.route,
            found.status,
            fields,
            found.body,
            how or Storage(0),
            tags=tags_of(news) or found.tags,
            born_at=born_at(news, asked_at, now),
            asked_at=asked_at,
            purge=purge,
        )
        if how is None:
            self.memory.drop(found)
        else:
            self._put(request, terms, entry)
        return entry

    def _put(self, request: "Request", terms: "Terms", entry: Entry) -> Entry | None:
        if self._is_void(entry):
            return None
        self.memory.put(entry)
        self.count(request, Outcome.KEPT)
        if terms.shared and self.shared is not None:
            self.shared.keep(entry, self.clock())
        return entry

    # Throwing away.

    def changed(self, request: "Request") -> None:
        """Forget what is kept for the request's address, since it has been changed (RFC 9111, section 4.4)."""
        uri = request.path + request.query
        self._changed.add(uri)
        self.memory.drop_uri(uri)

    def _is_void(self, entry: Entry) -> bool:
        """Say whether the answer was asked for before something that makes it worthless."""
        return self._changed.since(entry.uri, entry.asked_at) or self.purges.concern(entry)


def _asked(request: "Request") -> dict[bytes, bytes]:
    """Return what a client says to caches."""
    found: dict[bytes, bytes] = {}
    for name, value in request.headers:
        if name in _READ:
            found[name] = found[name] + b", " + value if name in found else value
    return found


def _satisfies(control: Directives, entry: Entry, now: float) -> bool:
    """Say whether a fresh entry is fresh enough for a client (RFC 9111, section 5.2.1)."""
    oldest, least = seconds(control, b"max-age"), seconds(control, b"min-fresh")
    if b"no-cache" in control or (oldest is not None and entry.age(now) > oldest):
        return False
    return least is None or entry.storage.lifetime - entry.age(now) >= least


def _secrets(news: "list[Field]") -> "list[Field]":
    return [field for field in news if field[0] == b"set-cookie"]
