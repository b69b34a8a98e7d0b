"""``config``: looked at, changed, refused, and gone back on, on a real Redis."""

from datetime import UTC, datetime
from io import StringIO
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from ficus import service
from ficus.configuration import changing
from ficus.configuration.copy import Copy
from ficus.configuration.document import Document
from ficus.configuration.store import store_at
from tests.ficus.events.redis_server import RedisServer

pytestmark = pytest.mark.usefixtures("_as_before", "central")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _upstreams(settings) -> None:
    settings.RPC = {"UPSTREAMS": {"stock": "127.0.0.1:1"}, "SERVICERS": []}


@pytest.fixture
def copy(settings) -> Copy:
    return changing._copy()


def config(*words: str, **options: Any) -> str:
    """Run the command and return what it says, on either stream."""
    said = StringIO()
    call_command("config", *words, **{"stdout": said, "stderr": said, "reason": "to see", **options})
    return said.getvalue()


def refusal(*words: str, **options: Any) -> str:
    """Run a command that is refused as a mistake of whoever types it, and return why."""
    with pytest.raises(CommandError) as refused:
        config(*words, **options)
    assert refused.value.returncode == 2
    return str(refused.value)


def kept(central: RedisServer) -> Document:
    return Document.read(store_at(central.url).read(service.name()))


class TestShow:
    def test_says_of_each_value_where_it_comes_from(self, monkeypatch: pytest.MonkeyPatch) -> None:
        config("set", "tracing.sampled_share=0.5", "log.level=DEBUG")
        monkeypatch.setenv("LOG_LEVEL", "ERROR")

        lines = config("show").splitlines()

        assert "  log.level              ERROR    environment LOG_LEVEL wins; centrally DEBUG; default INFO" in lines
        assert "  tracing.sampled_share  0.5      central     default 1.0" in lines

    def test_says_who_made_the_version_and_why(self) -> None:
        config("set", "log.level=DEBUG", by="olga")

        assert config("show").splitlines()[0].endswith(" by olga: to see")

    def test_leaves_out_how_others_are_called_by_default_unless_all_is_asked_for(self) -> None:
        config("set", "resilience.stock.retry.attempts=5")

        assert "resilience.stock.retry.attempts" in config("show")
        assert "resilience.stock.breaker.calls" not in config("show")
        assert "resilience.stock.breaker.calls" in config("show", all=True)

    def test_works_without_a_store(self, settings) -> None:
        settings.CONFIGURATION = {**settings.CONFIGURATION, "URL": ""}

        assert "nothing is set centrally" in config("show")
        assert refusal("set", "log.level=DEBUG") == (
            "nothing is changed: there is no store: CONFIGURATION_URL is not set"
        )


class TestGet:
    def test_says_the_value_alone(self) -> None:
        config("set", "log.level=DEBUG")

        assert config("get", "log.level") == "DEBUG\n"
        assert config("get", "tracing.sampled_share") == "1.0\n"

    @pytest.mark.parametrize("words", [(), ("log.levels",), ("log.level", "tracing.sampled_share")])
    def test_wants_one_name_that_there_is(self, words: tuple[str, ...]) -> None:
        assert refusal("get", *words)


