"""The second level, by one suite for a Redis of our own making and a real one; and what happens when it is gone."""

import asyncio
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from redis.asyncio import Redis

from ficus.supervisor.embedded_redis import embedded_redis
from ficus.testing.processes import Processes, free_ports
from gateway.data.cache.cache import Cache
from gateway.data.cache.entry import Entry
from gateway.data.cache.purges import Kind, Purge
from gateway.data.cache.shared import Shared
from gateway.data.cache.storing import Storage
from gateway.data.message.at_once import AtOnce
from gateway.data.policies.cache import Cache as Terms
from gateway.data.policies.cache import cache as policy
from gateway.data.routing.route import Route
from tests.gateway.data.cache.making import NOW, ROUTE, Clock, entry, key
from tests.gateway.making import gateway, request

GERMAN = ((b"accept-language", b"de"),)
SHARED = Terms(shared=True)


class FakeRedis:
    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.seconds: dict[str, int] = {}

    async def get(self, name: str) -> bytes | None:
        return self.kept.get(name)

    async def set(self, name: str, value: bytes, *, ex: int) -> None:
        self.kept[name] = value
        self.seconds[name] = ex


class DeadRedis:
    def __init__(self, *, hangs: bool) -> None:
        self.asked = 0
        self._hangs = hangs

    async def get(self, name: str) -> bytes | None:
        self.asked += 1
        if self._hangs:
            await asyncio.sleep(60)
        raise ConnectionError

    async def set(self, name: str, value: bytes, *, ex: int) -> None:
        self.asked += 1
        raise ConnectionError


@pytest.fixture(scope="module")
def _redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory, [port] = tmp_path_factory.mktemp("redis"), free_ports(1)
    with Processes(directory / "log") as processes:
        processes.start(embedded_redis("redis", f"127.0.0.1:{port}", directory))
        yield f"redis://127.0.0.1:{port}/0"


@pytest.fixture(params=["fake", "real"])
def client(request: pytest.FixtureRequest) -> Any:
    """Return what makes a client, in the loop that it is for."""
    if request.param == "fake":
        return nullcontext_of(FakeRedis())
    url = request.getfixturevalue("_redis_url")
    return lambda: Redis.from_url(url)


def nullcontext_of(fake: "FakeRedis") -> Any:
    """Return what makes a client of which there is but one."""
    return lambda: nullcontext(fake)


async def kept(client: Any, *entries: Entry) -> Shared:
    shared = Shared(client)
    for each in entries:
        shared.keep(each, NOW)
    await asyncio.gather(*shared._writing)
    return shared


class TestShared:
    def test_gives_back_what_was_kept(self, client: Any) -> None:
        first = entry(
            b"/whole",
            b"body\x00",
            fields=[(b"etag", b'"a"'), (b"x", b"\xff")],
            tags=frozenset((b"t",)),
            storage=Storage(60, 5, 6, asks_always=False, never_stale=True),
            purge=3,
        )

        async def scenario() -> Entry | None:
            async with client() as redis:
                return await (await kept(redis, first)).find(key(b"/whole"), request(route=ROUTE))

        found = asyncio.run(scenario())

        assert found is not None
        assert {name: getattr(found, name) for name in Entry.__slots__} == {
            name: getattr(first, name) for name in Entry.__slots__
        }

    def test_chooses_by_what_an_answer_varies_by(self, client: Any) -> None:
        german = entry(b"/vary", b"eins", selection=GERMAN)

        async def scenario() -> tuple[Any, ...]:
            asked = [request("GET", "/vary", f"Accept-Language: {each}", route=ROUTE) for each in ("de", "en")]
            async with client() as redis:
                shared = await kept(redis, german)
                return tuple([await shared.find(key(b"/vary"), each) for each in asked])

        found, none = asyncio.run(scenario())

        assert (found.body, none) == (b"eins", None)

    def test_knows_nothing_of_what_was_never_kept(self, client: Any) -> None:
        async def scenario() -> Entry | None:
            async with client() as redis:
                return await (await kept(redis)).find(key(b"/never"), request(route=ROUTE))

        assert asyncio.run(scenario()) is None


class TestTimeInRedis:
    @pytest.mark.parametrize(
        ("storage", "fields", "seconds"),
        [
            (Storage(60), [], 60),
            (Storage(60, on_error=100, meanwhile=50), [], 160),
            (Storage(60), [(b"etag", b'"a"')], 3660),
            (Storage(10_000_000), [], 86_400),
        ],
    )
    def test_is_as_long_as_an_answer_is_of_use(self, storage: Storage, fields: Any, seconds: int) -> None:
        fake = FakeRedis()

        asyncio.run(kept(fake, entry(storage=storage, fields=fields)))

        assert list(fake.seconds.values()) == [seconds]


class TestRedisThatIsGone:
    @pytest.mark.parametrize("hangs", [False, True])
    def test_is_left_alone_for_a_while(self, hangs: bool) -> None:
        dead = DeadRedis(hangs=hangs)

        async def scenario() -> list[Entry | None]:
            shared = Shared(dead)
            found = [await shared.find(key(), request(route=ROUTE)) for _ in range(5)]
            shared.keep(entry(), NOW)
            return found

        assert asyncio.run(scenario()) == [None] * 5
        assert dead.asked == 1

    def test_that_holds_something_else_is_no_harm(self) -> None:
        fake = FakeRedis()

        async def scenario() -> Entry | None:
            shared = await kept(fake, entry())
            fake.kept = dict.fromkeys(fake.kept, b"\xc1garbage")
            return await shared.find(key(), request(route=ROUTE))

        assert asyncio.run(scenario()) is None


class TestSecondLevel:
    def ask(self, cache: Cache) -> bytes | None:
        """Return the body that is given without asking the service, or None."""
        route = Route("orders", "orders", b"/orders", access=ROUTE.access, policies={"cache": SHARED})
        within = gateway(route)
        within.cache = cache

        async def scenario() -> None:
            waiting = policy(request("GET", "/a", route=route, within=within), SHARED)
            assert waiting is not None
            await waiting

        try:
            asyncio.run(scenario())
        except AtOnce as found:
            return found.body
        return None

    def worker(self, fake: FakeRedis, last_purge: int = 0) -> Cache:
        made = Cache(1_000_000, shared=Shared(fake), clock=Clock())
        made.purges.last = last_purge
        return made

    def filled(self, **said: Any) -> FakeRedis:
        """Return a Redis with an answer that another worker has kept."""
        fake = FakeRedis()
        asked = request("GET", "/a", route=Route("orders", "orders", b"/orders", access=ROUTE.access))
        asyncio.run(kept(fake, entry(b"/a", b"theirs", key=Cache().key(asked), **said)))
        return fake

    def test_serves_what_another_worker_has_kept(self) -> None:
        assert self.ask(self.worker(self.filled())) == b"theirs"
        assert self.ask(self.worker(FakeRedis())) is None

    def test_serves_nothing_that_was_thrown_away_since(self) -> None:
        worker = self.worker(self.filled(purge=6))
        worker.purges.learn(Purge(7, Kind.ROUTE, "orders"), worker.memory)

        assert self.ask(worker) is None

    def test_serves_nothing_that_was_changed_since(self) -> None:
        worker = self.worker(self.filled())
        worker.changed(request("PUT", "/a"))

        assert self.ask(worker) is None

    def test_serves_nothing_stale(self) -> None:
        assert self.ask(self.worker(self.filled(storage=Storage(60, on_error=600), born_at=NOW - 61))) is None
