from time import monotonic

import pytest

from gateway.data.deadline import milliseconds_to_pass_on, seconds_left, try_seconds
from gateway.data.message.refusal import Refusal
from gateway.data.message.request import Request
from gateway.data.routing.route import Route
from tests.gateway.making import request

PLAIN = Route("plain", "orders", b"/plain")
WAITING = Route("waiting", "orders", b"/waiting", waits=True)
SLOW = Route("slow", "orders", b"/slow", timeout_seconds=20.0)


def arriving(*fields: str, route: Route = PLAIN, seconds_ago: float = 0.0) -> Request:
    made = request("POST", "/", *fields, route=route)
    made.arrived = monotonic() - seconds_ago
    return made


class TestTimeLeft:
    @pytest.mark.parametrize(
        ("fields", "route", "seconds"),
        [
            ((), PLAIN, 5.0),
            (("X-Request-Timeout-Ms: 700",), PLAIN, 0.7),
            (("X-Request-Timeout-Ms: 70000",), PLAIN, 5.0),
            (("Prefer: wait=3",), PLAIN, 5.0),
            (("Prefer: wait=3",), WAITING, 8.0),
            (("Prefer: respond-async, wait=600",), WAITING, 15.0),
            (("Prefer: wait=3", "X-Request-Timeout-Ms: 700"), WAITING, 0.7),
            ((), SLOW, 20.0),
        ],
    )
    def test_is_the_default_or_what_the_route_adds_or_less(
        self, fields: tuple[str, ...], route: Route, seconds: float
    ) -> None:
        assert seconds_left(arriving(*fields, route=route)) == pytest.approx(seconds, abs=0.4)

    def test_runs_from_the_arrival(self) -> None:
        assert seconds_left(arriving(seconds_ago=3)) == pytest.approx(2, abs=0.4)

    @pytest.mark.parametrize(("milliseconds", "ago"), [(0, 0.0), (29, 0.0), (1000, 0.98), (5000, 6.0)])
    def test_that_is_under_ten_milliseconds_beyond_the_hop_is_none(self, milliseconds: int, ago: float) -> None:
        with pytest.raises(Refusal) as refused:
            seconds_left(arriving(f"X-Request-Timeout-Ms: {milliseconds}", seconds_ago=ago))

        assert (refused.value.status, refused.value.code) == (504, "deadline_exceeded")

    @pytest.mark.parametrize("given", ["", "soon", "-1", "1.5", "1e3", "9999999999"])
    def test_must_be_whole_milliseconds(self, given: str) -> None:
        with pytest.raises(Refusal) as refused:
            seconds_left(arriving(f"X-Request-Timeout-Ms: {given}"))

        assert refused.value.status == 400


class TestTimePassedOn:
    def test_is_less_by_the_hop(self) -> None:
        assert milliseconds_to_pass_on(1.0) == 980


class TestTimeForOneTry:
    def test_is_the_routes_and_what_it_waits(self) -> None:
        assert try_seconds(arriving(route=PLAIN)) == 2.0
        assert try_seconds(arriving("Prefer: wait=4", route=WAITING)) == 6.0
