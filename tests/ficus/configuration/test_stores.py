"""What every store does, whatever keeps it; each against a server of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, Queue
from threading import Event, Thread
from time import monotonic, sleep
from uuid import uuid4

import pytest

from ficus.configuration.store import BadStore, Store, StoreAway, fault, place, store_at
from tests.ficus.discovery.consul_agent import ConsulAgent
from tests.ficus.events.redis_server import RedisServer

PATIENCE_SECONDS = 60.0


@pytest.fixture
def store(server: RedisServer | ConsulAgent) -> Store:
    return store_at(server.url)


@pytest.fixture
def name() -> str:
    return f"orders-{uuid4()}"


@contextmanager
def watching(store: Store, name: str) -> Iterator["Queue[bytes | None]"]:
    """Have all that is told about the document for the duration of the block."""
    told: Queue[bytes | None] = Queue()
    stopped = Event()

    def watch() -> None:
        while not stopped.is_set():
            try:
                for written in store.watch(name, stopped):
                    told.put(written)
            except StoreAway:
                sleep(0.05)

    thread = Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        stopped.set()
        store.replace(name, store.read(name), b"so that it hears that it is to end")
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


def wait_for(told: "Queue[bytes | None]", wanted: bytes | None) -> bool:
    ends_at = monotonic() + PATIENCE_SECONDS
    while monotonic() < ends_at:
        try:
            if told.get(timeout=1) == wanted:
                return True
        except Empty:
            continue
    return False


class TestReplace:
    def test_writes_where_nothing_was(self, store: Store, name: str) -> None:
        assert store.read(name) is None

        assert store.replace(name, None, b"first")

        assert store.read(name) == b"first"

    def test_writes_where_it_is_as_it_was(self, store: Store, name: str) -> None:
        store.replace(name, None, b"first")

        assert store.replace(name, b"first", b"second")

        assert store.read(name) == b"second"

    @pytest.mark.parametrize("before", [None, b"first", b"none", b""])
    def test_leaves_what_somebody_else_has_written(self, store: Store, name: str, before: bytes | None) -> None:
        store.replace(name, None, b"another's")

        assert not store.replace(name, before, b"mine")

        assert store.read(name) == b"another's"

    def test_leaves_nothing_where_something_was_expected(self, store: Store, name: str) -> None:
        assert not store.replace(name, b"first", b"second")

        assert store.read(name) is None

    def test_keeps_bytes_as_they_are(self, store: Store, name: str) -> None:
        written = bytes(range(256)) * 400

        assert store.replace(name, None, written)

        assert store.read(name) == written

    def test_of_many_at_once_lets_one_through(self, store: Store, name: str) -> None:
        store.replace(name, None, b"first")
        done: list[bool] = []
        together = Event()

        def replace(number: int) -> None:
            together.wait(PATIENCE_SECONDS)
            done.append(store.replace(name, b"first", f"editor {number}".encode()))

        threads = [Thread(target=replace, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        together.set()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)

        assert sorted(done) == [False] * 7 + [True]


class TestWatch:
    def test_tells_at_once_what_there_is(self, store: Store, name: str) -> None:
        store.replace(name, None, b"first")

        with watching(store, name) as told:
            assert told.get(timeout=PATIENCE_SECONDS) == b"first"

    def test_tells_of_each_change(self, store: Store, name: str) -> None:
        with watching(store, name) as told:
            assert told.get(timeout=PATIENCE_SECONDS) is None
            store.replace(name, None, b"first")
            assert wait_for(told, b"first")
            store.replace(name, b"first", b"second")
            assert wait_for(told, b"second")


class TestStoreAway:
    def test_is_said_by_all_that_ask_and_over_when_it_is_back(
        self, server: RedisServer | ConsulAgent, store: Store, name: str
    ) -> None:
        server.kill()
        try:
            with pytest.raises(StoreAway):
                store.read(name)
            with pytest.raises(StoreAway):
                store.replace(name, None, b"first")
            with pytest.raises(StoreAway):
                next(store.watch(name, Event()))
        finally:
            server.start()

        assert store.read(name) is None


class TestAddresses:
    @pytest.mark.parametrize("url", ["http://127.0.0.1", "static:", "", "etcd://127.0.0.1"])
    def test_that_are_none_are_named(self, url: str) -> None:
        assert fault(url)
        with pytest.raises(BadStore):
            store_at(url)

    @pytest.mark.parametrize("url", ["redis://:s3cret@127.0.0.1:1/0", "consul://:s3cret@127.0.0.1:1"])
    def test_are_shown_without_what_is_secret(self, url: str) -> None:
        assert not fault(url)
        assert "127.0.0.1:1" in place(url)
        assert "s3cret" not in place(url)
