"""Who gets through the door, and as whom; proves semantics, section 6."""

import time

import pytest

from ficus.testing import tokens
from tests.gateway.wire.conftest import Door, bearer
from tests.gateway.wire.service import FakeService


class TestToken:
    def test_that_holds_opens_a_route_and_goes_on(self, door: Door, orders: FakeService) -> None:
        credential = bearer(username="ada")

        assert door.ask("GET", "/orders", credential).status == 200
        assert f"Authorization: {orders.asked[0].header('authorization')}" == credential

    def test_is_needed_where_the_route_says_so(self, door: Door, orders: FakeService, users: FakeService) -> None:
        for target in ("/orders", "/orders/", "/orders/1/history", "/users", "/users/me", "/orders/admin/"):
            answered = door.ask("GET", target)

            assert (answered.status, answered.json["code"]) == (401, "unauthorized")
            assert answered.header("www-authenticate") == 'Bearer realm="ficus"'
        assert orders.asked == users.asked == []

    def test_is_not_needed_elsewhere(self, door: Door) -> None:
        for method, target in (
            ("GET", "/products"),
            ("GET", "/products/mug"),
            ("POST", "/users"),
            ("POST", "/auth/token"),
        ):
            assert door.ask(method, target).status == 200

    @pytest.mark.parametrize(
        "changes",
        [
            {"exp": int(time.time()) - 1},
            {"exp": None},
            {"exp": "soon"},
            {"nbf": int(time.time()) + 3600},
            {"iss": "http://elsewhere"},
            {"aud": "others"},
            {"sub": None},
            {"roles": "admin"},
        ],
        ids=str,
    )
    def test_that_does_not_hold_is_refused_on_any_route_that_looks(
        self, door: Door, orders: FakeService, users: FakeService, changes: dict[str, object]
    ) -> None:
        credential = f"Authorization: Bearer {tokens.sign(tokens.claims(**changes))}"

        for method, target in (("GET", "/orders"), ("GET", "/products"), ("POST", "/users"), ("GET", "/me")):
            answered = door.ask(method, target, credential)

            assert (answered.status, answered.json["code"]) == (401, "invalid_token")
            assert 'error="invalid_token"' in (answered.header("www-authenticate") or "")
        assert orders.asked == users.asked == []

    def test_signed_by_another_key_is_refused(self, door: Door, orders: FakeService) -> None:
        forged = tokens.sign(tokens.claims(), tokens.make_key())
        unknown = tokens.sign(tokens.claims(), tokens.make_key(), kid="unheard-of")

        assert door.ask("GET", "/orders", f"Authorization: Bearer {forged}").status == 401
        assert door.ask("GET", "/orders", f"Authorization: Bearer {unknown}").status == 401
        assert orders.asked == []

    def test_that_has_expired_does_no_harm_where_it_is_traded_for_a_new_one(
        self, door: Door, users: FakeService
    ) -> None:
        expired = tokens.sign(tokens.claims(exp=int(time.time()) - 1))

        answered = door.ask("POST", "/auth/refresh", f"Authorization: Bearer {expired}", body=b"{}")

        assert answered.status == 200
        assert users.asked[0].header("authorization") == f"Bearer {expired}"

    def test_of_another_scheme_is_the_services_affair(self, door: Door, users: FakeService) -> None:
        assert door.ask("POST", "/oauth/token", "Authorization: Basic eDp5").status == 200
        assert users.asked[0].header("authorization") == "Basic eDp5"
        assert door.ask("GET", "/orders", "Authorization: Basic eDp5").status == 401


class TestBrowser:
    def test_is_sent_to_sign_in_and_back(self, door: Door) -> None:
        answered = door.ask("GET", "/orders?status=PENDING", "Accept: text/html,*/*")

        assert (answered.status, answered.header("location")) == (303, "/login?next=/orders%3Fstatus%3DPENDING")

    def test_is_not_sent_anywhere_when_it_would_lose_a_form(self, door: Door) -> None:
        assert door.ask("POST", "/orders", "Accept: text/html", body=b"{}").status == 401
