from collections import Counter

from gateway.data.policies.split import Split, split
from gateway.data.routing.route import Route
from gateway.data.upstream.upstream import Upstream
from tests.gateway.making import gateway, request

ROUTE = Route("orders", "orders", b"/orders")


class TestSplit:
    def test_gives_each_service_its_share(self) -> None:
        within = gateway()
        within.upstreams = {**within.upstreams, "next": Upstream("next", ["http://127.0.0.1:2"])}
        terms = Split(weights={"orders": 3, "next": 1, "none": 0})
        chosen: Counter[str] = Counter()

        for _ in range(2000):
            asked = request(route=ROUTE, within=within)
            split(asked, terms)
            chosen[asked.upstream.name] += 1

        assert set(chosen) == {"orders", "next"}
        assert 350 < chosen["next"] < 650  # 500 and eight standard deviations

    def test_names_services_that_are_none_and_weights_that_share_out_nothing(self) -> None:
        terms = Split(weights={"orders": 0, "gone": 0})

        assert list(terms.mistakes(ROUTE, ("orders",))) == [
            "no address of the service gone is configured",
            "all weights are 0",
        ]
