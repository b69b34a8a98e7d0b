"""What is in force: the environment before what is set centrally, and that before the default."""

import logging
from collections import Counter

import pytest
from django.apps import apps

from ficus.configuration import live
from ficus.resilience import switches
from ficus.resilience.registry import guard_of
from ficus.resilience.terms import Policy

pytestmark = pytest.mark.usefixtures("_as_before")

FLAG = "flags.ask_credit_first"


@pytest.fixture(autouse=True)
def _upstreams(settings) -> None:
    settings.RPC = {"UPSTREAMS": {"stock": "127.0.0.1:1"}, "SERVICERS": []}


class TestValue:
    def test_is_by_default_before_anything_is_heard(self) -> None:
        assert live.value("tracing.sampled_share") == 1.0

    def test_is_what_is_set_centrally(self) -> None:
        live.use({"tracing.sampled_share": 0.25})

        assert live.value("tracing.sampled_share") == 0.25

    def test_is_what_the_environment_says_whatever_is_set_centrally(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.5")

        live.use({"tracing.sampled_share": 0.25})

        assert live.value("tracing.sampled_share") == 0.5

    def test_is_by_default_again_once_it_is_taken_out(self) -> None:
        live.use({"tracing.sampled_share": 0.25})

        live.use({})

        assert live.value("tracing.sampled_share") == 1.0

    def test_of_a_name_that_nobody_declares_is_a_mistake(self) -> None:
        with pytest.raises(KeyError):
            live.value("tracing.sampled")


class TestLogLevel:
    def test_changes_that_of_the_process(self) -> None:
        live.use({"log.level": "ERROR"})
        assert logging.getLogger().level == logging.ERROR

        live.use({})
        assert logging.getLogger().level == logging.INFO

    def test_of_the_environment_is_read_in_any_case(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LOG_LEVEL", "warning")

        live.use({"log.level": "DEBUG"})

        assert logging.getLogger().level == logging.WARNING


class TestCalls:
    def test_change_for_guards_that_are_at_work(self) -> None:
        guard = guard_of("stock")
        permit = guard.admit(timeout=1.0)

        live.use({"resilience.stock.breaker.connect_failures": 1, "resilience.stock.bulkhead.in_flight": 7})
        permit.fail(connecting=True)

        assert guard.breaker.state.value == "open"
        assert guard.policy.bulkhead.in_flight == 7

    def test_are_as_before_once_the_values_are_taken_out(self) -> None:
        guard = guard_of("stock")
        live.use({"resilience.stock.retry.attempts": 1})

        live.use({})

        assert guard.policy == Policy()

    def test_of_all_targets_change_by_default_and_of_one_before_that(self) -> None:
        live.use({"resilience.default.retry.attempts": 1, "resilience.stock.retry.attempts": 5})

        assert guard_of("stock").policy.retry.attempts == 5
        assert guard_of("https://rates.example.com").policy.retry.attempts == 1

    def test_stay_where_settings_say_something_themselves(self, settings) -> None:
        settings.RESILIENCE = {"POLICIES": {"calm": {"retry": {"attempts": 2}}}, "TARGETS": {"stock": "calm"}}

        live.use({"resilience.stock.retry.attempts": 5, "resilience.stock.retry.always": 0})

        assert guard_of("stock").policy.retry.attempts == 2
        assert guard_of("stock").policy.retry.always == 0

    def test_to_targets_that_are_none_here_do_no_harm(self) -> None:
        live.use({"resilience.cellar.retry.attempts": 5, "resilience.stock.retry.tries": 1})

        assert guard_of("stock").policy == Policy()


class TestSwitches:
    def test_are_off_while_they_are_set_and_on_again_after(self) -> None:
        live.use({"killed.stock": True, "killed.orders/Read": True, "killed.https://rates.example.com/eur": False})
        assert switches.is_off("stock", "Count")
        assert switches.is_off("orders", "Read")
        assert not switches.is_off("orders", "Tell")
        assert not switches.is_off("https://rates.example.com", "/eur")

        live.use({})
        assert not switches.is_off("stock", "Count")

    def test_of_a_path_hold_below_it_and_not_beside_it(self) -> None:
        switches.use(["https://rates.example.com/eur"])

        found = {
            path: switches.is_off("https://rates.example.com", path) for path in ("/eur", "/eur/usd", "/euro", "/")
        }

        assert found == {"/eur": True, "/eur/usd": True, "/euro": False, "/": False}


class TestListeners:
    def test_are_told_what_is_in_force_until_they_end(self) -> None:
        heard: list[object] = []
        live.use({"tracing.sampled_share": 0.1})

        end = live.listen(lambda values: heard.append(values["tracing.sampled_share"]))
        live.use({"tracing.sampled_share": 0.2})
        end()
        live.use({"tracing.sampled_share": 0.3})

        assert heard == [0.1, 0.2]

    def test_that_fail_do_not_keep_it_from_the_others(self, caplog: pytest.LogCaptureFixture) -> None:
        heard: list[object] = []

        ends = [live.listen(lambda values: values["no such thing"]), live.listen(heard.append)]
        live.use({})
        for end in ends:
            end()

        assert len(heard) == 1
        assert "could not be put in force" in caplog.text


@pytest.mark.applies_when(lambda: apps.is_installed("apps.orders"))
class TestIsOn:
    def test_is_for_everybody_or_nobody_at_the_ends(self) -> None:
        live.use({FLAG: 100})
        assert all(live.is_on("ask_credit_first", subject) for subject in range(1000))

        live.use({FLAG: 0})
        assert not any(live.is_on("ask_credit_first", subject) for subject in range(1000))

    def test_is_for_about_the_share_that_is_set(self) -> None:
        live.use({FLAG: 25})

        found = Counter(live.is_on("ask_credit_first", f"customer {number}") for number in range(10_000))

        assert 2300 < found[True] < 2700

    def test_stays_for_whom_it_is_while_the_share_grows(self) -> None:
        subjects = [f"customer {number}" for number in range(1000)]
        before: set[str] = set()

        for share in (1, 5, 20, 50, 99.5):
            live.use({FLAG: share})
            found = {subject for subject in subjects if live.is_on("ask_credit_first", subject)}
            assert before <= found
            before = found

    def test_is_the_same_in_every_process(self) -> None:
        live.use({FLAG: 30})

        # By a hash that is the same everywhere, unlike Python's own; these answers may never change.
        assert [live.is_on("ask_credit_first", subject) for subject in "abcdefgh"] == ANSWERS

    def test_of_a_flag_that_nobody_declares_is_a_mistake(self) -> None:
        with pytest.raises(KeyError):
            live.is_on("ask_credit", "ada")


ANSWERS = [bool(int(digit)) for digit in "00001111"]
