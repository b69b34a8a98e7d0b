"""Proves semantics section 3 where a request comes in, and that it is known by one id from there on."""

import asyncio
import socket
from typing import Any
from uuid import UUID

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from rest_framework.test import APIClient

from ficus import context, deadline
from ficus.http.middleware import RequestContext

pytestmark = pytest.mark.urls("tests.ficus.http.urls")


def ask(**headers: str) -> Any:
    return APIClient().get("/time", **headers)


class TestRequestId:
    @pytest.mark.parametrize("given", ["r-1", "0198a1b2-0000-7000-8000-000000000001", "A.b_c"])
    def test_is_the_callers_and_is_repeated(self, given: str) -> None:
        response = ask(HTTP_X_REQUEST_ID=given)

        assert response["X-Request-ID"] == response.json()["correlation_id"] == given

    @pytest.mark.parametrize("given", ["", "a b", "a\nb", "x" * 65, "é", "<script>", '"'])
    def test_is_a_new_one_where_the_callers_is_not_safe(self, given: str) -> None:
        assert UUID(ask(HTTP_X_REQUEST_ID=given)["X-Request-ID"]).version == 7

    def test_is_another_for_each_request(self) -> None:
        assert ask()["X-Request-ID"] != ask()["X-Request-ID"]

    def test_does_not_outlive_the_request(self) -> None:
        ask(HTTP_X_REQUEST_ID="r-1")

        assert context.current() == context.Context()
        assert deadline.remaining() is None


class TestTrace:
    CALLERS = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    def test_is_named_in_a_problem_even_where_nothing_is_traced(self) -> None:
        response = ask(HTTP_TRACEPARENT=self.CALLERS, HTTP_X_REQUEST_TIMEOUT_MS="x")

        assert response.json()["trace_id"] == "0af7651916cd43dd8448eb211c80319c"

    @pytest.mark.parametrize(
        "given", ["", "x", "00-" + "0" * 32 + "-b7ad6b7169203331-01", CALLERS + "-02", CALLERS[1:]]
    )
    def test_is_not_believed_where_it_is_malformed(self, given: str) -> None:
        response = ask(HTTP_TRACEPARENT=given, HTTP_X_REQUEST_TIMEOUT_MS="x")

        assert "trace_id" not in response.json()


class TestDeadline:
    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({}, 5.0),
            ({"HTTP_X_REQUEST_TIMEOUT_MS": "1500"}, 1.5),
            ({"HTTP_X_REQUEST_TIMEOUT_MS": "15000"}, 15.0),
            ({"HTTP_X_REQUEST_TIMEOUT_MS": "999999999"}, 30.0),
            ({"HTTP_PREFER": "wait=10"}, 15.0),
            ({"HTTP_PREFER": "wait=10", "HTTP_X_REQUEST_TIMEOUT_MS": "1500"}, 1.5),
        ],
    )
    def test_is_what_the_caller_allows(self, headers: dict[str, str], seconds: float) -> None:
        assert ask(**headers).json()["left"] == pytest.approx(seconds, abs=0.3)

    @pytest.mark.parametrize("given", ["", "x", "-1", "1.5", "1e3", "٣", "9" * 10])
    def test_is_refused_where_it_is_malformed(self, given: str) -> None:
        response = ask(HTTP_X_REQUEST_TIMEOUT_MS=given)

        assert response.status_code == 400
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["request_id"] == response["X-Request-ID"]

    @pytest.mark.parametrize(("given", "wait"), [("1500", 1), ("100", 0), ("15000", 10)])
    def test_shortens_the_wait_that_the_caller_would_prefer(self, given: str, wait: int) -> None:
        assert ask(HTTP_PREFER="wait=10", HTTP_X_REQUEST_TIMEOUT_MS=given).json()["wait"] == wait

    @pytest.mark.parametrize("given", ["0", "9"])
    def test_is_refused_with_under_ten_milliseconds_left(self, given: str) -> None:
        response = ask(HTTP_X_REQUEST_TIMEOUT_MS=given)

        assert response.status_code == 504
        assert response.json()["code"] == "deadline_exceeded"


class TestClientWhoLeft:
    def test_is_not_served(self) -> None:
        service, client = socket.socketpair()
        with service:
            client.close()

            assert ask(**{"gunicorn.socket": service}).status_code == 499

    def test_is_told_from_one_who_waits(self) -> None:
        service, client = socket.socketpair()
        with service, client:
            assert ask(**{"gunicorn.socket": service}).status_code == 200

    def test_is_told_from_one_who_has_asked_for_more(self) -> None:
        service, client = socket.socketpair()
        with service, client:
            client.send(b"GET /next")

            assert ask(**{"gunicorn.socket": service}).status_code == 200
            assert service.recv(9) == b"GET /next"


class TestUnderAsgi:
    def test_holds_the_same_for_a_coroutine(self) -> None:
        async def answer(request: HttpRequest) -> HttpResponse:
            return HttpResponse(f"{context.current().correlation_id} {round(deadline.remaining() or 0)}")

        middleware = RequestContext(answer)

        response = asyncio.run(middleware(RequestFactory().get("/", HTTP_X_REQUEST_ID="r-1")))

        assert response.content == b"r-1 5"
        assert response["X-Request-ID"] == "r-1"
