"""The last good document: kept through whatever becomes of the store and whatever is written there."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ficus.configuration import follower as module
from ficus.configuration.copy import Copy
from ficus.configuration.document import Document
from ficus.configuration.follower import Follower
from ficus.configuration.store import Store, store_at
from tests.ficus.discovery.consul_agent import ConsulAgent
from tests.ficus.events.redis_server import RedisServer, wait_until

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SHARE = "tracing.sampled_share"


class World:
    """A store with one document, and a process that follows it."""

    def __init__(self, store: Store, directory: Path) -> None:
        self.store, self.directory = store, directory
        self.name = f"orders-{uuid4()}"
        self.used: list[dict[str, Any]] = []

    def set(self, **values: Any) -> Document:
        """Make a version of these values, with a dot for each double underscore."""
        raw = self.store.read(self.name)
        made = Document.read(raw).changed(
            {name.replace("__", "."): value for name, value in values.items()}, by="olga", reason="to see", at=NOON
        )
        assert self.store.replace(self.name, raw, made.written())
        return made

    def write(self, written: bytes) -> None:
        assert self.store.replace(self.name, self.store.read(self.name), written)

    @property
    def copy(self) -> Copy:
        return Copy(self.directory, self.name)

    @contextmanager
    def following(self) -> Iterator[Follower]:
        follower = Follower(self.store, self.name, self.copy, lambda values: self.used.append(dict(values)))
        follower.start(wait_seconds=60)
        try:
            yield follower
        finally:
            follower.stop()


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.05)


@pytest.fixture
def world(server: RedisServer | ConsulAgent, tmp_path: Path) -> World:
    return World(store_at(server.url), tmp_path)


class TestFollower:
    def test_knows_what_is_set_when_it_has_started(self, world: World) -> None:
        world.set(tracing__sampled_share=0.5)

        with world.following() as follower:
            assert (follower.document.number, follower.trouble) == (1, "")

        assert world.used == [{SHARE: 0.5}]

    def test_puts_changes_in_force(self, world: World) -> None:
        with world.following() as follower:
            world.set(tracing__sampled_share=0.5)
            wait_until(lambda: follower.document.number == 1)
            world.set(tracing__sampled_share=0.1)
            wait_until(lambda: follower.document.number == 2)

        assert world.used == [{SHARE: 0.5}, {SHARE: 0.1}]

    def test_goes_by_names_that_it_does_not_know(self, world: World) -> None:
        world.set(of__a__later__release="whatever", tracing__sampled_share=0.5)

        with world.following() as follower:
            assert (follower.document.number, follower.trouble) == (1, "")

    def test_keeps_the_last_good_version_while_another_is_wrong(
        self, world: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        world.set(tracing__sampled_share=0.5)

        with world.following() as follower:
            world.set(tracing__sampled_share=7, log__level="LOUD")
            wait_until(lambda: follower.trouble != "")
            assert follower.trouble == (
                "version 2 is wrong: log.level must be DEBUG, INFO, WARNING or ERROR, not 'LOUD'; "
                "tracing.sampled_share must be a number from 0 to 1, not 7"
            )
            assert follower.document.number == 1
            world.set(tracing__sampled_share=0.2)
            wait_until(lambda: follower.trouble == "")
            assert follower.document.number == 3

        assert world.used == [{SHARE: 0.5}, {SHARE: 0.2}]
        assert caplog.text.count("configuration 1 stays in force") == 1

    @pytest.mark.parametrize("written", [b"no json", b"[]", b'{"versions": [{"number": 1}]}', b""])
    def test_keeps_it_while_the_store_holds_something_else(self, world: World, written: bytes) -> None:
        world.set(tracing__sampled_share=0.5)

        with world.following() as follower:
            world.write(written)
            wait_until(lambda: "no configuration" in follower.trouble)
            assert follower.document.values == {SHARE: 0.5}

    def test_keeps_it_while_the_store_is_away_and_gives_it_back_to_one_that_has_lost_it(
        self, world: World, server: RedisServer | ConsulAgent
    ) -> None:
        made = world.set(tracing__sampled_share=0.5)

        with world.following() as follower:
            server.kill()
            try:
                wait_until(lambda: "does not answer" in follower.trouble)
                assert follower.document == made
            finally:
                server.start()
            wait_until(lambda: world.store.read(world.name) == made.written())
            wait_until(lambda: follower.trouble == "")

        assert world.used == [{SHARE: 0.5}]


class TestCopy:
    def test_serves_a_process_that_starts_while_the_store_is_away(
        self, world: World, server: RedisServer | ConsulAgent
    ) -> None:
        world.set(tracing__sampled_share=0.5)
        with world.following():
            pass

        server.kill()
        try:
            with world.following() as follower:
                assert follower.document.values == {SHARE: 0.5}
                assert "does not answer" in follower.trouble
        finally:
            server.start()

        assert world.used == [{SHARE: 0.5}] * 2

    def test_is_given_back_to_a_store_that_has_lost_it(self, world: World) -> None:
        world.copy.keep(Document().changed({SHARE: 0.5}, by="olga", reason="to see", at=NOON))

        with world.following():
            wait_until(lambda: world.store.read(world.name) is not None)

        assert Document.read(world.store.read(world.name)).values == {SHARE: 0.5}

    def test_gives_way_to_what_the_store_knows(self, world: World) -> None:
        stale = Document().changed({SHARE: 0.5}, by="olga", reason="to see", at=NOON)
        world.copy.keep(stale.changed({SHARE: 0.6}, by="olga", reason="to see", at=NOON))
        world.set(tracing__sampled_share=0.1)

        with world.following() as follower:
            assert follower.document.values == {SHARE: 0.1}

        assert world.copy.read() == follower.document

    def test_that_cannot_be_kept_is_done_without(self, world: World, tmp_path: Path) -> None:
        world.directory = tmp_path / "file" / "below"
        (tmp_path / "file").write_text("in the way")
        world.set(tracing__sampled_share=0.5)

        with world.following() as follower:
            assert follower.document.number == 1

    def test_that_makes_no_sense_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "orders.json").write_text("{")

        assert Copy(tmp_path, "orders").read() == Document()
