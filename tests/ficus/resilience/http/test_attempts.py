"""What a call gives, and when it is made again; proves semantics, section 2, for clients."""

import gzip
import time
from collections.abc import Callable
from unittest.mock import patch

import pytest
import requests

from ficus.errors import Unavailable
from ficus.resilience import retrying
from ficus.resilience.breaker import State
from ficus.resilience.errors import HttpSuspended, HttpUnavailable
from ficus.resilience.http import ResilientAdapter
from ficus.resilience.registry import guard_of
from ficus.resilience.retrying import KEPT_BODY
from tests.ficus.resilience.http.conftest import LONG, breaker_state
from tests.ficus.resilience.service import (
    Service,
    answers,
    answers_in_chunks,
    breaks_off,
    hangs_up,
    says_nothing,
)

WITH_KEY = {"Idempotency-Key": "1"}


class TestAnAnswer:
    def test_is_as_requests_would_have_given_it(self, http: requests.Session, service: Service) -> None:
        service.does(answers(200, b'{"eur": 1}', Content_Type="application/json", Set_Cookie="taste=sweet"))

        answer = http.get(f"{service.url}/rates", params={"day": "today"})

        assert (answer.status_code, answer.json(), answer.ok) == (200, {"eur": 1}, True)
        assert http.cookies["taste"] == "sweet"
        assert [each.path for each in service.asked] == ["/rates?day=today"]

    def test_is_unpacked(self, http: requests.Session, service: Service) -> None:
        body = b"rates " * 100_000
        service.does(answers(200, gzip.compress(body), Content_Encoding="gzip"))

        assert http.get(service.url).content == body

    def test_may_come_in_chunks_over_a_connection_that_is_kept(self, http: requests.Session, service: Service) -> None:
        service.does(answers_in_chunks(b"one, ", b"two"), answers_in_chunks())

        assert [http.get(service.url).text for _ in range(2)] == ["one, two", ""]
        assert len({each.client_address for each in service.asked}) == 1

    def test_of_no_body_is_empty(self, http: requests.Session, service: Service) -> None:
        service.does(answers(204, b""))

        assert http.delete(service.url).content == b""

    @pytest.mark.parametrize("status", [400, 404, 422, 429, 500, 501])
    def test_that_says_no_for_good_comes_at_once(self, http: requests.Session, service: Service, status: int) -> None:
        service.does(answers(status))

        assert http.get(service.url).status_code == status
        assert len(service.asked) == 1

    def test_may_be_left_to_the_caller_to_read(self, http: requests.Session, service: Service) -> None:
        service.does(answers(200, b"line\nline\n"))

        with http.get(service.url, stream=True) as answer:
            assert list(answer.iter_lines()) == [b"line", b"line"]

    def test_comes_over_a_connection_that_is_kept(self, http: requests.Session, service: Service) -> None:
        for _ in range(5):
            http.get(service.url)

        assert len({each.client_address for each in service.asked}) == 1

    def test_is_followed_where_it_leads(self, http: requests.Session, service: Service) -> None:
        service.does(answers(302, b"", Location="/there"))

        assert http.get(f"{service.url}/here").text == "here"
        assert [each.path for each in service.asked] == ["/here", "/there"]


