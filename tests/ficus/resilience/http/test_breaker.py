"""When a service is left alone; proves semantics, section 1, for clients."""

import time
from collections.abc import Callable

import pytest
import requests

from ficus import deadline
from ficus.resilience.breaker import State
from ficus.resilience.errors import HttpDeadlineExceeded, HttpSuspended, HttpUnavailable
from ficus.resilience.registry import guard_of
from ficus.testing.processes import free_ports
from tests.ficus.resilience.http.conftest import LONG, breaker_state
from tests.ficus.resilience.service import (
    Service,
    answers,
    says_nothing,
)


class TestTheBreaker:
    def test_opens_when_half_of_the_calls_fail(self, http: requests.Session, service: Service) -> None:
        service.does(*[answers(500), answers(200)] * 10)

        for _ in range(20):
            http.get(service.url)

        assert breaker_state(service.url) is State.OPEN
        with pytest.raises(HttpSuspended):
            http.get(service.url)
        assert len(service.asked) == 20

    def test_stays_closed_when_the_caller_is_to_blame(self, http: requests.Session, service: Service) -> None:
        service.does(*[answers(404)] * 25)

        for _ in range(25):
            http.get(service.url)

        assert (breaker_state(service.url), guard_of(service.url).breaker.look().calls) == (State.CLOSED, 0)

    def test_closes_when_the_service_is_back(self, http: requests.Session, policy: Callable[..., None]) -> None:
        port = free_ports(1)[0]
        url = f"http://127.0.0.1:{port}"
        quick = {"connect_failures": 1, "open_seconds": 0.2, "half_open_seconds": 60}
        policy(**LONG | {"breaker": quick, "retry": {"attempts": 1}})
        with pytest.raises(HttpUnavailable):
            http.get(url)
        states = [breaker_state(url)]

        back = Service(port)
        try:
            ends_at = time.monotonic() + 30
            while states[-1] is not State.CLOSED and time.monotonic() < ends_at:
                try:
                    http.get(url)
                except HttpSuspended:
                    time.sleep(0.02)
                states += [breaker_state(url)] * (breaker_state(url) is not states[-1])
        finally:
            back.end()

        assert states == [State.OPEN, State.HALF_OPEN, State.CLOSED]
        assert len(back.asked) == 3

    def test_is_not_told_that_one_in_a_hurry_got_no_answer(self, http: requests.Session, service: Service) -> None:
        service.does(says_nothing)

        with deadline.entered(0.3), pytest.raises(HttpDeadlineExceeded):
            http.get(service.url)

        assert guard_of(service.url).breaker.look().calls == 0

    def test_is_told_that_there_was_no_answer_in_the_time_that_the_caller_thinks_enough(
        self, http: requests.Session, service: Service
    ) -> None:
        service.does(says_nothing)

        with pytest.raises(HttpDeadlineExceeded):
            http.get(service.url, timeout=1)

        assert guard_of(service.url).breaker.look().failures == 1
