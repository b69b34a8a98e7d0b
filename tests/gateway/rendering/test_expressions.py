import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gateway.data.message.path import canonical
from gateway.data.message.refusal import Refusal
from gateway.data.policies.rewrite import Rewrite, rewrite
from gateway.data.routing.patterns import substituted
from gateway.data.routing.route import Route
from gateway.rendering.expressions import (
    CLIMBING,
    PATH,
    TooManyGroups,
    escaped_or_not,
    more_than,
    rewriting,
)
from tests.gateway.making import request

PIECES = ["/", ".", "..", "a", "%", "%2f", "%2E", "%41", "%c3%a9", "%ff", "%ed%a0%80", "%f0%9f%98%80", ";", "\\", "~"]


class TestMoreThan:
    @given(limit=some.integers(0, 10**12), number=some.integers(0, 10**13))
    def test_matches_the_digits_of_larger_numbers_alone(self, limit: int, number: int) -> None:
        assert bool(re.search(more_than(limit), str(number))) == (number > limit)

    @pytest.mark.parametrize(("limit", "number", "more"), [(9, "10", True), (10, "0010", False), (10, "0011", True)])
    def test_is_not_misled_by_zeros(self, limit: int, number: str, more: bool) -> None:
        assert bool(re.search(more_than(limit), number)) == more


class TestPath:
    @given(some.lists(some.sampled_from(PIECES), max_size=8).map(lambda pieces: "/" + "".join(pieces)))
    def test_and_climbing_refuse_what_the_gateway_refuses(self, path: str) -> None:
        try:
            canonical(path.encode(), b"")
            good = True
        except Refusal:
            good = False

        assert bool(re.fullmatch(f"/{PATH}", path) and not re.search(CLIMBING, path)) == good


class TestEscapedOrNot:
    @pytest.mark.parametrize("query", ["a b", "a+b", "%61%20b", "a%20%62"])
    def test_matches_a_value_however_it_is_written(self, query: str) -> None:
        assert bool(re.fullmatch(escaped_or_not("a b"), query)) == (query != "a b")


class TestRewriting:
    @pytest.mark.parametrize(
        ("terms", "path"),
        [
            (Rewrite(prefix="/v2"), "/shop"),
            (Rewrite(prefix="/v2"), "/shop/a/"),
            (Rewrite(prefix="/"), "/shop"),
            (Rewrite(prefix="/"), "/shop/a"),
            (Rewrite(pattern="^/shop/([0-9]+)/(.*)$", to=r"/\2/of/\1"), "/shop/7/lines"),
            (Rewrite(pattern="o", to="0"), "/shop/no"),
            (Rewrite(pattern="/[0-9]+", to=r"/n\0"), "/shop/12/3"),
        ],
    )
    def test_does_what_the_policy_does(self, terms: Rewrite, path: str) -> None:
        route = Route("shop", "orders", b"/shop")
        asked = request("GET", path, route=route)
        asked.path = path.encode()
        rewrite(asked, terms)

        pattern, to = rewriting(route, terms)

        assert substituted(pattern, to, path.encode()) == asked.onward_path

    def test_says_when_there_are_too_many_groups(self) -> None:
        with pytest.raises(TooManyGroups):
            rewriting(Route("shop", "orders", b"/shop"), Rewrite(pattern="(a)" * 7, to=r"\7"))
