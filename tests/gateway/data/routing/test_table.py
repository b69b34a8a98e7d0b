import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.data.message.refusal import Refusal
from gateway.data.routing.conditions import Condition, Source
from gateway.data.routing.explanation import explain
from gateway.data.routing.route import Route
from gateway.data.routing.table import LOCAL, Table
from tests.gateway.making import asked, find

POST = frozenset((b"POST",))
TABLE = Table(
    [
        Route("orders", "orders", b"/orders"),
        Route("orders-place", "orders", b"/orders", is_prefix=False, methods=POST),
        Route("orders-admin", "orders", b"/orders/admin"),
        Route("orders-file", "orders", b"/orders/admin/file.json", is_prefix=False),
        Route("intake", "orders", b"/intake", methods=POST),
    ],
    version=7,
)


class TestTable:
    @pytest.mark.parametrize(
        ("method", "path", "name"),
        [
            ("GET", "/orders", "orders"),
            ("GET", "/orders/", "orders"),
            ("GET", "/orders/1/history", "orders"),
            ("POST", "/orders", "orders-place"),
            ("POST", "/orders/", "orders-place"),
            ("POST", "/orders/1", "orders"),
            ("GET", "/orders/admin", "orders-admin"),
            ("GET", "/orders/admin/a/b/c", "orders-admin"),
            ("GET", "/orders/admin/file.json", "orders-file"),
            ("GET", "/orders/admin/file.json/x", "orders-admin"),
            ("POST", "/intake/1", "intake"),
        ],
    )
    def test_takes_the_exact_path_then_the_longest_prefix(self, method: str, path: str, name: str) -> None:
        assert find(TABLE, method, path).name == name

    @pytest.mark.parametrize("path", ["/", "/ordersx", "/order", "/orders-admin", "/x/orders", "/ORDERS"])
    def test_leaves_every_other_path_to_this_process(self, path: str) -> None:
        assert find(TABLE, "GET", path) is LOCAL

    def test_refuses_a_method_that_nobody_serves_and_names_those_that_are(self) -> None:
        with pytest.raises(Refusal) as refused:
            find(TABLE, "GET", "/intake")

        assert refused.value.status == 405
        assert refused.value.headers == ((b"allow", b"POST"),)

    def test_looks_at_pattern_host_header_query_and_priority_in_the_documented_order(self) -> None:
        table = Table(
            [
                Route("any", "orders", b"/orders"),
                Route("pattern", "orders", b"/orders", pattern="/[0-9]+(/.*)?"),
                Route("longer", "orders", b"/orders/7/lines"),
                Route("canary", "orders", b"/orders", conditions=(Condition(Source.HEADER, "x-canary", "yes"),)),
                Route("beta", "orders", b"/orders", conditions=(Condition(Source.QUERY, "beta", "*"),)),
                Route("shop", "orders", b"", hosts=(b"shop.test",)),
                Route("all-shops", "orders", b"/orders", is_prefix=False, hosts=(b"*.shop.test",)),
                Route("closed", "orders", b"/orders/closed", priority=5),
                Route("emergency", "orders", b"", priority=9, conditions=(Condition(Source.HEADER, "x-now", "*"),)),
            ],
            version=1,
        )

        taken = {
            words: find(table, "GET", *words.split(" | ")[:1], *words.split(" | ")[1:]).name
            for words in (
                "/orders/x",
                "/orders/7",
                "/orders/7/",
                "/orders/7/lines/1",
                "/orders/x | x-canary: yes",
                "/orders/x | x-canary: no",
                "/orders/7 | x-canary: yes",
                "/orders/x?beta=",
                "/orders/closed",
                "/anything | x-now: 1",
            )
        }

        assert taken == {
            "/orders/x": "any",
            "/orders/7": "pattern",
            "/orders/7/": "pattern",
            "/orders/7/lines/1": "longer",
            "/orders/x | x-canary: yes": "canary",
            "/orders/x | x-canary: no": "any",
            "/orders/7 | x-canary: yes": "pattern",
            "/orders/x?beta=": "beta",
            "/orders/closed": "closed",
            "/anything | x-now: 1": "emergency",
        }
        assert find(table, "GET", "/orders/x", host="SHOP.test:8000").name == "shop"
        assert find(table, "GET", "/orders", host="a.b.shop.test").name == "all-shops"
        assert find(table, "GET", "/orders/x", host="a.shop.test").name == "any"
        assert find(table, "GET", "/orders/closed", host="shop.test").name == "closed"

    def test_tries_many_patterns_of_one_path_together(self) -> None:
        routes = [Route(f"r{number}", "orders", b"/orders", pattern=f"/{number}/[a-z]+") for number in range(200)]
        table = Table([*routes, Route("rest", "orders", b"/orders")], version=1)

        assert find(table, "GET", "/orders/177/abc").name == "r177"
        assert find(table, "GET", "/orders/177/ABC").name == "rest"

    def test_takes_as_many_steps_with_a_thousand_routes_as_with_one(self) -> None:
        def table(count: int) -> Table:
            plain = [Route(f"r{number}", "orders", b"/r%d" % number) for number in range(count)]
            patterns = [Route(f"p{number}", "orders", b"/p", pattern=f"/{number}") for number in range(count)]
            hosts = [Route(f"h{number}", "orders", b"/h", hosts=(b"h%d.test" % number,)) for number in range(count)]
            return Table([*plain, *patterns, *hosts], version=1)

        few, many = table(10), table(1000)

        for path in ("/r7/a/b", "/p/7", "/h/x", "/nowhere"):
            request = asked("GET", path, host="h7.test")
            assert calls(lambda: few.find(request)) == calls(lambda: many.find(request)), path  # noqa: B023


