import pytest

from gateway.data.routing.route import Route
from gateway.data.tally import BOUNDS, Tally
from tests.gateway.making import request

ORDERS = Route("orders", "orders", b"/orders")
KEY = ("orders", "orders", "GET", 200)


class TestTally:
    @pytest.mark.parametrize(
        ("seconds", "bucket"), [(0.0, 0), (0.001, 0), (0.0011, 1), (0.2, 7), (30.0, 13), (31.0, len(BOUNDS))]
    )
    def test_counts_a_time_in_the_first_bucket_that_is_not_below_it(self, seconds: float, bucket: int) -> None:
        tally = Tally()

        tally.add(request(route=ORDERS), 200, seconds)

        *counts, total = tally.take()[KEY]
        assert counts.index(1) == bucket
        assert (sum(counts), total) == (1, seconds)

    def test_adds_up_requests_of_one_kind_whatever_their_paths(self) -> None:
        tally = Tally()

        for number in range(3):
            tally.add(request("GET", f"/orders/{number}", route=ORDERS), 200, 0.5)

        counted = tally.take()
        assert list(counted) == [KEY]
        assert (sum(counted[KEY][:-1]), counted[KEY][-1]) == (3, 1.5)

    def test_tells_apart_methods_and_statuses(self) -> None:
        tally = Tally()

        tally.add(request("PUT", route=ORDERS), 200, 0.5)
        tally.add(request("GET", route=ORDERS), 404, 0.5)

        assert set(tally.take()) == {("orders", "orders", "PUT", 200), ("orders", "orders", "GET", 404)}

    def test_has_no_route_for_what_was_refused_before_one_was_found(self) -> None:
        tally = Tally()

        tally.add(request(), 405, 0.5)
        tally.add_unread(400)

        assert set(tally.take()) == {("", "", "GET", 405), ("", "", "", 400)}

    def test_begins_anew_once_it_was_taken(self) -> None:
        tally = Tally()
        tally.add_unread(400)

        tally.take()

        assert tally.take() == {}
