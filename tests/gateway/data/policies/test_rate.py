import pytest

from ficus.auth.principal import Principal
from gateway.data.alteration import altered
from gateway.data.limiting.gcra import SECOND
from gateway.data.limiting.limiter import Limiter
from gateway.data.message.refusal import Refusal
from gateway.data.message.request import Request
from gateway.data.policies.rate import Rate, rate
from gateway.data.routing.route import Access, Route
from gateway.data.runtime import Gateway
from tests.gateway.making import gateway, request

ROUTE = Route("orders", "orders", b"/orders")
OTHER = Route("others", "orders", b"/others")


class Clock:
    def __init__(self) -> None:
        self.now = 1000 * SECOND

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def door(clock: Clock) -> Gateway:
    made = gateway()
    # One worker that has Redis at hand, and never asks it here.
    made.limiter = Limiter(clock=clock)
    return made


def asked(door: Gateway, terms: Rate, *, subject: str = "ada", route: Route = ROUTE) -> Request:
    """:raises Refusal: if the policy does."""
    made = request(route=route, within=door)
    made.principal = Principal(subject) if subject else None
    made.arrived = 0.0
    rate(made, terms)
    return made


def told(made: Request) -> dict[bytes, bytes]:
    return dict(altered(made, 200, []))


def refused(door: Gateway, terms: Rate, **who: str) -> tuple[Refusal, dict[bytes, bytes]]:
    """Return the refusal, and what of limits the client is told with it."""
    made = request(route=ROUTE, within=door)
    made.principal = Principal(who.get("subject", "ada"))
    with pytest.raises(Refusal) as refusal:
        rate(made, terms)
    return refusal.value, told(made)


class TestRate:
    def test_tells_what_is_allowed_and_what_is_left(self, door: Gateway) -> None:
        terms = Rate(limits=["10/minute by subject"])

        assert [told(asked(door, terms)) for _ in range(2)] == [
            {b"ratelimit-policy": b'"subject-60";q=10;w=60', b"ratelimit": b'"subject-60";r=9;t=6'},
            {b"ratelimit-policy": b'"subject-60";q=10;w=60', b"ratelimit": b'"subject-60";r=8;t=6'},
        ]

    def test_says_when_to_come_back_in_the_same_words_everywhere(self, door: Gateway, clock: Clock) -> None:
        terms = Rate(limits=["2/minute by subject"])
        for _ in range(2):
            asked(door, terms)
        clock.now += 500_000

        refusal, fields = refused(door, terms)

        assert (refusal.status, refusal.code) == (429, "quota_exceeded")
        assert refusal.headers == ((b"retry-after", b"30"),)
        assert refusal.detail == "That is more than is allowed here; come back in 30 s."
        assert refusal.extra == {"violated-policies": ["subject-60"]}
        assert fields == {b"ratelimit-policy": b'"subject-60";q=2;w=60', b"ratelimit": b'"subject-60";r=0;t=30'}

    def test_serves_again_whoever_waited_for_as_long_as_was_said(self, door: Gateway, clock: Clock) -> None:
        terms = Rate(limits=["7/hour by subject burst 1"])
        asked(door, terms)
        refusal, _ = refused(door, terms)

        clock.now += int(refusal.headers[0][1]) * SECOND

        assert told(asked(door, terms))[b"ratelimit"] == b'"subject-3600";r=0;t=515'

    def test_holds_all_limits_and_names_those_that_are_spent(self, door: Gateway) -> None:
        terms = Rate(limits=["1/10s by subject", "2/hour by address"])
        assert told(asked(door, terms))[b"ratelimit"] == b'"subject-10";r=0;t=10, "address-3600";r=1;t=1800'

        first, fields = refused(door, terms)
        asked(door, terms, subject="sam")
        second, _ = refused(door, terms)

        assert (first.extra, first.headers) == ({"violated-policies": ["subject-10"]}, ((b"retry-after", b"10"),))
        assert fields[b"ratelimit"] == b'"subject-10";r=0;t=10'
        assert fields[b"ratelimit-policy"] == b'"subject-10";q=1;w=10, "address-3600";q=2;w=3600'
        assert second.extra == {"violated-policies": ["subject-10", "address-3600"]}
        assert second.headers == ((b"retry-after", b"1800"),)

    def test_counts_each_route_by_itself_unless_they_share_a_bucket(self, door: Gateway) -> None:
        alone, shared = Rate(limits=["1/minute by subject"]), Rate(limits=["1/minute by subject"], bucket="api")

        asked(door, alone)
        asked(door, alone, route=OTHER)
        asked(door, shared)

        with pytest.raises(Refusal):
            asked(door, shared, route=OTHER)

    def test_counts_people_apart(self, door: Gateway) -> None:
        terms = Rate(limits=["1/minute by subject"])

        for subject in ("ada", "sam", ""):
            asked(door, terms, subject=subject)

        with pytest.raises(Refusal):
            asked(door, terms, subject="sam")

    def test_keeps_to_its_share_where_it_is_one_of_several_that_know_nothing_of_each_other(self) -> None:
        door = gateway()
        door.limiter = Limiter(workers=4)
        terms = Rate(limits=["8/hour by subject"], exact=True)

        assert told(asked(door, terms)) == {
            b"ratelimit-policy": b'"subject-3600";q=8;w=3600',
            b"ratelimit": b'"subject-3600";r=1;t=1800',
        }
        asked(door, terms)
        refusal, _ = refused(door, terms)
        assert refusal.headers == ((b"retry-after", b"1800"),)

    def test_is_counted_by_route_and_outcome(self, door: Gateway) -> None:
        terms = Rate(limits=["1/minute by subject"])
        asked(door, terms)
        refused(door, terms)

        assert dict(door.limiter.counts) == {
            ("orders", "rate", "admitted alone"): 1,
            ("orders", "subject-60", "refused alone"): 1,
        }


class TestTerms:
    def mistakes(self, *limits: str, access: Access = Access.SIGNED_IN) -> list[str]:
        route = Route("orders", "orders", b"/orders", access=access)
        return list(Rate(limits=list(limits)).mistakes(route, ()))

    def test_name_every_line_that_is_no_limit(self) -> None:
        assert self.mistakes("1/minute by subject", "often", "0/minute by route") == [
            "'often' is no limit; one is 100/minute by subject, or 5/10s by address burst 2",
            "'0/minute by route': at least one request must be allowed",
        ]

    def test_are_of_one_name_each(self) -> None:
        assert self.mistakes("1/minute by subject", "2/60s by subject") == [
            "two limits are subject-60; of one window and one kind there is one"
        ]

    @pytest.mark.parametrize("by", ["subject", "client"])
    def test_count_nobody_where_nobody_is_known(self, by: str) -> None:
        assert self.mistakes(f"1/minute by {by}", access=Access.PUBLIC) == [
            "with access: public nobody is known; count by address or route"
        ]
        assert self.mistakes(f"1/minute by {by}", access=Access.OPTIONAL) == []