class TestAnotherAttempt:
    @pytest.mark.parametrize("failure", [hangs_up, answers(502), answers(503), answers(504)])
    @pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
    def test_is_made_where_that_does_no_harm(
        self, http: requests.Session, service: Service, method: str, failure: Callable[..., None]
    ) -> None:
        service.does(failure, failure, answers(200, b""))

        assert http.request(method, service.url, data=b"" if method != "PUT" else b"x").status_code == 200
        assert [each.command for each in service.asked] == [method] * 3
        assert {each.body for each in service.asked} == {b"x" if method == "PUT" else b""}

    def test_is_made_when_the_answer_breaks_off(self, http: requests.Session, service: Service) -> None:
        service.does(breaks_off, answers_in_chunks(b"the first of", is_whole=False))

        assert http.get(service.url).text == "here"
        assert len(service.asked) == 3

    def test_is_made_before_the_caller_reads(self, http: requests.Session, service: Service) -> None:
        service.does(answers(503, b"not now"))

        with http.get(service.url, stream=True) as answer:
            assert answer.raw.read() == b"here"

    @pytest.mark.parametrize("method", ["POST", "PATCH"])
    def test_is_made_of_what_writes_if_it_has_a_key(
        self, http: requests.Session, service: Service, method: str
    ) -> None:
        service.does(answers(503), hangs_up)

        assert http.request(method, service.url, json={"a": 1}, headers=WITH_KEY).status_code == 200
        assert [each.body for each in service.asked] == [b'{"a": 1}'] * 3
        assert {each.headers["Idempotency-Key"] for each in service.asked} == {"1"}

    @pytest.mark.parametrize("method", ["POST", "PATCH"])
    def test_is_not_made_of_what_writes_without_one(
        self, http: requests.Session, service: Service, method: str
    ) -> None:
        service.does(hangs_up)

        with pytest.raises(HttpUnavailable, match="broke off"):
            http.request(method, service.url, json={"a": 1})

        assert len(service.asked) == 1

    @pytest.mark.parametrize(("size", "attempts"), [(KEPT_BODY, 2), (KEPT_BODY + 1, 1)])
    def test_is_not_made_with_a_large_body(
        self, http: requests.Session, service: Service, size: int, attempts: int
    ) -> None:
        service.does(answers(503))

        http.put(service.url, data=b"x" * size)

        assert len(service.asked) == attempts

    def test_is_not_made_with_a_body_that_is_gone(self, http: requests.Session, service: Service) -> None:
        service.does(answers(503))

        answer = http.put(service.url, data=iter([b"x"]), headers={"Content-Length": "1"})

        assert (answer.status_code, len(service.asked)) == (503, 1)

    def test_is_not_made_after_the_third(self, http: requests.Session, service: Service) -> None:
        service.does(*[answers(503, b"not now")] * 4)

        answer = http.get(service.url)

        assert (answer.status_code, answer.text, len(service.asked)) == (503, "not now", 3)

    def test_is_made_when_one_has_taken_too_long(
        self, http: requests.Session, service: Service, policy: Callable[..., None]
    ) -> None:
        policy(timeout={"call_seconds": 30, "try_seconds": 1, "connect_seconds": 10})
        service.does(says_nothing)

        assert http.get(service.url).status_code == 200
        assert len(service.asked) >= 2

    def test_waits_as_long_as_the_service_asks(self, http: requests.Session, service: Service) -> None:
        service.does(answers(503, Retry_After="2"))
        began = time.monotonic()

        assert http.get(service.url).status_code == 200
        assert time.monotonic() - began >= 2

    def test_is_not_made_when_the_service_asks_for_more_time_than_there_is(
        self, http: requests.Session, service: Service
    ) -> None:
        service.does(answers(503, Retry_After="60"))

        assert http.get(service.url).status_code == 503
        assert len(service.asked) == 1

    def test_is_not_made_when_the_budget_is_spent(
        self, http: requests.Session, service: Service, policy: Callable[..., None]
    ) -> None:
        policy(**LONG, retry={"always": 0, "share": 0.5})
        service.does(answers(200), answers(200), answers(503), answers(503), answers(503))

        statuses = [http.get(service.url).status_code for _ in range(3)]

        # Of three calls two may be repeated: less than half of them had been until then.
        assert statuses == [200, 200, 503]
        assert len(service.asked) == 5

    def test_gives_back_what_it_took_of_the_budget(
        self, http: requests.Session, service: Service, policy: Callable[..., None]
    ) -> None:
        policy(**LONG, retry={"always": 1, "share": 0.0})
        service.does(*[answers(503), answers(200)] * 3)

        assert [http.get(service.url).status_code for _ in range(3)] == [200] * 3


class TestNobodyThere:
    def test_is_unavailable_in_the_words_of_requests_and_of_the_domain(
        self, http: requests.Session, nobody: str
    ) -> None:
        with pytest.raises(HttpUnavailable, match=r"cannot be reached$") as caught:
            http.post(nobody, data=b"x")

        assert isinstance(caught.value, requests.ConnectionError)
        assert isinstance(caught.value, Unavailable)
        assert (caught.value.status, caught.value.code) == (503, "upstream_unavailable")
        assert caught.value.request is not None
        assert caught.value.request.method == "POST"

    def test_is_tried_three_times_whatever_the_method(self, http: requests.Session, nobody: str) -> None:
        with pytest.raises(HttpUnavailable):
            http.post(nobody, data=b"x" * (KEPT_BODY + 1))

        assert guard_of(nobody).breaker.look().failures == 3

    def test_opens_the_breaker_and_is_asked_no_more(self, http: requests.Session, nobody: str) -> None:
        for _ in range(2):
            with pytest.raises(HttpUnavailable):
                http.get(nobody)

        with (
            patch.object(ResilientAdapter, "send_once") as sent,
            pytest.raises(HttpSuspended, match="left alone") as caught,
        ):
            http.get(nobody)

        assert breaker_state(nobody) is State.OPEN
        assert 480 <= caught.value.extra["retry_after"] <= 720
        assert not sent.called

    def test_leaves_others_at_the_same_host_alone(self, http: requests.Session, service: Service, nobody: str) -> None:
        guard_of(nobody).breaker.force(State.FORCED_OPEN, "test")

        assert http.get(service.url).ok
        with pytest.raises(HttpSuspended):
            http.get(nobody)


class TestNoTls:
    def test_is_unavailable_and_not_tried_again(self, http: requests.Session, service: Service) -> None:
        url = service.url.replace("http:", "https:")

        with pytest.raises(HttpUnavailable, match=r"cannot be reached by TLS$") as caught:
            http.get(url)

        assert "SSL" in str(caught.value.__cause__)
        assert guard_of(url).breaker.look().failures == 1


class TestPauses:
    def test_are_slept_and_no_longer_than_the_terms_say(
        self, http: requests.Session, service: Service, policy: Callable[..., None]
    ) -> None:
        policy(**LONG, retry={"first_pause_seconds": 0.2, "longest_pause_seconds": 0.3, "attempts": 4})
        service.does(*[answers(503)] * 4)

        with patch.object(retrying, "random", lambda: 1.0), patch("ficus.resilience.http.time.sleep") as slept:
            http.get(service.url)

        assert [call.args[0] for call in slept.call_args_list] == [0.2, 0.3, 0.3]
