"""Calls between services: answers, failures, deadlines, retries and the breaker; semantics sections 1 to 3."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from django.db import transaction
from prometheus_client import REGISTRY

from contracts.users.v1.users_pb2 import Credit, GetCreditRequest
from contracts.users.v1.users_pb2_grpc import UsersStub
from ficus import context, deadline
from ficus.errors import Conflict, DomainError, Invalid, NotFound, Refused, Unavailable
from ficus.events.v1.event_log_pb2 import ReadRequest
from ficus.events.v1.event_log_pb2_grpc import EventLogStub
from ficus.resilience import switches
from ficus.resilience.breaker import State
from ficus.resilience.registry import guard_of
from ficus.rpc.channels import Channel, for_single_answers
from ficus.rpc.client import client
from ficus.rpc.errors import (
    RemoteCallInTransaction,
    RpcBusy,
    RpcDeadlineExceeded,
    RpcFailed,
    RpcSuspended,
    RpcSwitchedOff,
    RpcUnavailable,
)
from ficus.rpc.methods import Method
from tests.ficus.rpc.servicers import Accounts, Log

DIES_WHEN_ASKED = """
import grpc, os, signal, threading
from concurrent.futures import ThreadPoolExecutor

class Anything(grpc.GenericRpcHandler):
    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(lambda *_: os.kill(os.getpid(), signal.SIGKILL))

