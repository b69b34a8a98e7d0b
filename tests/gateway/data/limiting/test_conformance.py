"""What every limiter does alike: the one in this process, and the one in Redis."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from gateway.data.limiting import scripts
from gateway.data.limiting.gcra import SECOND, Rate, rate, remaining, take, until_next
from gateway.data.limiting.limiter import Limiter
from gateway.data.limiting.redis_link import ANSWER_SECONDS
from tests.ficus.events.redis_server import RedisServer
from tests.gateway.data.limiting.running import connected

Take = Callable[[list[bytes], list[Rate]], Awaitable[tuple[bool, list[int]]]]
HOUR = 3600
# Clocks run on while a test does, at most for so long.
LATE = 60 * SECOND
LONG_SECONDS = 60.0


@asynccontextmanager
async def in_process(server: RedisServer) -> AsyncIterator[Take]:
    limiter = Limiter()

    async def take(keys: list[bytes], rates: list[Rate]) -> tuple[bool, list[int]]:
        admitted, _, debts, _ = limiter.here(keys, rates)
        return admitted, list(debts)

    yield take


@asynccontextmanager
async def in_redis(server: RedisServer) -> AsyncIterator[Take]:
    async with connected(server) as link:

        async def take(keys: list[bytes], rates: list[Rate]) -> tuple[bool, list[int]]:
            admitted, *debts = await link.ask(scripts.take(keys, rates), LONG_SECONDS)
            return bool(admitted), debts

        yield take


@pytest.fixture(params=[in_process, in_redis], ids=["in this process", "in Redis"])
def run(request: pytest.FixtureRequest, server: RedisServer) -> Callable[[Callable[[Take], Awaitable[object]]], None]:
    """Have a test take from the limiter."""

    def run(scene: Callable[[Take], Awaitable[object]]) -> None:
        async def with_limiter() -> None:
            async with request.param(server) as take:
                await scene(take)

        asyncio.run(with_limiter())

    return run


class TestEveryLimiter:
    def test_lets_through_a_burst_and_refuses_what_is_beyond(self, run) -> None:
        async def scene(take: Take) -> None:
            speed = rate(5, HOUR, 5)
            outcomes = [await take([b"key"], [speed]) for _ in range(8)]

            assert [admitted for admitted, _ in outcomes] == [True] * 5 + [False] * 3
            assert [remaining(speed, debts[0]) for _, debts in outcomes] == [4, 3, 2, 1, 0, 0, 0, 0]
            assert 0 < until_next(speed, outcomes[-1][1][0]) <= speed.interval

        run(scene)

    def test_keeps_keys_apart(self, run) -> None:
        async def scene(take: Take) -> None:
            once = [rate(1, HOUR, 1)]

            assert [(await take([key], once))[0] for key in (b"ada", b"sam", b"ada", b"sam")] == [
                True,
                True,
                False,
                False,
            ]

        run(scene)

    def test_lets_through_by_all_limits_or_by_none(self, run) -> None:
        async def scene(take: Take) -> None:
            keys, rates = [b"wide", b"narrow"], [rate(10, HOUR, 10), rate(2, HOUR, 2)]
            outcomes = [await take(keys, rates) for _ in range(5)]

            assert [admitted for admitted, _ in outcomes] == [True, True, False, False, False]
            assert [remaining(rates[0], debts[0]) for _, debts in outcomes] == [9, 8, 8, 8, 8]
            assert [remaining(rates[1], debts[1]) for _, debts in outcomes] == [1, 0, 0, 0, 0]

        run(scene)

    def test_forgets_with_time_and_not_at_once(self, run) -> None:
        async def scene(take: Take) -> None:
            quick = rate(1, 3, 1)  # of which a busy machine lets not all pass before it asks again
            assert (await take([b"key"], [quick]))[0]

            refused = 0
            while not (await take([b"key"], [quick]))[0]:
                refused += 1
                await asyncio.sleep(0.01)

            assert refused >= 1

        run(scene)

    def test_counts_exactly_when_many_ask_at_once(self, run) -> None:
        async def scene(take: Take) -> None:
            outcomes = await asyncio.gather(*(take([b"key"], [rate(100, HOUR, 100)]) for _ in range(300)))

            assert sum(admitted for admitted, _ in outcomes) == 100

        run(scene)

    def test_says_what_is_owed_to_the_microsecond(self, run) -> None:
        async def scene(take: Take) -> None:
            rates = [rate(7, HOUR, 7), rate(1000, 86_400, 3)]
            expected = [0, 0]
            for _ in range(3):
                _, expected = take_(rates, expected)
                _, debts = await take([b"one", b"other"], rates)

                for debt, exact in zip(debts, expected, strict=True):
                    assert exact - LATE < debt <= exact

        run(scene)

    def test_holds_nobody_to_more_than_the_limit_knows(self, run) -> None:
        async def scene(take: Take) -> None:
            assert (await take([b"key"], [rate(1, 86_400, 1)]))[0]

            admitted, debts = await take([b"key"], [rate(1, HOUR, 1)])

            assert (admitted, debts) == (False, [HOUR * SECOND])

        run(scene)

    def test_takes_any_bytes_for_a_key(self, run) -> None:
        async def scene(take: Take) -> None:
            key = bytes(range(256)) * 40

            assert [(await take([key], [rate(1, HOUR, 1)]))[0] for _ in range(2)] == [True, False]

        run(scene)


take_ = take


class TestRedis:
    def test_forgets_a_key_when_it_owes_nothing(self, server: RedisServer) -> None:
        async def scene() -> None:
            async with connected(server) as link:
                await link.ask(scripts.take([b"key"], [rate(1, HOUR, 1)]), LONG_SECONDS)

        asyncio.run(scene())

        assert 0 < server.client.pttl("ficus:limit:key") <= HOUR * 1000
        assert ANSWER_SECONDS == 0.05