def calls(look: Callable[[], object]) -> int:
    """Return how many calls ``look`` makes, in Python and in C."""
    look()
    counted = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        look()
    finally:
        sys.setprofile(None)
    return counted


PATHS = st.sampled_from([b"", b"/a", b"/a/b", b"/a/b/c", b"/b"])
ROUTES = st.lists(
    st.builds(
        lambda path, is_prefix, methods, hosts, priority, pattern, header: {
            "path": path,
            "is_prefix": is_prefix or bool(pattern),
            "methods": frozenset(methods),
            "hosts": tuple(hosts),
            "priority": priority,
            "pattern": pattern,
            "conditions": (Condition(Source.HEADER, "x-a", "1"),) if header else (),
        },
        PATHS,
        st.booleans(),
        st.sets(st.sampled_from([b"GET", b"POST"]), max_size=1),
        st.lists(st.sampled_from([b"one.test", b"*.test", b"*.one.test"]), unique=True, max_size=2),
        st.sampled_from([0, 0, 1]),
        st.sampled_from(["", "", "/b.*", "/[a-c](/c)?"]),
        st.booleans(),
    ),
    max_size=9,
)


class TestExplain:
    @given(
        ROUTES,
        st.sampled_from(["/", "/a", "/a/", "/a/b", "/a/b/c", "/b/a", "/c"]),
        st.sampled_from(["GET", "POST"]),
        st.sampled_from(["one.test", "two.test:80", "x.one.test", "else"]),
        st.booleans(),
    )
    def test_takes_the_route_that_the_table_finds(
        self, described: list[dict[str, object]], path: str, method: str, host: str, header: bool
    ) -> None:
        table = Table([Route(f"r{n}", "orders", **terms) for n, terms in enumerate(described)], version=1)  # type: ignore[arg-type]
        request = asked(method, path, *(["x-a: 1"] if header else []), host=host)

        taken = [each.route for each in explain(table, request) if not each.reason]

        try:
            found = table.find(request)
        except Refusal:
            assert taken == []
        else:
            assert taken == ([] if found is LOCAL else [found])

    def test_says_why_each_other_route_lost(self) -> None:
        canary = Condition(Source.HEADER, "x-canary", "yes")
        table = Table(
            [
                Route("rest", "orders", b""),
                Route("orders", "orders", b"/orders"),
                Route("numbers", "orders", b"/orders", pattern="/[0-9]+"),
                Route("place", "orders", b"/orders/x", is_prefix=False, methods=POST),
                Route("canary", "orders", b"/orders", conditions=(canary,)),
                Route("shop", "orders", b"/orders", hosts=(b"shop.test",)),
                Route("elsewhere", "orders", b"/products"),
            ],
            version=1,
        )

        said = {each.route.name: each.reason for each in explain(table, asked("GET", "/orders/x"))}

        assert said == {
            "place": "it serves POST",
            "numbers": "/x does not match /[0-9]+",
            "shop": "it is for the host shop.test",
            "canary": "it wants header x-canary is 'yes'",
            "orders": "",
            "rest": "orders goes before it: longer path",
        }
