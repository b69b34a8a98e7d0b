from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.control import services, snapshot
from gateway.control.models import Route, Service
from gateway.control.validation import InvalidTable
from gateway.data.routing.route import Access
from tests.gateway.making import find

pytestmark = pytest.mark.django_db

SAID: Any = {"by": "olga", "reason": "Because", "at": datetime(2026, 11, 1, tzinfo=UTC)}


@pytest.fixture
def orders() -> Service:
    return Service.objects.get(name="orders")


class TestSave:
    def test_keeps_a_route_and_makes_a_new_version(self, orders: Service) -> None:
        before = snapshot.version()

        version = services.save(
            Route(name="more", service=orders, path="/more", methods="get post", access="public"), **SAID
        ).version

        table = snapshot.load()
        found = find(table, "POST", "/more/1")
        assert version == table.version == before + 1
        assert (found.name, found.service, found.access) == ("more", "orders", Access.PUBLIC)
        assert found.methods == {b"GET", b"POST"}

    def test_refuses_a_route_that_makes_the_table_unsound_and_keeps_nothing(self, orders: Service) -> None:
        before = snapshot.version()

        with pytest.raises(InvalidTable) as refused:
            services.save(Route(name="bad", service=orders, path="/admin"), **SAID)

        assert refused.value.mistakes == ["bad: it would hide /admin, which the gateway answers itself"]
        assert not Route.objects.filter(name="bad").exists()
        assert snapshot.version() == before

    def test_leaves_inactive_routes_out_of_the_table(self, orders: Service) -> None:
        services.save(Route(name="later", service=orders, path="/later", is_active=False), **SAID)

        assert "later" not in [route.name for route in snapshot.load().routes]


class TestRemove:
    def test_takes_a_route_out_and_makes_a_new_version(self) -> None:
        before = snapshot.version()

        services.remove([Route.objects.get(name="products")], **SAID)

        assert find(snapshot.load(), "GET", "/products").service == ""
        assert snapshot.version() == before + 1


class TestSnapshot:
    def test_is_read_again_only_if_it_changed(self, orders: Service) -> None:
        version = snapshot.version()

        assert snapshot.load_if_changed(version) is None
        services.save(Route(name="more", service=orders, path="/more"), **SAID)
        table = snapshot.load_if_changed(version)

        assert table is not None
        assert table.version == version + 1

    def test_of_a_new_installation_serves_the_paths_of_the_api(self) -> None:
        table = snapshot.load()
        found = {
            (method, path): (route.service, route.access.value)
            for method, path in (
                (b"POST", b"/auth/token"),
                (b"POST", b"/oauth/token"),
                (b"GET", b"/oauth/authorize"),
                (b"GET", b"/.well-known/jwks.json"),
                (b"POST", b"/users"),
                (b"GET", b"/users"),
                (b"GET", b"/users/me"),
                (b"GET", b"/users/admin/"),
                (b"GET", b"/users/static/a.css"),
                (b"GET", b"/products"),
                (b"POST", b"/orders"),
                (b"GET", b"/orders/1/history"),
                (b"GET", b"/orders/admin/orders/order/"),
                (b"GET", b"/orders/openapi.json"),
                (b"GET", b"/monolith/static/a.css"),
                (b"GET", b"/me"),
                (b"GET", b"/admin/"),
                (b"GET", b"/metrics"),
            )
            for route in [find(table, method.decode(), path.decode())]
        }

        assert found == {
            (b"POST", b"/auth/token"): ("users", "public"),
            (b"POST", b"/oauth/token"): ("users", "public"),
            (b"GET", b"/oauth/authorize"): ("users", "optional"),
            (b"GET", b"/.well-known/jwks.json"): ("users", "public"),
            (b"POST", b"/users"): ("users", "optional"),
            (b"GET", b"/users"): ("users", "signed in"),
            (b"GET", b"/users/me"): ("users", "signed in"),
            (b"GET", b"/users/admin/"): ("users", "signed in"),
            (b"GET", b"/users/static/a.css"): ("users", "public"),
            (b"GET", b"/products"): ("orders", "optional"),
            (b"POST", b"/orders"): ("orders", "signed in"),
            (b"GET", b"/orders/1/history"): ("orders", "signed in"),
            (b"GET", b"/orders/admin/orders/order/"): ("orders", "signed in"),
            (b"GET", b"/orders/openapi.json"): ("orders", "public"),
            (b"GET", b"/monolith/static/a.css"): ("users", "public"),
            (b"GET", b"/me"): ("", "optional"),
            (b"GET", b"/admin/"): ("", "optional"),
            (b"GET", b"/metrics"): ("", "public"),
        }
        assert find(table, "POST", "/orders").waits
