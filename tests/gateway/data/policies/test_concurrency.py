import pytest

from ficus.auth.principal import Principal
from gateway.data.message.refusal import Refusal
from gateway.data.message.request import Request
from gateway.data.policies.concurrency import Concurrency, concurrency
from gateway.data.routing.route import Access, Route
from gateway.data.runtime import Gateway
from tests.gateway.making import gateway, request

ROUTE = Route("orders", "orders", b"/orders")


def begun(door: Gateway, terms: Concurrency, subject: str = "ada") -> Request:
    made = request(route=ROUTE, within=door)
    made.principal = Principal(subject)
    concurrency(made, terms)
    return made


class TestConcurrency:
    def test_refuses_whoever_has_as_many_under_way(self) -> None:
        door, terms = gateway(), Concurrency(most=2)
        first, _ = begun(door, terms), begun(door, terms)
        begun(door, terms, "sam")

        with pytest.raises(Refusal) as refused:
            begun(door, terms)

        assert (refused.value.status, refused.value.extra) == (429, {"violated-policies": ["concurrency-subject"]})
        assert dict(refused.value.headers) == {
            b"retry-after": b"1",
            b"ratelimit-policy": b'"concurrency-subject";q=2;qu="concurrent-requests"',
            b"ratelimit": b'"concurrency-subject";r=0;t=1',
        }
        [end] = first.endings
        end()
        begun(door, terms)
        assert door.limiter.counts["orders", "concurrency", "refused"] == 1

    def test_leaves_nothing_behind(self) -> None:
        door = gateway()
        for made in [begun(door, Concurrency(most=9)) for _ in range(9)]:
            for end in made.endings:
                end()

        assert len(door.occupancy) == 0

    @pytest.mark.parametrize(("most", "workers", "here"), [(10, 4, 2), (3, 4, 1), (10, 1, 10)])
    def test_is_shared_out_among_workers(self, most: int, workers: int, here: int) -> None:
        door, terms = gateway(), Concurrency(most=most, by="route")
        door.limiter.workers = workers
        for number in range(here):
            begun(door, terms, str(number))

        with pytest.raises(Refusal):
            begun(door, terms, "one more")


class TestTerms:
    def test_count_nobody_where_nobody_is_known(self) -> None:
        public = Route("orders", "orders", b"/orders", access=Access.PUBLIC)

        assert list(Concurrency(most=1).mistakes(public, ())) == [
            "with access: public nobody is known; count by address or route"
        ]
        assert list(Concurrency(most=1, by="address").mistakes(public, ())) == []
