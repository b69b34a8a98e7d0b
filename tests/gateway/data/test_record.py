from typing import Any

import pytest

from ficus.telemetry import tracing
from gateway.data.message.request import Request
from gateway.data.message.trace import identify
from gateway.data.record import record
from gateway.data.routing.route import Route
from gateway.data.runtime import Gateway
from tests.gateway.making import gateway, request

ORDERS = Route("orders", "orders", b"/orders")


def answered(within: Gateway, *fields: str, target: str = "/orders/7", share: float = 1.0) -> Request:
    made = request("GET", target, *fields, route=ORDERS, within=within, peer="10.0.0.1")
    identify(made, trusted=True, sampled_share=share)
    return made


class TestRecord:
    def test_writes_no_line_where_nobody_wants_one_and_counts_all_the_same(self) -> None:
        within = gateway()

        record(answered(within), 200, 17)

        assert within.access_log is None
        assert list(within.tally.take()) == [("orders", "orders", "GET", 200)]


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What the SDK is given: nothing of it is touched otherwise."""
    given: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(tracing, "_running", True)
    monkeypatch.setattr(
        "ficus.telemetry.exporting.export_finished",
        lambda name, trace, caller, seconds, attributes: given.append((name, attributes)),
    )
    return given


class TestSpan:
    def test_says_the_route_and_never_the_path(self, reported: list[tuple[str, dict[str, Any]]]) -> None:
        record(answered(gateway()), 204, 0)

        assert reported == [
            (
                "GET orders",
                {
                    "http.request.method": "GET",
                    "http.response.status_code": 204,
                    "ficus.route": "orders",
                    "ficus.upstream": "orders",
                },
            )
        ]

    def test_is_decided_about_before_the_sdk_is_touched(
        self, reported: list[tuple[str, dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tracing, "report", lambda *_, **__: pytest.fail("it was asked"))

        record(answered(gateway(), share=0.0), 200, 17)

        assert reported == []

    @pytest.mark.parametrize(("flags", "spans"), [("00", 0), ("01", 1), ("02", 0), ("03", 1), ("ff", 1)])
    def test_goes_by_the_lowest_bit_of_a_trusted_proxys_flags(
        self, reported: list[tuple[str, dict[str, Any]]], flags: str, spans: int
    ) -> None:
        made = answered(gateway(), f"traceparent: 00-{'a' * 32}-{'b' * 16}-{flags}")

        record(made, 200, 17)

        assert len(reported) == spans

    @pytest.mark.parametrize("path", ["/livez", "/readyz/", "/metrics"])
    def test_is_not_made_of_what_machines_ask_all_the_time(
        self, reported: list[tuple[str, dict[str, Any]]], path: str
    ) -> None:
        record(answered(gateway(), target=path), 200, 17)

        assert reported == []