class TestSet:
    def test_keeps_who_when_and_why(self, central: RedisServer) -> None:
        said = config("set", "log.level=debug", "killed.stock=true", by="olga", reason="too silent")

        [version] = kept(central).versions
        assert (version.number, version.by, version.reason) == (1, "olga", "too silent")
        assert version.values == {"killed.stock": True, "log.level": "DEBUG"}
        assert version.at.tzinfo is not None
        assert said.splitlines() == ["killed.stock: not set -> true", "log.level: not set -> DEBUG", "version 1"]

    def test_names_every_mistake_and_changes_nothing(self, central: RedisServer) -> None:
        said = refusal(
            "set",
            "log.level=LOUD",
            "tracing.sampled_share=-1",
            "log.levels=INFO",
            "resilience.stock.breaker.calls=1.5",
            "resilience.stok.retry.share=0.5",
            "killed.stock=maybe",
            "killed.https://rates.example.com=true",
            reason="",
        )

        assert said.split("; ") == [
            "nothing is changed: say why",
            "log.levels is unknown",
            "perhaps log.level is meant",
            "resilience.stok.retry.share is unknown",
            "perhaps resilience.stock.retry.share is meant",
            "log.level must be DEBUG, INFO, WARNING or ERROR, not 'LOUD'",
            "tracing.sampled_share must be a number from 0 to 1, not -1",
            "resilience.stock.breaker.calls must be a whole number from 1 to 10000, not 1.5",
            "killed.stock must be true or false, not 'maybe'",
        ]
        assert kept(central) == Document()

    def test_takes_no_switch_of_a_method_that_is_never_called(self, central: RedisServer) -> None:
        assert "killed.stock/Cuont is unknown" in refusal("set", "killed.stock/Cuont=true")
        assert kept(central) == Document()

    @pytest.mark.parametrize("words", [(), ("log.level",), ("log.level", "DEBUG")])
    def test_wants_names_with_values(self, words: tuple[str, ...]) -> None:
        assert refusal("set", *words)

    @pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999", "true", "", "[1]"])
    def test_takes_no_number_that_is_none(self, value: str) -> None:
        assert "must be a number from 0 to 1" in refusal("set", f"tracing.sampled_share={value}")

    @pytest.mark.parametrize(
        "name",
        [
            "killed.https://rates.example.com/",
            "killed.https://rates.example.com:8443/eur",
            "resilience.https://rates.example.com.breaker.calls",
        ],
    )
    def test_takes_addresses_that_are_called_over_http(self, name: str, central: RedisServer) -> None:
        value = "true" if name.startswith("killed") else "5"

        config("set", f"{name}={value}")

        assert name in kept(central).values

    @pytest.mark.parametrize("name", ["killed.https://", "killed.ftp://rates", "resilience.https://RATES.retry.share"])
    def test_takes_no_address_that_no_call_has(self, name: str) -> None:
        assert f"{name} is unknown" in refusal("set", f"{name}=true")

    def test_of_what_is_so_already_makes_no_version(self, central: RedisServer) -> None:
        config("set", "log.level=DEBUG")

        assert config("set", "log.level=DEBUG") == "version 1, as it was\n"
        assert kept(central).number == 1

    def test_is_refused_for_another_version_than_the_present(self, central: RedisServer) -> None:
        config("set", "log.level=DEBUG")

        assert refusal("set", "log.level=ERROR", expect=0) == "nothing is changed: it is version 1 by now, not 0"
        assert kept(central).values == {"log.level": "DEBUG"}

    def test_says_that_the_environment_wins(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LOG_LEVEL", "ERROR")

        assert "log.level stays ERROR: LOG_LEVEL wins" in config("set", "log.level=DEBUG")

    def test_by_two_at_once_is_done_for_one_and_refused_for_the_other(self, central: RedisServer) -> None:
        outcomes: list[str] = []
        barrier = Barrier(4)

        def change(share: float) -> None:
            barrier.wait(60)
            try:
                config("set", f"tracing.sampled_share={share}", expect=0)
                outcomes.append("done")
            except CommandError as error:
                outcomes.append("refused" if error.returncode == 2 else str(error))

        threads = [Thread(target=change, args=(number / 10,)) for number in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

        assert sorted(outcomes) == ["done", "refused", "refused", "refused"]
        assert kept(central).number == 1

    def test_says_that_the_store_does_not_answer(self, settings) -> None:
        settings.CONFIGURATION = {**settings.CONFIGURATION, "URL": "redis://:s3cret@127.0.0.1:1/0"}

        with pytest.raises(CommandError) as failed:
            config("set", "log.level=DEBUG")

        assert failed.value.returncode == 1
        assert str(failed.value).startswith("127.0.0.1:1/0 does not answer: ")
        assert "s3cret" not in str(failed.value)


class TestUnset:
    def test_has_a_value_as_by_default_again(self, central: RedisServer) -> None:
        config("set", "log.level=DEBUG", "tracing.sampled_share=0.5")

        config("unset", "log.level")

        assert kept(central).values == {"tracing.sampled_share": 0.5}

    def test_names_what_is_not_set(self) -> None:
        assert refusal("unset", "log.level") == "nothing is changed: log.level is not set"


class TestHistory:
    def test_tells_every_version_with_what_it_changed(self) -> None:
        config("set", "log.level=DEBUG", by="olga", reason="too silent")
        config("set", "log.level=ERROR", by="root", reason="too loud")

        lines = config("history").splitlines()

        assert lines[0].startswith("2  ")
        assert lines[0].endswith("UTC  root: too loud")
        assert lines[1] == "    log.level: DEBUG -> ERROR"
        assert lines[2].endswith("UTC  olga: too silent")
        assert lines[3] == "    log.level: not set -> DEBUG"

    def test_says_that_there_is_none(self) -> None:
        assert config("history") == "nobody has set anything\n"


class TestRollback:
    def test_makes_a_new_version_of_the_values_of_an_old_one(self, central: RedisServer) -> None:
        config("set", "log.level=DEBUG")
        config("set", "log.level=ERROR", "tracing.sampled_share=0.5")

        said = config("rollback", "1", reason="")

        newest = kept(central).versions[0]
        assert (newest.number, newest.values, newest.restores) == (3, {"log.level": "DEBUG"}, 1)
        assert newest.reason == "Back to version 1"
        assert said.splitlines()[-1] == "version 3"

    def test_to_nothing_takes_all_out(self, central: RedisServer) -> None:
        config("set", "log.level=DEBUG")

        config("rollback", "0")

        assert (kept(central).number, kept(central).values) == (2, {})

    @pytest.mark.parametrize("version", ["9", "-1", "first"])
    def test_wants_a_version_that_there_is(self, version: str) -> None:
        assert refusal("rollback", "--", version)


class TestWhatSomebodyElseWrote:
    def test_that_is_wrong_is_said_and_the_last_good_is_shown(self, central: RedisServer, copy: Copy) -> None:
        config("set", "log.level=DEBUG")
        copy.keep(kept(central))
        central.client.set(f"ficus.configuration.{service.name()}", kept(central).written().replace(b"DEBUG", b"LOUD"))

        said = config("show")

        assert "version 1 is wrong, and the last good one stays in force: log.level must be" in said
        assert "  log.level              DEBUG    central     default INFO" in said

    def test_of_names_that_nothing_here_goes_by_is_said_and_taken_out(self, central: RedisServer) -> None:
        config("set", "log.level=DEBUG")
        central.client.set(
            f"ficus.configuration.{service.name()}", kept(central).written().replace(b"log.level", b"log.depth")
        )

        assert "log.depth is set centrally, and nothing here goes by it" in config("show")
        assert "log.depth is unknown" in refusal("set", "log.level=ERROR")
        config("unset", "log.depth")

        assert kept(central).values == {}

    def test_that_is_wrong_is_mended_by_a_change(self, central: RedisServer) -> None:
        config("set", "log.level=DEBUG", "tracing.sampled_share=0.5")
        central.client.set(f"ficus.configuration.{service.name()}", kept(central).written().replace(b"DEBUG", b"LOUD"))

        assert "log.level must be" in refusal("set", "tracing.sampled_share=0.1")
        config("unset", "log.level")

        assert (kept(central).number, kept(central).values) == (2, {"tracing.sampled_share": 0.5})

    def test_that_is_no_document_is_replaced_by_a_change_to_the_last_good(
        self, central: RedisServer, copy: Copy
    ) -> None:
        config("set", "tracing.sampled_share=0.5")
        copy.keep(kept(central))
        central.client.set(f"ficus.configuration.{service.name()}", b"rubbish")

        config("set", "log.level=DEBUG")

        assert kept(central).values == {"log.level": "DEBUG", "tracing.sampled_share": 0.5}
        assert [version.number for version in kept(central).versions] == [2, 1]


class TestDocument:
    def test_forgets_the_oldest_versions_before_it_outgrows_its_store(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("ficus.configuration.document.LARGEST_BYTES", 2_000)
        document = Document()

        for number in range(50):
            document = document.changed({"log.level": str(number)}, by="o", reason="r", at=NOON)

        assert document.number == 50
        assert len(document.written()) <= 2_000
        assert [version.number for version in document.versions] == list(range(50, 50 - len(document.versions), -1))
        assert Document.read(document.written()) == document


class TestAnAction:
    def test_that_there_is_not_is_named(self) -> None:
        assert refusal("frob") == "frob is no action; there are: show, get, set, unset, history, rollback"
