"""The cache without a socket: what is given, asked and kept; RFC 9111, sections 4.2.4, 4.3, 4.4, 5.2.1; RFC 9211."""

from collections.abc import Iterable
from typing import Any

import pytest

from gateway.data.cache.cache import Cache
from gateway.data.cache.purges import Kind, Purge
from gateway.data.message.at_once import AtOnce
from gateway.data.message.refusal import Refusal
from gateway.data.message.request import Request
from gateway.data.policies.cache import Cache as Terms
from gateway.data.policies.cache import cache as policy
from gateway.data.record import record
from gateway.data.routing.route import Access, Route
from gateway.data.runtime import Gateway
from tests.gateway.data.cache.making import Clock
from tests.gateway.making import gateway, request

ROUTE = Route("orders", "orders", b"/orders", access=Access.PUBLIC, policies={"cache": Terms()})
MINUTE = (b"cache-control", b"max-age=60")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def within(clock: Clock) -> Gateway:
    made = gateway(ROUTE)
    made.cache = Cache(1_000_000, clock=clock)
    made.cache.purges.last = 0
    return made


def ask(within: Gateway, *fields: str, terms: Terms | None = None, method: str = "GET", target: str = "/a") -> Request:
    """Return a request that the policy lets go on to the service."""
    asked = request(method, target, *fields, route=ROUTE, within=within)
    assert policy(asked, terms or Terms()) is None
    return asked


def given(within: Gateway, *fields: str, terms: Terms | None = None, method: str = "GET") -> AtOnce:
    """Return what the policy answers without asking the service."""
    with pytest.raises(AtOnce) as raised:
        policy(request(method, "/a", *fields, route=ROUTE, within=within), terms or Terms())
    return raised.value


def answer(asked: Request, status: int, fields: Iterable[tuple[bytes, bytes]] = (MINUTE,), body: bytes = b"") -> Any:
    """Have the service answer; return what the client gets instead, or None."""
    said = list(fields)
    instead = asked.stand_in.instead_of_answer(status, said) if asked.stand_in else None
    for watcher in asked.watchers:
        watcher.answer_began(status, said)
    for watcher in asked.watchers:
        watcher.answered(body)
        watcher.answer_ended(asked)
    record(asked, status, 0)
    return instead


class TestWhatClientsWish:
    @pytest.mark.parametrize("field", ["Cache-Control: no-store", "Range: bytes=0-1", "If-Match: x", "If-Range: x"])
    def test_may_be_that_the_cache_is_passed_by(self, within: Gateway, field: str) -> None:
        asked = ask(within, field)

        answer(asked, 200)

        assert (len(within.cache.memory), asked.stand_in, asked.watchers) == (0, None, ())
        assert said(asked) == "Ficus; fwd=request"

    def test_is_no_order_to_ask_the_service_unless_the_route_lets_it_be(self, within: Gateway, clock: Clock) -> None:
        answer(ask(within), 200)
        clock.now += 10
        willing = Terms(clients_may_refresh=True)

        for field in ("Cache-Control: no-cache", "Cache-Control: max-age=5", "Cache-Control: min-fresh=55"):
            assert given(within, field).status == 200
            ask(within, field, terms=willing)
            within.cache.flights.clear()
        assert given(within, "Cache-Control: max-age=20, min-fresh=45", terms=willing).status == 200

    def test_is_nothing_but_what_is_kept_or_504(self, within: Gateway) -> None:
        with pytest.raises(Refusal) as refused:
            ask(within, "Cache-Control: only-if-cached")
        assert (refused.value.status, refused.value.code) == (504, "not_cached")

        answer(ask(within), 200)
        assert given(within, "Cache-Control: only-if-cached").status == 200


class TestGiven:
    def test_says_its_age_and_how_long_it_stays_fresh(self, within: Gateway, clock: Clock) -> None:
        answer(
            ask(within), 200, [MINUTE, (b"age", b"7"), (b"x-own", b"1"), (b"connection", b"x-hop"), (b"x-hop", b"1")]
        )
        clock.now += 3

        fields = dict(given(within).headers)

        assert fields[b"age"] == b"10"
        assert fields[b"cache-status"] == b"Ficus; hit; ttl=50"
        assert fields[b"x-own"] == b"1"
        assert b"x-hop" not in fields
        assert b"date" in fields

    def test_is_as_old_as_its_date_says(self, within: Gateway) -> None:
        answer(ask(within), 200, [MINUTE, (b"date", b"Mon, 21 Sep 2026 14:12:50 GMT")])  # half a minute ago

        assert dict(given(within).headers)[b"age"] == b"30"

    def test_is_not_what_is_stale(self, within: Gateway, clock: Clock) -> None:
        answer(ask(within), 200)
        clock.now += 60

        asked = ask(within)

        assert said(asked) == "Ficus; fwd=stale"

    def test_answers_head_from_get_but_is_never_kept_of_head(self, within: Gateway) -> None:
        answer(ask(within, method="HEAD"), 200)
        assert len(within.cache.memory) == 0

        answer(ask(within), 200, body=b"whole")
        assert given(within, method="HEAD").body == b"whole"

    def test_is_counted(self, within: Gateway) -> None:
        answer(ask(within), 200)
        given(within)
        given(within)

        assert within.cache.take() == {("orders", "miss"): 1, ("orders", "answers kept"): 1, ("orders", "hit"): 2}
        assert within.cache.take() == {}


