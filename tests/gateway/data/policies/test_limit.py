import pytest

from gateway.data.message.refusal import Refusal
from gateway.data.policies.limit import limit
from gateway.data.routing.route import Route
from tests.gateway.making import request

ROUTE = Route("small", "orders", b"/small", body_limit=10)


class TestLimit:
    @pytest.mark.parametrize("length", [0, 10, None])
    def test_lets_a_body_through_that_may_be_small_enough(self, length: int | None) -> None:
        made = request(route=ROUTE)
        made.length = length

        assert limit(made) is None  # type: ignore[func-returns-value]  # nothing refused, nothing to wait for

    def test_refuses_a_body_that_says_it_is_too_large(self) -> None:
        made = request(route=ROUTE)
        made.length = 11

        with pytest.raises(Refusal) as refused:
            limit(made)

        assert (refused.value.status, refused.value.closes) == (413, True)
