"""Decides whether a request may come: by Redis for all workers, or here."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from itertools import islice
from time import monotonic_ns
from typing import NamedTuple
from uuid import uuid4

from gateway.data.limiting import scripts
from gateway.data.limiting.gcra import SECOND, Rate
from gateway.data.limiting.ledger import LARGEST, Ledger
from gateway.data.limiting.redis_link import Away, RedisLink
from gateway.data.limiting.replies import Reply, ReplyError

logger = logging.getLogger(__name__)

SYNC_SECONDS = 0.1
SETTLED_AT_ONCE = 500  # keys
ALIVE_SECONDS = 0.5
DEAD_SECONDS = 10


class Verdict(NamedTuple):
    """
    Whether one request may come.

    :ivar rates: by which it was judged: the limits' own, or this worker's share of them.
    :ivar debts: what each key owes now.
    :ivar alone: whether this worker decided without knowing of the others.
    """

    admitted: bool
    rates: Sequence[Rate]
    debts: Sequence[int]
    alone: bool


def _now() -> int:
    return monotonic_ns() // 1000


class Limiter:
    """
    One worker's.

    Without Redis it keeps to the limit divided by the number of workers, as last heard from Redis or configured, so
    that all of them together keep to the limit, whoever is asked.

    :ivar workers: of the gateway, on all machines.
    :ivar counts: decisions by route, limit and outcome, since somebody took them.
    """

    def __init__(
        self,
        link: RedisLink | None = None,
        *,
        workers: int = 1,
        clock: Callable[[], int] = _now,
        largest: int = LARGEST,
    ) -> None:
        """:param workers: how many there are, until Redis says so."""
        self.workers = workers
        self.counts: Counter[tuple[str, str, str]] = Counter()
        self._link = link
        self._clock = clock
        self._ledger = Ledger(largest)
        self._largest = largest
        self._counted_at = clock()
        self._unsettled: dict[bytes, tuple[int, Rate]] = {}
        self._name = uuid4().hex.encode()

    @property
    def knows_others(self) -> bool:
        return self._link is not None and self._link.is_up

    def here(self, keys: Sequence[bytes], rates: Sequence[Rate]) -> Verdict:
        """Decide by what is known in this process; the others hear of it within ``SYNC_SECONDS``."""
        if not self.knows_others:
            return self._alone(keys, rates)
        admitted, debts = self._ledger.take(keys, rates, self._clock())
        if admitted:
            for key, rate in zip(keys, rates, strict=True):
                self._use(key, rate)
        return Verdict(admitted, rates, debts, False)

    def exactly(self, keys: Sequence[bytes], rates: Sequence[Rate]) -> Verdict | Awaitable[Verdict]:
        """Have Redis decide, which takes a moment; at once and alone where it does not answer."""
        if self._link is None:
            return self._alone(keys, rates)
        try:
            reply = self._link.ask(scripts.take(keys, rates))
        except Away:
            return self._alone(keys, rates)
        return self._by_redis(reply, keys, rates)

    async def _by_redis(self, reply: "asyncio.Future[Reply]", keys: Sequence[bytes], rates: Sequence[Rate]) -> Verdict:
        try:
            admitted, *debts = await self._checked(reply)
        except Away:
            return self._alone(keys, rates)
        now = self._clock()
        for key, debt in zip(keys, debts, strict=True):
            self._ledger.note(key, debt, now)  # so that a Redis that dies now takes no debts with it
        return Verdict(bool(admitted), rates, debts, False)

    def _alone(self, keys: Sequence[bytes], rates: Sequence[Rate]) -> Verdict:
        shares = _shares(tuple(rates), self.workers) if self.workers > 1 else rates
        admitted, debts = self._ledger.take(keys, shares, self._clock())
        return Verdict(admitted, shares, debts, True)

    def take_counts(self) -> Counter[tuple[str, str, str]]:
        """Return what has been decided, and begin anew."""
        counts, self.counts = self.counts, Counter()
        return counts

    # What other workers use.

    def _use(self, key: bytes, rate: Rate) -> None:
        requests, _ = self._unsettled.get(key, (0, rate))
        if requests or len(self._unsettled) < self._largest:
            self._unsettled[key] = requests + 1, rate

    async def run(self) -> None:
        """Keep in touch with Redis and, through it, with the other workers; for ever."""
        if self._link is None:
            return
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._link.run())
            tasks.create_task(self._settle_for_ever())
            tasks.create_task(self._be_counted())

    async def _settle_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SYNC_SECONDS)
            try:
                while self._unsettled:
                    await self.settle()
            except Away:
                self._unsettled.clear()  # nobody kept account meanwhile; all begin anew from what Redis knows

    async def settle(self) -> None:
        """
        Tell Redis what was let through here, and learn what others have used of the same keys.

        :raises Away: if Redis does not answer.
        """
        if self._link is None:
            raise Away("no Redis")
        used = {key: self._unsettled.pop(key) for key in list(islice(self._unsettled, SETTLED_AT_ONCE))}
        debts = await self._checked(self._link.ask(scripts.settle(used)))
        now = self._clock()
        for key, debt in zip(used, debts, strict=True):
            requests, rate = self._unsettled.get(key, (0, used[key][1]))
            self._ledger.note(key, debt + requests * rate.interval, now)

    async def _be_counted(self) -> None:
        assert self._link is not None  # noqa: S101 - nobody is counted without one
        while True:
            try:
                reply = self._link.ask(scripts.alive(self._name, DEAD_SECONDS))
                self.note_workers(await self._checked(reply))
            except Away as error:
                logger.debug("workers are not counted: %s", error)
            await asyncio.sleep(ALIVE_SECONDS)

    def note_workers(self, count: int) -> None:
        """
        Take over how many workers there are: more at once, fewer only when it has been so for ``DEAD_SECONDS``.

        A Redis that has just begun knows one of them after the other, and may be gone again by then.
        """
        now = self._clock()
        if count >= self.workers or now - self._counted_at > DEAD_SECONDS * SECOND:
            self.workers, self._counted_at = max(1, count), now

    async def _checked(self, coming: "asyncio.Future[Reply]") -> Reply:
        """:raises Away: if there is no reply, or one that says that Redis cannot do it."""
        reply = await coming
        if isinstance(reply, ReplyError):
            logger.warning("Redis does not keep limits: %s", reply)
            if self._link is not None:
                self._link.drop()  # if it has forgotten the scripts, the next connection brings them
            raise Away(str(reply))
        return reply


@lru_cache(maxsize=4096)
def _shares(rates: tuple[Rate, ...], of: int) -> tuple[Rate, ...]:
    return tuple(rate.share(of) for rate in rates)
