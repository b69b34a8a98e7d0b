import pytest

from gateway.data.message.refusal import Refusal
from gateway.data.policies.match import match
from gateway.data.routing.route import Route
from gateway.data.routing.table import LOCAL
from tests.gateway.making import gateway, request

WITHIN = gateway(Route("orders", "orders", b"/orders", methods=frozenset((b"GET",))))


class TestMatch:
    def test_sets_the_route_and_its_upstream(self) -> None:
        asked = request("GET", "/orders", within=WITHIN)

        match(asked)

        assert (asked.route.name, asked.upstream.name) == ("orders", "orders")

    def test_leaves_other_paths_to_this_process(self) -> None:
        asked = request("GET", "/me", within=WITHIN)

        match(asked)

        assert asked.route is LOCAL

    def test_keeps_the_upstream_that_a_new_table_does_not_know(self) -> None:
        asked = request("GET", "/orders", within=WITHIN)
        match(asked)
        found = asked.upstream

        asked.gateway.upstreams = {}

        assert asked.upstream is found

    def test_refuses_a_method_that_is_not_served(self) -> None:
        with pytest.raises(Refusal) as refused:
            match(request("POST", "/orders", within=WITHIN))

        assert refused.value.status == 405
