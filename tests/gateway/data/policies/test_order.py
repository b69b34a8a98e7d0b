"""The order of the policies, and what a route has of them."""

from gateway.data.policies import BEFORE_ROUTE, KINDS, ORDER, policies_of, steps_of
from gateway.data.policies.authenticate import authenticate
from gateway.data.policies.limit import limit
from gateway.data.policies.rewrite import Rewrite
from gateway.data.policies.terms import Terms
from gateway.data.routing.route import Route
from gateway.data.routing.table import Table
from tests.gateway.making import find, request

PLAIN = Route("orders", "orders", b"/orders")
REWRITTEN = Route("shop", "orders", b"/shop", policies={"rewrite": Rewrite(prefix="/v2")})


class TestOrder:
    def test_begins_with_what_is_done_before_a_route_is_known(self) -> None:
        assert ORDER[:2] == BEFORE_ROUTE
        assert [policy.__name__ for policy in ORDER] == [
            "canonicalise",
            "match",
            "security_headers",
            "cors",
            "head",
            "split",
            "rewrite",
            "authenticate",
            "require",
            "limit",
            "rate",
            "concurrency",
            "stream",
            "websocket",
            "compress",
            "cache",
            "retry",
            "fallback",
            "mirror",
        ]

    def test_knows_the_terms_of_each_policy_that_has_any(self) -> None:
        optional = [policy.__name__ for policy in ORDER if policy.__name__ in KINDS]
        always = ["canonicalise", "match", "authenticate", "limit"]
        assert list(KINDS) == optional == [each.__name__ for each in ORDER if each.__name__ not in always]
        assert all(issubclass(terms, Terms) and terms.__doc__ for terms in KINDS.values())

    def test_leaves_out_on_a_route_what_it_does_not_ask_for(self) -> None:
        assert steps_of(PLAIN) == (authenticate, limit)
        assert [policy.__name__ for policy in policies_of(REWRITTEN)] == [
            "canonicalise",
            "match",
            "rewrite",
            "authenticate",
            "limit",
        ]

    def test_gives_a_policy_the_route_s_terms(self) -> None:
        route = find(Table([REWRITTEN], version=1), "GET", "/shop/1")
        asked = request("GET", "/shop/1", route=route)

        route.steps[0](asked)

        assert asked.onward_path == b"/v2/1"
