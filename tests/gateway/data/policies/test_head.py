import pytest

from gateway.data.message.refusal import Refusal
from gateway.data.policies.head import Head, head
from gateway.data.routing.route import Route
from tests.gateway.making import request

ROUTE = Route("small", "orders", b"/small")
SIZE = len("hostficus.test") + len("x-a1")


class TestHead:
    def test_lets_through_what_fits(self) -> None:
        made = request("GET", "/small?a", "X-A: 1", route=ROUTE)

        assert head(made, Head(size=max(SIZE, 64), fields=2, target=8)) is None  # type: ignore[func-returns-value]

    @pytest.mark.parametrize(
        ("terms", "expected"),
        [
            (Head(fields=1), (431, "head_too_large")),
            (Head(size=64), (431, "head_too_large")),
            (Head(target=7), (414, "target_too_long")),
        ],
        ids=str,
    )
    def test_refuses_what_is_too_much(self, terms: Head, expected: tuple[int, str]) -> None:
        made = request("GET", "/small?a", "X-A: " + "1" * 60, route=ROUTE)

        with pytest.raises(Refusal) as refused:
            head(made, terms)

        assert (refused.value.status, refused.value.code) == expected

    def test_must_say_something(self) -> None:
        assert list(Head().mistakes(ROUTE, ())) == ["say size, fields or target"]
        assert list(Head(fields=1).mistakes(ROUTE, ())) == []
