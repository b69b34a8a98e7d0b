import asyncio
import time
from pathlib import Path

import pytest

from gateway.data.limiting.gcra import SECOND, rate
from gateway.data.limiting.limiter import Limiter, Verdict
from gateway.data.limiting.redis_link import Away, RedisLink
from tests.ficus.events.redis_server import RedisServer
from tests.gateway.data.limiting.running import PATIENCE_SECONDS, eventually, limiters

HOURLY = rate(100, 3600, 100)


async def decided(limiter: Limiter, keys: list[bytes], exact: bool) -> Verdict:
    verdict = limiter.exactly(keys, [HOURLY]) if exact else limiter.here(keys, [HOURLY])
    return verdict if isinstance(verdict, Verdict) else await verdict


async def decided_by_redis(limiter: Limiter, key: bytes) -> None:
    """Have it decide until Redis does: a machine that stands still for 50 ms has it look away."""
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while (await decided(limiter, [key], True)).alone:
        assert time.monotonic() < ends_at, "it is alone"
        await asyncio.sleep(0.02)


async def admitted_of(limiters: list[Limiter], asked: int, *, exact: bool, key: bytes = b"ada") -> int:
    """Return how many of so many requests at each worker come through."""
    verdicts = [await decided(each, [key], exact) for _ in range(asked) for each in limiters]
    return sum(verdict.admitted for verdict in verdicts)


class TestWithoutRedis:
    @pytest.mark.parametrize("exact", [True, False])
    @pytest.mark.parametrize("workers", [1, 3, 8])
    def test_all_workers_together_keep_to_the_limit(self, exact: bool, workers: int) -> None:
        alone = [Limiter(workers=workers) for _ in range(workers)]

        admitted = asyncio.run(admitted_of(alone, 150, exact=exact))

        assert admitted == 100 // workers * workers

    def test_a_worker_says_that_it_is_alone(self) -> None:
        verdict = Limiter(workers=4).here([b"ada"], [HOURLY])

        assert verdict.alone
        assert verdict.rates == (HOURLY.share(4),)

    def test_a_limiter_with_a_link_that_never_was_up_does_the_same(self, tmp_path: Path) -> None:
        limiter = Limiter(RedisLink(f"unix://{tmp_path}/none.sock"), workers=4)

        assert asyncio.run(admitted_of([limiter], 150, exact=True)) == 25
        assert asyncio.run(admitted_of([limiter], 150, exact=False, key=b"sam")) == 25
        with pytest.raises(Away):
            asyncio.run(limiter.settle())


class TestCountingWorkers:
    def test_believes_at_once_in_more_and_only_later_in_fewer(self) -> None:
        now = 0
        limiter = Limiter(workers=4, clock=lambda: now)
        seen = []

        for now, said in ((1, 1), (2, 6), (3, 5), (9, 5), (13, 5), (14, 4), (24, 4)):
            now *= SECOND
            limiter.note_workers(said)
            seen.append(limiter.workers)

        assert seen == [4, 6, 6, 6, 5, 5, 4]


class TestWithRedis:
    def test_workers_count_one_another(self, server: RedisServer) -> None:
        async def scene() -> None:
            async with limiters(server, 3) as workers:
                assert [each.workers for each in workers] == [3, 3, 3]

        asyncio.run(scene())

    def test_workers_that_ask_redis_keep_to_the_limit_exactly(self, server: RedisServer) -> None:
        async def scene() -> tuple[int, bool]:
            async with limiters(server, 3) as workers:
                verdicts = [await decided(each, [b"ada"], True) for _ in range(60) for each in workers]
                return sum(verdict.admitted for verdict in verdicts), any(verdict.alone for verdict in verdicts)

        admitted, somebody_alone = asyncio.run(scene())

        assert admitted == 100 or somebody_alone  # a machine that stands still for 50 ms has Redis look away

    def test_workers_hear_what_the_others_have_used(self, server: RedisServer) -> None:
        async def scene() -> None:
            async with limiters(server, 2) as (one, other):
                await eventually(lambda: one.knows_others and other.knows_others)
                assert sum(one.here([b"ada"], [HOURLY]).admitted for _ in range(100)) == 100
                await eventually(lambda: server.client.exists("ficus:limit:ada") == 1)

                other.here([b"ada"], [HOURLY])
                await eventually(lambda: not other.here([b"ada"], [HOURLY]).admitted)

                assert not one.here([b"ada"], [HOURLY]).admitted

        asyncio.run(scene())

    def test_a_redis_that_dies_takes_no_debts_with_it(self, tmp_path: Path) -> None:
        server = RedisServer(tmp_path)
        server.start()

        async def scene() -> None:
            async with limiters(server, 1) as [worker]:
                await eventually(lambda: worker.knows_others)
                spent = [await decided(worker, [b"ada"], True) for _ in range(120)]
                server.kill()
                await eventually(lambda: not worker.knows_others)

                assert sum(verdict.admitted for verdict in spent) <= 101  # one may have come back meanwhile
                assert not (await decided(worker, [b"ada"], True)).admitted

                server.start()
                await eventually(lambda: worker.knows_others)
                await decided_by_redis(worker, b"sam")

        try:
            asyncio.run(scene())
        finally:
            server.client.close()
            server.kill()

    def test_forgotten_scripts_are_brought_again(self, server: RedisServer) -> None:
        async def scene() -> None:
            async with limiters(server, 1) as [worker]:
                server.client.script_flush()
                assert (await decided(worker, [b"ada"], True)).admitted

                await decided_by_redis(worker, b"ada")

        asyncio.run(scene())
