"""``GET /me``: both services in one answer, and what there is of it when one is away."""

import json
import time
from uuid import UUID

import pytest

from ficus.testing import tokens
from tests.gateway.wire.conftest import Door, bearer
from tests.gateway.wire.service import Asked, Connection, FakeService, answer

ADA = UUID("0190b6a0-0000-7000-8000-00000000ada0")
USER = {"id": str(ADA), "username": "ada", "roles": ["customer"], "email": "ada@example.test"}
CREDIT = {"currency": "EUR", "granted": 100, "held": 0, "captured": 0, "available": 100}
ORDERS = [{"id": "1", "status": "CONFIRMED"}]


@pytest.fixture
def ada() -> str:
    return bearer(user_id=ADA, username="ada")


@pytest.fixture(autouse=True)
def _answers(users: FakeService, orders: FakeService) -> None:
    users.says("/users/me", answer(200, json.dumps(USER).encode()))
    users.says(f"/users/{ADA}/credit", answer(200, json.dumps(CREDIT).encode()))
    orders.says("/orders", answer(200, json.dumps({"next": None, "previous": None, "results": ORDERS}).encode()))


class TestMe:
    def test_is_composed_from_both_services(self, door: Door, orders: FakeService, ada: str) -> None:
        answered = door.ask("GET", "/me", ada, "X-Request-ID: mine")

        assert answered.status == 200
        assert answered.json == {"user": USER, "credit": CREDIT, "recent_orders": ORDERS, "degraded": []}
        assert orders.asked[0].target == f"/orders?customer_id={ADA}&limit=5"
        assert f"Authorization: {orders.asked[0].header('authorization')}" == ada
        assert orders.asked[0].header("x-request-id") == "mine"

    def test_names_a_service_that_fails_and_gives_what_there_is(
        self, door: Door, orders: FakeService, ada: str
    ) -> None:
        orders.says("/orders", answer(503))

        assert door.ask("GET", "/me", ada).json == {
            "user": USER,
            "credit": CREDIT,
            "recent_orders": [],
            "degraded": ["orders"],
        }

    @pytest.mark.parametrize("nonsense", [b"", b"<html>", b"[]", b'"yes"', b"null", b"{}"])
    def test_takes_an_answer_that_makes_no_sense_for_none(
        self, door: Door, users: FakeService, orders: FakeService, ada: str, nonsense: bytes
    ) -> None:
        users.says("/users/me", answer(200, nonsense))
        orders.says("/orders", answer(200, nonsense))

        assert door.ask("GET", "/me", ada).json == {
            "user": {"id": str(ADA), "username": "ada", "roles": ["customer"]},
            "credit": CREDIT,
            "recent_orders": [],
            "degraded": ["orders", "users"],
        }

    def test_still_says_who_asks_when_users_is_away(self, door: Door, users: FakeService, ada: str) -> None:
        users.on("/users/me", lambda connection, _: connection.close())
        users.on(f"/users/{ADA}/credit", lambda connection, _: connection.close())

        assert door.ask("GET", "/me", ada).json == {
            "user": {"id": str(ADA), "username": "ada", "roles": ["customer"]},
            "credit": None,
            "recent_orders": ORDERS,
            "degraded": ["users"],
        }

    def test_waits_for_a_slow_service_no_longer_than_its_deadline(
        self, door: Door, orders: FakeService, ada: str
    ) -> None:
        def never(connection: Connection, asked: Asked) -> None:
            connection.wait_until_closed()

        orders.on("/orders", never)
        began = time.monotonic()

        answered = door.ask("GET", "/me", ada, "X-Request-Timeout-Ms: 1500")

        assert (answered.status, answered.json["degraded"]) == (200, ["orders"])
        assert all(0 < int(asked.header("x-request-timeout-ms") or 0) <= 1480 for asked in orders.asked)
        assert time.monotonic() - began < 4.5  # who allows no time has 5 seconds

    def test_is_for_people_who_are_signed_in(self, door: Door, users: FakeService) -> None:
        program = f"Authorization: Bearer {tokens.sign(tokens.claims(sub='a-client'))}"

        assert door.ask("GET", "/me").json["code"] == "unauthorized"
        assert door.ask("GET", "/me", program).json["code"] == "forbidden"
        assert users.asked == []

    def test_ends_with_the_token_that_a_service_refuses(self, door: Door, users: FakeService, ada: str) -> None:
        users.says("/users/me", answer(401))

        assert door.ask("GET", "/me", ada).status == 401

    def test_is_only_read(self, door: Door, ada: str) -> None:
        assert door.ask("POST", "/me", ada, body=b"{}").status == 405
