"""Which requests are sent again, and when; proves semantics, section 2."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from ficus.resilience import retrying
from ficus.resilience.breaker import State
from gateway.data.message.request import Request
from gateway.data.policies.retry import Retry
from gateway.data.retrying import attempts_allowed, keeps_body, may_repeat, pause_before_next, retry_after
from gateway.data.routing.route import Route
from gateway.data.upstream.guard import Guard
from tests.gateway.making import request

PLAIN = Route("orders", "orders", b"/orders")
CONSENTS = Route("orders", "orders", b"/orders", policies={"retry": Retry(unsafe=True)})
ONCE = Route("orders", "orders", b"/orders", policies={"retry": Retry(attempts=1)})
KEY = "Idempotency-Key: 1"


def asked(method: str = "GET", *fields: str, route: Route = PLAIN) -> Request:
    return request(method, "/orders", *fields, route=route)


class TestWhatMayBeRepeated:
    @pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
    def test_is_what_is_idempotent(self, method: str) -> None:
        assert may_repeat(asked(method))

    @pytest.mark.parametrize("method", ["POST", "PATCH"])
    def test_is_what_writes_only_with_a_key_and_the_route_s_consent(self, method: str) -> None:
        assert may_repeat(asked(method, KEY, route=CONSENTS))
        assert not may_repeat(asked(method, route=CONSENTS))
        assert not may_repeat(asked(method, KEY))
        assert not may_repeat(asked(method, KEY, route=ONCE))

    @pytest.mark.parametrize(("length", "kept"), [(65536, True), (65537, False), (None, True)])
    def test_has_a_body_that_is_not_too_large(self, length: int | None, kept: bool) -> None:
        put = asked("PUT")
        put.length = length

        assert keeps_body(put) is kept

    def test_is_asked_three_times_unless_the_route_says_otherwise(self) -> None:
        assert (attempts_allowed(asked()), attempts_allowed(asked(route=ONCE))) == (3, 1)


class TestPause:
    @pytest.mark.parametrize(("attempts", "longest"), [(1, 0.025), (2, 0.05)])
    def test_is_drawn_from_zero_to_twice_as_long_each_time(self, attempts: int, longest: float) -> None:
        guard = Guard("orders")
        guard.budget.requests = 100_000

        pauses = [pause_before_next(asked(), guard, attempts, 5.0) for _ in range(300)]

        assert all(pause is not None and 0 <= pause <= longest for pause in pauses)
        assert max(filter(None, pauses)) > 0.8 * longest
        assert min(filter(None, pauses)) < 0.2 * longest

    def test_is_as_long_as_the_service_asks(self) -> None:
        assert pause_before_next(asked(), Guard("orders"), 1, 5.0, 2.0) == 2.0


class TestNoFurtherAttempt:
    def test_is_made_after_the_third(self) -> None:
        assert pause_before_next(asked(), Guard("orders"), 3, 5.0) is None

    def test_is_made_when_the_time_is_over_before_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(retrying, "random", lambda: 1.0)
        guard = Guard("orders")

        assert pause_before_next(asked(), guard, 1, 0.054) is None
        assert pause_before_next(asked(), guard, 1, 0.056) == 0.025
        assert guard.budget.retries == 1

    def test_is_made_when_the_service_asks_for_a_later_one_than_the_deadline(self) -> None:
        assert pause_before_next(asked(), Guard("orders"), 1, 5.0, 5.0) is None

    def test_is_made_while_the_breaker_is_open(self) -> None:
        guard = Guard("orders")
        guard.breaker.force(State.FORCED_OPEN, "test")

        assert pause_before_next(asked(), guard, 1, 5.0) is None
        assert guard.budget.retries == 0

    def test_is_made_when_the_budget_is_spent_and_that_is_counted(self) -> None:
        guard = Guard("orders")
        for _ in range(3):
            guard.budget.spend()

        assert pause_before_next(asked(), guard, 1, 5.0) is None
        assert guard.budget.refused == 1


class TestRetryAfter:
    def test_is_seconds(self) -> None:
        assert retry_after([(b"date", b"x"), (b"retry-after", b"7")]) == 7.0

    def test_is_a_date(self) -> None:
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)

        assert 55 < retry_after([(b"retry-after", date.encode())]) <= 60

    @pytest.mark.parametrize("value", [b"soon", b"-1", b"", b"Wed, 21 Oct 2015 07:28:00 GMT"])
    def test_is_nothing_if_it_is_malformed_or_past(self, value: bytes) -> None:
        assert retry_after([(b"retry-after", value)]) == 0.0

    def test_is_nothing_if_it_is_not_there(self) -> None:
        assert retry_after([]) == 0.0
