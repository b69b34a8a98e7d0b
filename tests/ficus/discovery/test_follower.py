"""The last good list (semantics, section 4): kept for ever, empty only after 30 s, changed at most once a second."""

import logging
from collections.abc import Iterator
from threading import Event

import pytest

from ficus.discovery.follower import CHANGE_SECONDS, EMPTY_SECONDS, Follower, LastGood
from ficus.discovery.instance import Instance
from ficus.discovery.registry import RegistryAway
from ficus.discovery.static import StaticRegistry
from tests.ficus.events.redis_server import wait_until

ONE, OTHER, THIRD = (Instance("orders", f"10.0.0.{number}", 8000) for number in (1, 2, 3))


class TestLastGood:
    def test_is_empty_before_anything_is_said(self) -> None:
        assert LastGood(100.0).instances(100.0) == ()

    def test_takes_the_first_list_at_once(self) -> None:
        known = LastGood(100.0)

        known.hear((ONE,), 100.0)

        assert known.instances(100.0) == (ONE,)

    def test_changes_at_most_once_a_second_and_then_to_the_newest(self) -> None:
        known = LastGood(100.0)
        known.hear((ONE,), 100.0)
        known.instances(100.0)

        known.hear((ONE, OTHER), 100.2)
        known.hear((ONE, OTHER, THIRD), 100.4)

        assert known.instances(100.9) == (ONE,)
        assert known.instances(100.0 + CHANGE_SECONDS) == (ONE, OTHER, THIRD)

    def test_holds_an_empty_list_for_thirty_seconds(self) -> None:
        known = LastGood(100.0)
        known.hear((ONE,), 100.0)
        known.instances(100.0)

        known.hear((), 105.0)
        known.hear((), 120.0)

        assert known.instances(105.0 + EMPTY_SECONDS - 0.1) == (ONE,)
        assert known.instances(105.0 + EMPTY_SECONDS) == ()

    def test_forgets_an_empty_list_as_soon_as_somebody_is_there(self) -> None:
        known = LastGood(100.0)
        known.hear((ONE,), 100.0)
        known.instances(100.0)
        known.hear((), 105.0)

        known.hear((OTHER,), 110.0)
        known.hear((), 111.0)

        assert known.instances(136.0) == (ONE,)

    def test_stays_for_ever_while_the_registry_is_away(self) -> None:
        known = LastGood(100.0)
        known.hear((ONE,), 100.0)
        known.instances(100.0)

        known.miss()

        assert known.instances(1_000_000.0) == (ONE,)
        assert known.heard_at == 100.0

    def test_does_not_count_silence_among_the_thirty_seconds(self) -> None:
        known = LastGood(100.0)
        known.hear((ONE,), 100.0)
        known.instances(100.0)
        known.hear((), 105.0)

        known.miss()

        assert known.instances(200.0) == (ONE,)
        known.hear((), 200.0)
        assert known.instances(200.0 + EMPTY_SECONDS - 0.1) == (ONE,)
        assert known.instances(200.0 + EMPTY_SECONDS) == ()


class Moody(StaticRegistry):
    """Fails as often as told before it answers."""

    def __init__(self, *failures: Exception) -> None:
        super().__init__([ONE])
        self.failures = list(failures)

    def watch(self, service: str, stopped: Event) -> Iterator[tuple[Instance, ...]]:
        if self.failures:
            raise self.failures.pop(0)
        yield from super().watch(service, stopped)


class TestFollower:
    def test_knows_who_is_there_and_who_comes(self) -> None:
        registry = StaticRegistry([ONE])
        follower = Follower(registry, "orders")
        follower.start()

        wait_until(lambda: follower.instances == (ONE,))
        registry.register(OTHER)

        wait_until(lambda: follower.instances == (ONE, OTHER))
        follower.stop()
        assert follower.trouble == ""

    @pytest.mark.parametrize("failure", [RegistryAway("nobody answers"), KeyError("a defect")], ids=["away", "defect"])
    def test_goes_on_after_a_failure_and_says_so_once(
        self, failure: Exception, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        follower = Follower(Moody(failure, failure), "orders")

        follower.start()

        wait_until(lambda: follower.instances == (ONE,))
        follower.stop()
        assert [record.message for record in caplog.records] == [
            f"the last known instances of orders stay: {failure}",
            "the instances of orders are known again",
        ]

    def test_says_how_long_ago_the_registry_answered(self) -> None:
        now = [50.0]
        follower = Follower(StaticRegistry(), "orders", clock=lambda: now[0])

        now[0] = 57.5

        assert follower.age_seconds == 7.5
