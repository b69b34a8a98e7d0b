import asyncio
import time
from typing import Any

import pytest

from ficus.auth.revocations import SESSION, mark
from ficus.testing import tokens
from gateway.data.message.refusal import Refusal
from gateway.data.message.request import Request
from gateway.data.policies.authenticate import authenticate
from gateway.data.routing.route import Access, Route
from tests.ficus.auth.hostile import CASES, Case
from tests.gateway.making import FakeSessions, gateway, request
from tests.outbound import trap, was_entered, watched

PUBLIC = Route("public", "orders", b"/auth", access=Access.PUBLIC)
OPTIONAL = Route("optional", "orders", b"/products", access=Access.OPTIONAL)
SIGNED_IN = Route("signed-in", "orders", b"/orders")
COOKIE = "Cookie: gateway_session=s"


def judged(made: Request) -> Request:
    """Return the request after the policy, waited for if it waits."""

    async def judge() -> None:
        waiting = authenticate(made)
        if waiting is not None:
            await waiting

    asyncio.run(judge())
    return made


def with_session(*fields: str, method: str = "GET", route: Route = SIGNED_IN, token: str = "", **more: Any) -> Request:
    sessions = FakeSessions(s=token or tokens.token(username="olga"))
    return request(method, "/orders", COOKIE, *fields, route=route, within=gateway(sessions=sessions), **more)


class TestToken:
    def test_that_holds_makes_its_subject_the_principal(self) -> None:
        token = tokens.token(username="ada")

        made = judged(request("GET", "/orders", f"Authorization: bearer  {token}", route=SIGNED_IN))

        assert made.principal is not None
        assert made.principal.username == "ada"
        assert made.authorization == b"Bearer " + token.encode()

    @pytest.mark.parametrize("route", [OPTIONAL, SIGNED_IN])
    @pytest.mark.parametrize("token", ["", "x", "a.b.c", "\N{LATIN SMALL LETTER E WITH ACUTE}", "a" * 9000])
    def test_that_does_not_hold_is_refused(self, route: Route, token: str) -> None:
        with pytest.raises(Refusal) as refused:
            judged(request("GET", "/orders", f"Authorization: Bearer {token}", route=route))

        assert (refused.value.status, refused.value.code) == (401, "invalid_token")

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
    def test_that_is_hostile_is_refused_and_nobody_is_asked(self, case: Case) -> None:
        with trap() as attacker:
            token = case.make(f"http://127.0.0.1:{attacker.getsockname()[1]}")
            asking = request("GET", "/orders", f"Authorization: Bearer {token}", route=SIGNED_IN)

            with watched() as reached, pytest.raises(Refusal) as refused:
                judged(asking)

            assert (refused.value.status, refused.value.code, asking.principal) == (401, "invalid_token", None)
            assert reached == []
            assert not was_entered(attacker)

    def test_is_not_looked_at_on_a_public_route(self) -> None:
        made = judged(request("POST", "/auth/refresh", "Authorization: Bearer x", route=PUBLIC))

        assert (made.principal, made.authorization) == (None, b"Bearer x")

    def test_that_is_missing_matters_where_the_route_asks(self) -> None:
        assert judged(request(route=OPTIONAL)).principal is None
        with pytest.raises(Refusal) as refused:
            judged(request(route=SIGNED_IN))

        assert (refused.value.status, refused.value.location) == (401, b"")

    def test_that_is_missing_sends_a_browser_to_sign_in(self) -> None:
        with pytest.raises(Refusal) as refused:
            judged(request("GET", "/orders/1", "Accept: text/html", route=SIGNED_IN))

        assert refused.value.location == b"/login?next=/orders/1"


class TestSession:
    def test_stands_for_its_token(self) -> None:
        made = judged(with_session())

        assert made.principal is not None
        assert made.principal.username == "olga"
        assert made.authorization.startswith(b"Bearer ey")

    def test_is_looked_up_once_for_a_moment(self) -> None:
        sessions = FakeSessions(s=tokens.token())
        within = gateway(sessions=sessions)

        for _ in range(3):
            judged(request("GET", "/orders", COOKIE, route=SIGNED_IN, within=within))

        assert sessions.asked == ["s"]

    def test_whose_token_holds_no_longer_is_as_good_as_none(self) -> None:
        expired = tokens.sign(tokens.claims(exp=int(time.time()) - 1))

        assert judged(with_session(route=OPTIONAL, token=expired)).authorization == b""
        with pytest.raises(Refusal) as refused:
            judged(with_session(token=expired))
        assert refused.value.code == "unauthorized"

    def test_goes_on_with_another_token_where_this_one_is_refused_before_its_time(self) -> None:
        was, now = (tokens.token(username="olga", roles=[role], sid=role) for role in ("operator", "support"))
        sessions = FakeSessions(s=was)
        sessions.renewed = {"s": now}
        within = gateway(sessions=sessions)
        within.tokens.revoke({mark(SESSION, "operator"): time.time()}, token_seconds=300)

        for _ in range(2):
            made = judged(request("GET", "/orders", COOKIE, route=SIGNED_IN, within=within))

        assert made.principal is not None
        assert (made.principal.roles, made.authorization) == ({"support"}, b"Bearer " + now.encode())
        assert sessions.asked == ["s", f"s without {was}"]

    def test_is_not_looked_at_on_a_public_route(self) -> None:
        assert judged(with_session(route=PUBLIC)).authorization == b""

    def test_with_a_key_that_is_none_is_not_looked_up(self) -> None:
        sessions = FakeSessions()
        long = "Cookie: gateway_session=" + "a" * 65

        judged(request("GET", "/products", long, route=OPTIONAL, within=gateway(sessions=sessions)))

        assert sessions.asked == []

    @pytest.mark.parametrize(
        "fields", [(), ("Sec-Fetch-Site: cross-site",), ("Sec-Fetch-Site: none",), ("Origin: null",)], ids=str
    )
    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
    def test_serves_no_unsafe_request_of_another_site(self, method: str, fields: tuple[str, ...]) -> None:
        with pytest.raises(Refusal) as refused:
            judged(with_session(*fields, method=method))

        assert (refused.value.status, refused.value.code) == (403, "cross_origin")

    @pytest.mark.parametrize(
        "field", ["Sec-Fetch-Site: same-origin", "Origin: http://ficus.test", "Origin: https://ficus.test"]
    )
    def test_serves_an_unsafe_request_of_this_site(self, field: str) -> None:
        assert judged(with_session(field, method="POST")).principal is not None

    def test_serves_a_safe_request_from_anywhere(self) -> None:
        assert judged(with_session("Sec-Fetch-Site: cross-site")).principal is not None
