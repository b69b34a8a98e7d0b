"""How long a call may take, and how many at a time; proves semantics, section 3, for clients."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import requests

from ficus import deadline
from ficus.resilience.errors import HttpBusy, HttpDeadlineExceeded, HttpUnavailable
from ficus.resilience.registry import guard_of
from tests.ficus.resilience.http.conftest import LONG
from tests.ficus.resilience.service import (
    Service,
    answers,
    breaks_off,
    drips,
    hangs_up,
    says_nothing,
)


class TestDeadline:
    def test_is_told_to_the_service(self, http: requests.Session, service: Service) -> None:
        with deadline.entered(20):
            http.get(service.url)
            http.get(service.url, timeout=8)

        first, second = (int(each.headers["X-Request-Timeout-Ms"]) for each in service.asked)
        assert 8_000 < first <= 19_980
        assert second <= 8_000

    def test_ends_a_call_that_gets_no_answer(self, http: requests.Session, service: Service) -> None:
        service.does(says_nothing)

        with pytest.raises(HttpDeadlineExceeded, match=r"did not answer within [01]\.\d+ s$") as caught:
            http.get(service.url, timeout=1)

        assert isinstance(caught.value, requests.Timeout)
        assert (caught.value.status, caught.value.code) == (504, "deadline_exceeded")
        assert len(service.asked) == 1

    def test_ends_an_answer_that_never_ends(self, http: requests.Session, service: Service) -> None:
        service.does(drips)

        with pytest.raises(HttpDeadlineExceeded):
            http.get(service.url, timeout=0.5)

    def test_that_has_passed_lets_nothing_be_asked(self, http: requests.Session, service: Service) -> None:
        with deadline.entered(0.025), pytest.raises(HttpDeadlineExceeded, match="no time is left"):
            http.get(service.url)

        assert service.asked == []

    def test_is_for_all_attempts_together(
        self, http: requests.Session, service: Service, policy: Callable[..., None]
    ) -> None:
        policy(timeout={"call_seconds": 0.5, "try_seconds": 0.3, "connect_seconds": 10})
        service.does(*[says_nothing] * 5)

        with pytest.raises(HttpDeadlineExceeded):
            http.get(service.url)

        assert len(service.asked) <= 2


class TestBulkhead:
    @pytest.fixture
    def busy(self, http: requests.Session, service: Service, policy: Callable[..., None]) -> Iterator[list[int]]:
        """A service that has two calls under way, of two that it may have; what became of them."""
        policy(**LONG, bulkhead={"in_flight": 2, "waiting": 1, "wait_seconds": 0.0})
        service.does(says_then_answers, says_then_answers)
        statuses: list[int] = []
        with ThreadPoolExecutor(2) as threads:
            for _ in range(2):
                threads.submit(lambda: statuses.append(http.get(service.url).status_code))
            ends_at = time.monotonic() + 30
            while len(service.asked) < 2 and time.monotonic() < ends_at:
                time.sleep(0.01)
            yield statuses
            service.free.set()

    def test_refuses_what_is_too_much(self, http: requests.Session, service: Service, busy: list[int]) -> None:
        with pytest.raises(HttpBusy, match="has enough to do"):
            http.get(service.url)

        assert len(service.asked) == 2
        assert guard_of(service.url).breaker.look().calls == 0

    def test_has_a_place_for_whoever_waits_when_one_is_free(
        self, http: requests.Session, service: Service, policy: Callable[..., None]
    ) -> None:
        policy(**LONG, bulkhead={"in_flight": 2, "waiting": 30, "wait_seconds": 30})
        most: list[int] = []
        under_way, lock = [0], threading.Lock()

        def count(handler: object) -> None:
            with lock:
                under_way[0] += 1
                most.append(under_way[0])
            time.sleep(0.02)
            with lock:
                under_way[0] -= 1
            answers(200)(handler)  # type: ignore[arg-type]

        service.does(*[count] * 16)
        with ThreadPoolExecutor(16) as threads:
            statuses = list(threads.map(lambda _: http.get(service.url).status_code, range(16)))

        assert statuses == [200] * 16
        assert max(most) <= 2

    def test_has_all_its_places_again_afterwards(
        self, http: requests.Session, service: Service, policy: Callable[..., None]
    ) -> None:
        policy(**LONG, bulkhead={"in_flight": 1, "waiting": 0}, retry={"attempts": 1})
        service.does(hangs_up, answers(500), answers(404), breaks_off)

        for _ in range(4):
            with suppress(HttpUnavailable):
                http.get(service.url)

        assert http.get(service.url).ok
        assert len(service.asked) == 5


def says_then_answers(handler) -> None:
    handler.server.free.wait(60)
    answers(200)(handler)
