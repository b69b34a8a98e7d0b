import pytest

from gateway.control.validation import mistakes_in
from gateway.data.routing.route import Route

SERVICES = ("users", "orders")


def route(path: str = "/orders", name: str = "a", *methods: str, **terms: object) -> Route:
    kept = {"service": "orders", **terms}
    return Route(name=name, path=path.encode(), methods=frozenset(each.encode() for each in methods), **kept)  # type: ignore[arg-type]


class TestSoundTable:
    @pytest.mark.parametrize(
        "routes",
        [
            [],
            [route()],
            [route("/.well-known")],
            [route("", is_prefix=False)],
            [route("/orders/admin"), route("/orders", "b")],
            [route("/orders", "a", "GET"), route("/orders", "b", "POST")],
            [route("/orders", "a", "GET"), route("/orders", "b")],
            [route("/orders", "a", is_prefix=False), route("/orders", "b")],
            [route("/users/me"), route("/documents", "b")],
        ],
        ids=str,
    )
    def test_has_no_mistakes(self, routes: list[Route]) -> None:
        assert mistakes_in(routes, SERVICES) == []


class TestUnsoundTable:
    @pytest.mark.parametrize(
        ("wrong", "mistake"),
        [
            (route(service="stock"), "a: no address of the service stock is configured"),
            (route("/orders/"), "a: /orders/ is not canonical; that would be /orders"),
            (route("/orders//a"), "a: /orders//a is not canonical; that would be /orders/a"),
            (route("/%41"), "a: /%41 is not canonical; that would be /A"),
            (route("/a?b"), "a: /a?b is not canonical; that would be /a"),
            (route("/a/../b"), "a: /a/../b: The path climbs out of itself."),
            (route(""), "a: it would hide /admin, which the gateway answers itself"),
            (route("/admin"), "a: it would hide /admin, which the gateway answers itself"),
            (route("/me", is_prefix=False), "a: it would hide /me, which the gateway answers itself"),
            (route("/orders", "a", "TRACE"), "a: the gateway does not serve the method TRACE"),
            (route(timeout_seconds=31.0), "a: a timeout is at most 30 seconds"),
            (route(timeout_seconds=0.0), "a: a timeout is at most 30 seconds"),
        ],
        ids=str,
    )
    def test_names_what_is_wrong_with_a_route(self, wrong: Route, mistake: str) -> None:
        assert mistakes_in([wrong], SERVICES) == [mistake]

    def test_names_routes_that_serve_the_same(self) -> None:
        routes = [
            route("/a", "one", "GET", "POST"),
            route("/a", "two", "POST"),
            route("/a", "three"),
            route("/a", "four"),
        ]

        assert mistakes_in(routes, SERVICES) == [
            "one and two both serve POST /a",
            "three and four both serve /a",
        ]

    def test_names_every_mistake(self) -> None:
        assert len(mistakes_in([route(service="x"), route("/b/", "b"), route("/admin", "c")], SERVICES)) == 3
