"""What is kept, for how long, and by how many it is made."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ficus.caching import kept
from ficus.caching import redis as redis_cache
from ficus.caching.kept import Kept
from tests.ficus.events.redis_server import RedisServer

SECONDS = 60


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Source:
    """Makes something, and counts how often."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> list[int]:
        self.made += 1
        return [self.made]


def caches_at(location: str) -> dict[str, Any]:
    options = {"serializer": "ficus.caching.redis.Json", "pool_class": "ficus.caching.redis.Pool"}
    backend = "django.core.cache.backends.redis.RedisCache"
    return {"default": {"BACKEND": backend, "LOCATION": location, "OPTIONS": options}}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("cache"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(params=["here", "redis"])
def cache(request: pytest.FixtureRequest, settings: Any) -> None:
    """An empty cache, in this process and in a real Redis."""
    if request.param == "here":
        settings.CACHES = {
            "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": str(time.monotonic())}
        }
        return
    server = request.getfixturevalue("server")
    server.client.flushall()
    settings.CACHES = caches_at(server.url)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine, nobody gives up waiting, and nothing is made before its time."""
    monkeypatch.setattr(kept, "EAGERNESS", 0.0)
    monkeypatch.setattr(kept, "WAIT_SECONDS", SECONDS)
    monkeypatch.setattr(kept, "MAKING_SECONDS", 10 * SECONDS)
    monkeypatch.setattr(redis_cache, "SECONDS", SECONDS)


@pytest.mark.usefixtures("cache")
class TestKept:
    def test_is_made_once_for_each_key(self) -> None:
        pages, make = Kept("pages"), Source()

        assert [pages.get("a", make), pages.get("a", make), pages.get("b", make)] == [[1], [1], [2]]

    def test_is_made_anew_when_its_seconds_are_over(self) -> None:
        clock, make = Clock(), Source()
        pages = Kept("pages", seconds=30, clock=clock)
        pages.get("a", make)

        clock.now += 29
        before = pages.get("a", make)
        clock.now += 2

        assert (before, pages.get("a", make)) == ([1], [2])

    def test_is_made_anew_once_it_is_forgotten_by_whomever(self) -> None:
        make = Source()
        Kept("pages").get("a", make)

        Kept("pages").forget()

        assert Kept("pages").get("a", make) == [2]

    def test_is_not_taken_for_new_if_it_was_forgotten_while_it_was_made(self) -> None:
        pages, make = Kept("pages"), Source()

        def make_while_it_changes() -> list[int]:
            made = make()
            pages.forget()
            return made

        assert pages.get("a", make_while_it_changes) == [1]
        assert pages.get("a", make) == [2]

    def test_is_not_kept_if_it_cannot_be_made(self) -> None:
        pages, make = Kept("pages"), Source()

        with pytest.raises(ZeroDivisionError):
            pages.get("a", lambda: 1 // 0)

        assert pages.get("a", make) == [1]

    def test_is_made_by_one_of_many_who_ask_at_the_same_time(self) -> None:
        pages, begun, go_on = Kept("pages"), threading.Event(), threading.Event()
        make = Source()

        def slowly() -> list[int]:
            begun.set()
            go_on.wait(SECONDS)
            return make()

        with ThreadPoolExecutor(max_workers=9) as pool:
            first = pool.submit(pages.get, "a", slowly)
            assert begun.wait(SECONDS)
            others = [pool.submit(pages.get, "a", slowly) for _ in range(8)]
            go_on.set()
            answers = [asked.result(SECONDS) for asked in (first, *others)]

        assert answers == [[1]] * 9
        assert make.made == 1

    def test_goes_on_as_it_is_while_another_makes_it_anew(self) -> None:
        clock, begun, go_on = Clock(), threading.Event(), threading.Event()
        pages = Kept("pages", seconds=30, clock=clock)
        pages.get("a", lambda: ["old"])
        clock.now += 31

        def slowly() -> list[str]:
            begun.set()
            go_on.wait(SECONDS)
            return ["new"]

        with ThreadPoolExecutor(max_workers=1) as pool:
            renewing = pool.submit(pages.get, "a", slowly)
            assert begun.wait(SECONDS)
            meanwhile = pages.get("a", lambda: ["never"])
            go_on.set()
            renewed = renewing.result(SECONDS)

        assert (meanwhile, renewed, pages.get("a", lambda: ["never"])) == (["old"], ["new"], ["new"])


class TestEarly:
    def test_is_made_before_its_time_the_likelier_the_longer_it_takes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(kept, "EAGERNESS", 1.0)
        monkeypatch.setattr(kept, "random", lambda: 0.5)

        quick = kept.Entry("first", "value", ends_at=100.0, took=0.1)
        slow = kept.Entry("first", "value", ends_at=100.0, took=10.0)

        assert [entry.is_due(95.0) for entry in (quick, slow)] == [False, True]
        assert [entry.is_due(100.0) for entry in (quick, slow)] == [True, True]


class TestWithoutACache:
    @pytest.mark.parametrize(
        "caches",
        [
            caches_at("redis://127.0.0.1:1/0"),
            {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}},
        ],
        ids=["that answers", "at all"],
    )
    def test_everything_is_made_each_time(self, settings: Any, caches: dict[str, Any]) -> None:
        settings.CACHES = caches
        pages, make = Kept("pages"), Source()

        assert [pages.get("a", make), pages.get("a", make)] == [[1], [2]]

    def test_it_is_asked_once_a_second_and_forgetting_says_what_that_means(
        self, settings: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.CACHES = caches_at("redis://127.0.0.1:1/0")
        pages = Kept("pages")
        pages.get("a", Source())

        pages.forget()

        assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
            "the cache is away: pages may be shown as it was for 30 s"
        ]


class TestWhatSomebodyElseWrote:
    def test_is_made_anew_and_never_run(self, server: RedisServer, settings: Any) -> None:
        settings.CACHES = caches_at(server.url)
        server.client.flushall()
        pages = Kept("pages")
        pages.get("a", lambda: "ours")
        [place] = [key for key in server.client.keys("*") if b"generation" not in key]

        server.client.set(place, b"\x80\x04\x95pickled")

        assert Kept("pages").get("a", lambda: "anew") == "anew"
