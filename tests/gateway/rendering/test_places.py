from gateway.data.routing.route import Route
from gateway.rendering.places import Place, for_host, hosts_in, places_of


def route(name: str, path: str, **more: object) -> Route:
    return Route(name, "orders", path.encode(), **more)  # type: ignore[arg-type]


def names(place: Place) -> list[str]:
    return [each.name for each in place.candidates]


class TestHosts:
    def test_have_the_routes_for_them_in_precedence(self) -> None:
        routes = [
            route("any", "/a"),
            route("wild", "/a", hosts=(b"*.test",)),
            route("name", "/a", hosts=(b"shop.test",)),
            route("other", "/a", hosts=(b"other.example",)),
        ]

        assert hosts_in(routes) == [b"*.test", b"other.example", b"shop.test", b""]
        assert [each.name for each in for_host(routes, b"shop.test")] == ["name", "wild", "any"]
        assert [each.name for each in for_host(routes, b"*.test")] == ["wild", "any"]
        assert [each.name for each in for_host(routes, b"")] == ["any"]


class TestPlaces:
    def test_know_their_only_route(self) -> None:
        places = places_of(for_host([route("exact", "/a", is_prefix=False), route("below", "/a")], b""))

        assert [(place.path, place.below, names(place)) for place in places] == [
            (b"/a", False, ["exact"]),
            (b"/a", True, ["below"]),
        ]
        assert [place.only is not None for place in places] == [True, True]

    def test_list_all_that_come_into_question_up_to_one_that_takes_all(self) -> None:
        routes = [
            route("root", ""),
            route("short", "/a"),
            route("posted", "/a/b", methods=frozenset((b"POST",))),
            route("hasty", "/a", priority=1, pattern="/[a-z]"),
        ]

        places = {(place.path, place.below): place for place in places_of(for_host(routes, b""))}

        assert names(places[b"/a/b", False]) == ["hasty"]
        assert names(places[b"/a/b", True]) == ["hasty", "posted", "short"]
        assert names(places[b"/a", False]) == ["short"]
        assert names(places[b"", True]) == ["root"]