server = grpc.server(ThreadPoolExecutor(1), handlers=[Anything()])
print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
threading.Event().wait()
"""

LONG = 20.0  # seconds; a call that nobody delays takes some milliseconds


def ask(customer: str, timeout: float = LONG) -> Credit:
    return client("users", UsersStub).GetCredit(GetCreditRequest(customer_id=customer), timeout=timeout)


def read(after: int = 0, limit: int = 0) -> list[int]:
    answers = client("users", EventLogStub).Read(ReadRequest(after=after, limit=limit), timeout=LONG)
    return [recorded.position for batch in answers for recorded in batch.events]


class TestAsking:
    def test_returns_the_answer(self, either_way: str) -> None:
        assert ask("rich") == Credit(customer_id="rich", currency="EUR", granted=100_000, available=75_000, held=25_000)

    def test_streams_answers_in_order(self, either_way: str) -> None:
        assert read(after=3, limit=6) == [4, 5, 6]

    def test_tells_for_which_outside_request_it_asks(self, either_way: str) -> None:
        with context.entered(correlation_id="request-1"):
            assert ask("context").currency == "request-1"

    def test_is_refused_inside_a_transaction(self, either_way: str, transactional_db: None) -> None:
        with transaction.atomic(), pytest.raises(RemoteCallInTransaction):
            ask("rich")

        assert Accounts.asked == []

    @pytest.mark.parametrize("call", ["users", "users/GetCredit"])
    def test_that_is_switched_off_fails_at_once_and_asks_nobody(self, either_way: str, call: str) -> None:
        switches.use([call])

        try:
            with pytest.raises(RpcSwitchedOff) as refused:
                ask("rich")
        finally:
            switches.use(())

        assert isinstance(refused.value, Unavailable)
        assert Accounts.asked == []
        assert ask("rich").available == 75_000

    def test_goes_on_while_another_is_switched_off(self, either_way: str) -> None:
        switches.use(["users/Read", "orders"])

        try:
            assert ask("rich").available == 75_000
            with pytest.raises(RpcSwitchedOff):
                read(limit=1)
        finally:
            switches.use(())

    def test_is_allowed_in_the_transaction_around_a_test(self, either_way: str, db: None) -> None:
        assert ask("rich").available == 75_000


class TestFailures:
    @pytest.mark.parametrize(
        ("customer", "kind", "code", "status", "detail", "extra"),
        [
            ("missing", NotFound, "customer_not_found", 404, "nobody by that name", {}),
            ("over", Refused, "credit_exceeded", 422, "asked for 700, has 500", {"available": 500}),
            ("moved", Conflict, "illegal_move", 409, "already captured", {"present": "captured"}),
            ("aborted", Invalid, "invalid", 400, "no such shape", {}),
        ],
    )
    def test_a_domain_error_arrives_as_it_was_raised(
        self,
        either_way: str,
        customer: str,
        kind: type[DomainError],
        code: str,
        status: int,
        detail: str,
        extra: dict[str, object],
    ) -> None:
        with pytest.raises(kind) as caught:
            ask(customer)

        assert (caught.value.code, caught.value.status, caught.value.detail) == (code, status, detail)
        assert caught.value.extra == extra

    def test_a_broken_servicer_tells_nothing_of_its_inside(self, either_way: str) -> None:
        with pytest.raises(RpcFailed) as caught:
            ask("broken")

        assert "hunter2" not in caught.value.detail

    def test_a_failure_in_the_middle_of_a_stream_comes_after_what_was_sent(self, either_way: str) -> None:
        answers = client("users", EventLogStub).Read(ReadRequest(after=12), timeout=LONG)

        assert next(answers).previous == 12
        with pytest.raises(NotFound) as caught:
            next(answers)
        assert caught.value.code == "customer_not_found"

    def test_nobody_there_is_unavailable(self, nobody: None) -> None:
        with pytest.raises(RpcUnavailable) as caught:
            ask("rich")

        assert isinstance(caught.value, Unavailable)


class TestFallback:
    def test_stands_in_where_there_is_no_answer_and_is_counted(self, nobody: None) -> None:
        before = fallbacks("upstream_unavailable")

        answer = client("users", UsersStub).GetCredit(
            GetCreditRequest(customer_id="rich"), timeout=LONG, otherwise=None
        )

        assert answer is None
        assert fallbacks("upstream_unavailable") - before == 1

    def test_stands_in_for_what_a_broken_service_says(self, either_way: str) -> None:
        stub = client("users", UsersStub)

        assert stub.GetCredit(GetCreditRequest(customer_id="broken"), timeout=LONG, otherwise="cached") == "cached"

    def test_hides_no_answer_and_no_refusal(self, either_way: str) -> None:
        stub = client("users", UsersStub)

        assert stub.GetCredit(GetCreditRequest(customer_id="rich"), timeout=LONG, otherwise=None).available == 75_000
        with pytest.raises(NotFound):
            stub.GetCredit(GetCreditRequest(customer_id="missing"), timeout=LONG, otherwise=None)


def fallbacks(reason: str) -> float:
    labels = {"target": "users", "method": "/ficus.users.v1.Users/GetCredit", "reason": reason}
    return REGISTRY.get_sample_value("ficus_rpc_fallbacks_total", labels) or 0.0


class TestDeadlines:
    def test_an_answer_that_takes_too_long_is_not_waited_for(self, server: object) -> None:
        began = time.monotonic()

        with pytest.raises(RpcDeadlineExceeded):
            ask("slow", timeout=0.1)
        waited = time.monotonic() - began
        Accounts.go_on.set()

        assert waited < 15

    def test_the_next_hop_gets_what_remains_less_twenty_milliseconds(self, either_way: str) -> None:
        with deadline.entered(1.0):  # longer ones gRPC rounds up by more than the twenty
            left = ask("deadline", timeout=LONG).available

        assert 0 < left < 1000

    def test_a_caller_may_lower_but_never_raise_what_remains(self, either_way: str) -> None:
        with deadline.entered(10.0):
            # gRPC rounds a deadline up, the more the longer it is.
            assert ask("deadline", timeout=5.0).available <= 6_000

    def test_with_no_time_left_nothing_is_asked(self, either_way: str) -> None:
        with deadline.entered(0.025), pytest.raises(RpcDeadlineExceeded):
            ask("rich")

        assert Accounts.asked == []


class TestRetries:
    def test_unavailable_is_tried_three_times_at_most(self, server: object) -> None:
        assert ask("flaky").available == 75_000
        assert Accounts.asked == ["flaky"] * 3

    def test_the_third_failure_is_the_answer(self, server: object) -> None:
        with pytest.raises(RpcUnavailable):
            ask("away")

        assert Accounts.asked == ["away"] * 3

    def test_other_failures_are_not_tried_again(self, server: object) -> None:
        with pytest.raises(RpcFailed):
            ask("broken")

        assert Accounts.asked == ["broken"]


class TestBreaker:
    def test_five_connect_failures_leave_the_upstream_alone(self, nobody: None) -> None:
        for _ in range(5):
            with pytest.raises(RpcUnavailable):
                ask("rich", timeout=LONG)

        began = time.monotonic()
        with pytest.raises(RpcSuspended) as caught:
            ask("rich")

        assert time.monotonic() - began < LONG / 2
        assert 1 <= caught.value.extra["retry_after"] <= 6
        assert guard_of("users").breaker.state is State.OPEN

    def test_refusals_by_the_domain_are_no_failures(self, server: object) -> None:
        for _ in range(30):
            with pytest.raises(NotFound):
                ask("missing")

        assert guard_of("users").breaker.state is State.CLOSED

    def test_a_caller_with_its_own_pace_is_never_suspended(self, nobody: None) -> None:
        for _ in range(7):
            with pytest.raises(RpcUnavailable) as caught:
                client("users", UsersStub, breaker=False).GetCredit(GetCreditRequest(), timeout=LONG)

            assert not isinstance(caught.value, RpcSuspended)


class TestThePolicy:
    def test_says_how_often_a_call_is_tried(self, server: object, settings: Any) -> None:
        settings.RESILIENCE = policy(retry={"attempts": 1})

        with pytest.raises(RpcUnavailable):
            ask("away")

        assert Accounts.asked == ["away"]

    def test_says_how_long_a_call_may_take_unless_the_caller_does(self, server: object, settings: Any) -> None:
        settings.RESILIENCE = policy(timeout={"call_seconds": 20})

        left = client("users", UsersStub).GetCredit(GetCreditRequest(customer_id="deadline")).available

        assert 2_100 < left <= 21_000
        assert ask("deadline", timeout=1.0).available <= 2_000

    def test_says_how_many_calls_are_made_at_a_time(self, server: object, settings: Any) -> None:
        settings.RESILIENCE = policy(bulkhead={"in_flight": 1, "wait_seconds": 0.0})
        ask("rich")

        with guard_of("users").place(1.0), pytest.raises(RpcBusy) as caught:
            ask("over")

        assert (caught.value.code, caught.value.status) == ("upstream_busy", 503)
        assert Accounts.asked == ["rich"]
        assert ask("rich").available == 75_000

    def test_says_when_the_breaker_opens(self, nobody: None, settings: Any) -> None:
        settings.RESILIENCE = policy(breaker={"connect_failures": 1})
        with pytest.raises(RpcUnavailable):
            ask("rich", timeout=1.0)

        with pytest.raises(RpcSuspended):
            ask("rich")

        assert guard_of("users").breaker.reason == "1 connect failures in a row"

    def test_is_by_default_as_the_semantics_say(self, server: object) -> None:
        ask("rich")

        retry = guard_of("users").policy.retry
        assert (retry.attempts, retry.first_pause_seconds, retry.longest_pause_seconds) == (3, 0.05, 0.5)
        config = json.loads(dict(for_single_answers(retry))["grpc.service_config"])
        assert config["retryThrottling"] == {"maxTokens": 10, "tokenRatio": 0.1}
        assert config["methodConfig"][0]["retryPolicy"] == {
            "maxAttempts": 3,
            "initialBackoff": "0.05s",
            "maxBackoff": "0.5s",
            "backoffMultiplier": 2,
            "retryableStatusCodes": ["UNAVAILABLE"],
        }


def policy(**parts: dict[str, float]) -> dict[str, object]:
    return {"POLICIES": {"tested": parts}, "TARGETS": {"users": "tested"}}


class TestAServerThatDies:
    @pytest.mark.parametrize("streams", [False, True])
    def test_before_it_answers_is_unavailable(self, streams: bool) -> None:
        command = [sys.executable, "-c", DIES_WHEN_ASKED]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            channel = Channel(f"127.0.0.1:{server.stdout.readline().strip()}")
            ask = channel.call(Method("/any/Thing", streams, bytes, bytes))

            with pytest.raises(grpc.RpcError) as failed:
                list(ask(b"", timeout=20))

        assert failed.value.code() is grpc.StatusCode.UNAVAILABLE
        assert server.returncode == -signal.SIGKILL
        channel.close()


class TestStreamsLeftUnfinished:
    def test_end_at_the_other_side_too(self, server: object, eventually: Callable[[Callable[[], bool]], bool]) -> None:
        with context.entered(correlation_id="reader"):
            answers = client("users", EventLogStub).Read(ReadRequest(after=20), timeout=LONG)
        assert next(answers).previous == 20

        answers.close()

        assert eventually(lambda: Log.ended == ["reader"])
