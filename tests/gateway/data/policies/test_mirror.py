import pytest

from gateway.data.policies.mirror import Mirror, mirror
from gateway.data.routing.route import Route
from tests.gateway.making import request

ROUTE = Route("orders", "orders", b"/orders")


def watched(method: str, terms: Mirror) -> int:
    asked = request(method, route=ROUTE)
    mirror(asked, terms)
    return len(asked.watchers)


class TestMirror:
    @pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
    def test_watches_requests_that_change_nothing(self, method: str) -> None:
        assert watched(method, Mirror(to="next")) == 1

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
    def test_watches_others_only_if_the_route_consents(self, method: str) -> None:
        assert watched(method, Mirror(to="next")) == 0
        assert watched(method, Mirror(to="next", unsafe=True)) == 1

    def test_takes_its_share_alone(self) -> None:
        assert sum(watched("GET", Mirror(to="next", percent=0)) for _ in range(100)) == 0
        some = sum(watched("GET", Mirror(to="next", percent=50)) for _ in range(400))
        assert 100 < some < 300  # 200 and ten standard deviations

    def test_is_refused_where_effects_would_be_doubled(self) -> None:
        assert list(Mirror(to="orders", unsafe=True).mistakes(ROUTE, ("orders",))) == [
            "orders would do unsafe requests twice"
        ]
        assert list(Mirror(to="gone").mistakes(ROUTE, ("orders",))) == ["no address of the service gone is configured"]
