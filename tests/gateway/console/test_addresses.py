from typing import Any

import pytest

from gateway.console.composing.addresses import addresses_of
from gateway.data.policies.rewrite import Rewrite
from gateway.data.routing.conditions import Condition, Source
from gateway.data.routing.route import Route
from gateway.data.routing.table import Table

NUMBER = {"parameters": [{"in": "path", "name": "id", "schema": {"type": "integer"}}]}


def addresses(*routes: Route, path: str, operation: Any = None, method: str = "get") -> list[str]:
    return [each.path for each in addresses_of(Table(routes, 1), "orders", method, path, operation or {})]


def orders(path: str, name: str = "orders", **more: Any) -> Route:
    return Route(name, "orders", path.encode(), **more)


def rewritten(path: str, **terms: str) -> Route:
    return orders(path, policies={"rewrite": Rewrite(**terms)})


class TestAddresses:
    def test_are_the_service_s_own_where_nothing_is_rewritten(self) -> None:
        assert addresses(orders("/orders"), path="/orders/{id}") == ["/orders/{id}"]

    @pytest.mark.parametrize(
        ("route", "path", "found"),
        [
            (rewritten("/shop", prefix="/v2"), "/v2/orders/{id}", ["/shop/orders/{id}"]),
            (rewritten("/shop", prefix="/v2"), "/v2", ["/shop"]),
            (rewritten("/shop", prefix="/v2"), "/v20/orders", []),
            (rewritten("/shop", prefix="/"), "/orders", ["/shop/orders"]),
            (rewritten("", prefix="/v2"), "/v2/orders", ["/orders"]),
        ],
    )
    def test_have_the_route_s_path_for_the_prefix(self, route: Route, path: str, found: list[str]) -> None:
        assert addresses(route, path=path) == found

    @pytest.mark.parametrize(
        ("route", "path", "found"),
        [
            (rewritten("/shop", pattern="^/shop/([0-9]+)$", to="/items/\\1"), "/items/{id}", ["/shop/{id}"]),
            (rewritten("/shop", pattern="^/shop/([0-9]+)$", to="/items/\\1"), "/items", []),
            (rewritten("/shop", pattern="^/shop", to="/items"), "/items/{id}/parts", ["/shop/{id}/parts"]),
            (rewritten("/shop", pattern="^/shop/([a-z]+)/([0-9]+)$", to="/\\1/at/\\2"), "/x/at/{id}", ["/shop/x/{id}"]),
            (rewritten("/shop", pattern="^/s.*p/([0-9]+)$", to="/items/\\1"), "/items/{id}", []),
            (rewritten("/items", pattern="^/old", to="/new"), "/items/{id}", ["/items/{id}"]),
        ],
    )
    def test_are_found_again_behind_a_pattern(self, route: Route, path: str, found: list[str]) -> None:
        assert addresses(route, path=path, operation=NUMBER) == found

    def test_are_those_that_the_table_leads_to(self) -> None:
        others = Route("theirs", "users", b"/orders/audit")

        assert addresses(orders("/orders"), others, path="/orders/audit") == []

    def test_are_for_the_methods_that_a_route_serves(self) -> None:
        route = orders("/orders", methods=frozenset((b"GET",)))

        assert addresses(route, path="/orders") == ["/orders"]
        assert addresses(route, path="/orders", method="post") == []

    def test_are_each_there_once(self) -> None:
        canary = orders("/orders", "canary", conditions=(Condition(Source.HEADER, "x-canary", "yes"),))

        [found] = addresses_of(Table((canary, orders("/orders")), 1), "orders", "get", "/orders", {})

        assert (found.path, found.route.name) == ("/orders", "orders")

    def test_fill_in_what_a_route_s_pattern_may_want(self) -> None:
        route = orders("/orders", pattern="/[0-9a-f-]{36}")
        uuid = {"parameters": [{"in": "path", "name": "id", "schema": {"type": "string", "format": "uuid"}}]}

        assert addresses(route, path="/orders/{id}", operation=uuid) == ["/orders/{id}"]
        assert addresses(route, path="/orders/{id}", operation=NUMBER) == []
