"""A process that follows its deployable's document: what is changed there is in force here, and trouble is told of."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from ficus import service
from ficus.configuration import changing, following, live
from ficus.configuration.diagnosis import State
from ficus.configuration.diagnosis import central as diagnosed
from ficus.health.checks import Configuration
from tests.ficus.events.redis_server import RedisServer, wait_until

pytestmark = pytest.mark.usefixtures("_as_before")
SAID = {"by": "olga", "reason": "to see", "at": datetime(2026, 11, 21, 12, tzinfo=UTC)}


@pytest.fixture
def process(central: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process that has just begun to follow."""
    monkeypatch.setattr(following, "_pid", 0)
    monkeypatch.setattr(following, "_follower", None)
    following.start()
    follower = following._follower
    yield
    follower.stop()
    central.client.publish(f"ficus.configuration.{service.name()}", "")
    follower.wait(60)


@pytest.mark.usefixtures("process")
class TestFollowing:
    def test_puts_changes_in_force(self) -> None:
        changing.change({"tracing.sampled_share": 0.25}, **SAID)

        wait_until(lambda: live.value("tracing.sampled_share") == 0.25)

        assert following.trouble() == ""

    def test_begins_once_in_a_process(self) -> None:
        follower = following._follower

        following.start()

        assert following._follower is follower

    def test_tells_of_trouble_where_an_operator_looks(self, central: RedisServer) -> None:
        made = changing.change({"log.level": "DEBUG"}, **SAID)
        wait_until(lambda: live.value("log.level") == "DEBUG")

        key = f"ficus.configuration.{service.name()}"
        central.client.set(key, made.written().replace(b"DEBUG", b"LOUD"))
        central.client.publish(key, "")
        wait_until(lambda: following.trouble() != "")

        said = "version 1 is wrong: log.level must be DEBUG, INFO, WARNING or ERROR, not 'LOUD'"
        assert following.trouble() == said
        with pytest.raises(Exception, match="the last good version is in force"):
            Configuration().run()
        [finding] = diagnosed()
        assert (finding.state, "version 1 is wrong" in finding.detail) == (State.WARN, True)
        assert live.value("log.level") == "DEBUG"


class TestWithoutAStore:
    def test_nothing_is_followed_and_nothing_is_the_matter(self, settings, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.CONFIGURATION = {**settings.CONFIGURATION, "URL": ""}
        monkeypatch.setattr(following, "_follower", None)

        following.start()

        assert following._follower is None
        Configuration().run()
        [finding] = diagnosed()
        assert finding.state is State.OK


class TestDiagnosis:
    def test_says_which_version_there_is_and_what_the_environment_wins_over(
        self, central: RedisServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        changing.change({"log.level": "DEBUG"}, **SAID)
        monkeypatch.setenv("LOG_LEVEL", "ERROR")

        version, overruled = diagnosed()

        assert (version.state, version.detail.startswith("version 1 in ")) == (State.OK, True)
        assert (overruled.state, overruled.detail) == (
            State.WARN,
            "log.level: LOG_LEVEL wins; centrally DEBUG; default INFO",
        )

    def test_warns_of_a_name_that_nothing_here_goes_by(self, central: RedisServer) -> None:
        made = changing.change({"log.level": "DEBUG"}, **SAID)
        key = f"ficus.configuration.{service.name()}"
        central.client.set(key, made.written().replace(b"log.level", b"log.depth"))

        findings = [(each.state, each.detail) for each in diagnosed()]

        assert findings[1:] == [(State.WARN, "log.depth is set centrally, and nothing here goes by it")]

    def test_warns_of_a_store_that_is_away(self, settings) -> None:
        settings.CONFIGURATION = {**settings.CONFIGURATION, "URL": "consul://:s3cret@127.0.0.1:1"}

        [finding] = diagnosed()

        assert (finding.state, "s3cret" in finding.detail) == (State.WARN, False)