class TestConfirmedAnswer:
    def stale(self, within: Gateway, clock: Clock, *more: tuple[bytes, bytes]) -> Request:
        """Return the request that asks whether what is kept still holds."""
        answer(
            ask(within), 200, [MINUTE, (b"etag", b'"a"'), (b"x-old", b"1"), (b"content-type", b"a/b"), *more], b"whole"
        )
        clock.now += 100
        return ask(within)

    def test_is_as_the_304_says(self, within: Gateway, clock: Clock) -> None:
        asked = self.stale(within, clock)
        assert asked.kept == [(b"if-none-match", b'"a"')]

        instead = answer(asked, 304, [MINUTE, (b"x-old", b"2"), (b"content-type", b"wrong/type"), (b"etag", b'"a"')])

        fields = dict(instead.headers)
        assert (instead.status, instead.body) == (200, b"whole")
        assert (fields[b"x-old"], fields[b"content-type"], fields[b"age"]) == (b"2", b"a/b", b"0")
        assert dict(given(within).headers)[b"cache-status"] == b"Ficus; hit; ttl=60"

    def test_is_given_once_more_and_forgotten_if_it_may_not_be_kept_any_longer(
        self, within: Gateway, clock: Clock
    ) -> None:
        instead = answer(self.stale(within, clock), 304, [(b"cache-control", b"no-store")])

        assert instead.body == b"whole"
        assert len(within.cache.memory) == 0

    def test_is_none_if_the_304_is_about_another(self, within: Gateway, clock: Clock) -> None:
        instead = answer(self.stale(within, clock), 304, [MINUTE, (b"etag", b'"b"')])

        assert instead.status == 502
        assert len(within.cache.memory) == 0

    def test_gives_way_to_a_new_one(self, within: Gateway, clock: Clock) -> None:
        assert answer(self.stale(within, clock), 200, [MINUTE], b"new") is None

        assert given(within).body == b"new"
        assert len(within.cache.memory) == 1

    def test_is_forgotten_when_the_new_one_is_for_nobody_else(self, within: Gateway, clock: Clock) -> None:
        answer(self.stale(within, clock), 200, [(b"cache-control", b"private")])

        assert len(within.cache.memory) == 0


class TestThrownAway:
    def test_is_what_was_asked_for_before_a_purge_and_came_after_it(self, within: Gateway) -> None:
        asked = ask(within)
        within.cache.purges.learn(Purge(5, Kind.TAG, "goods"), within.cache.memory)

        answer(asked, 200, [MINUTE, (b"cache-tag", b"goods, other")])

        assert len(within.cache.memory) == 0
        answer(ask(within), 200, [MINUTE, (b"cache-tag", b"goods")])
        assert len(within.cache.memory) == 1

    def test_is_what_was_asked_for_before_a_change_and_came_after_it(self, within: Gateway, clock: Clock) -> None:
        asked = ask(within)
        answer(ask(within, method="PUT"), 204, [])

        answer(asked, 200)

        assert len(within.cache.memory) == 0

    @pytest.mark.parametrize(("method", "status", "left"), [("POST", 201, 0), ("DELETE", 404, 1), ("OPTIONS", 200, 1)])
    def test_is_what_a_request_has_changed(self, within: Gateway, method: str, status: int, left: int) -> None:
        answer(ask(within), 200)

        answer(ask(within, method=method), status, [])

        assert len(within.cache.memory) == left

    def test_is_what_is_too_large(self, within: Gateway) -> None:
        answer(ask(within, terms=Terms(body_limit=3)), 200, body=b"four")
        within.cache.flights.clear()
        answer(ask(within, terms=Terms(body_limit=3)), 200, [MINUTE, (b"content-length", b"4")])

        assert len(within.cache.memory) == 0


class TestFailure:
    def test_of_the_gateway_itself_is_met_with_what_is_kept(self, within: Gateway, clock: Clock) -> None:
        terms = Terms(stale_if_error_seconds=100)
        answer(ask(within, terms=terms), 200, body=b"old")
        clock.now += 100
        asked = ask(within, terms=terms)
        assert asked.stand_in is not None

        for status, kept in ((504, True), (503, True), (429, False), (413, False)):
            refusal = Refusal(status, "x", "x")
            instead = asked.stand_in.instead_of(refusal)
            assert (instead is not refusal) is kept

    def test_beyond_the_time_allowed_is_a_failure(self, within: Gateway, clock: Clock) -> None:
        terms = Terms(stale_if_error_seconds=10)
        answer(ask(within, terms=terms), 200, body=b"old")
        clock.now += 71

        assert answer(ask(within, terms=terms), 503, []) is None
        assert within.cache.memory.find(within.cache.key(request("GET", "/a", route=ROUTE)), request(route=ROUTE))


def said(asked: Request) -> str:
    """Return what the answer to a request that goes on would say of the cache."""
    fields: list[tuple[bytes, bytes]] = []
    for alteration in asked.alterations:
        fields = alteration(asked, 200, fields)
    return dict(fields)[b"cache-status"].decode()
