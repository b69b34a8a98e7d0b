"""One OpenAPI document, made live from the services' own."""

import json
from typing import Any

from tests.e2e.system import eventually
from tests.gateway.wire.conftest import Door
from tests.gateway.wire.service import Asked, FakeService, answer

OWN = ["/livez", "/me", "/openapi.json", "/readyz"]


def describing(path: str) -> bytes:
    operation = {"operationId": path.strip("/"), "responses": {"200": {"description": "Fine."}}}
    return answer(200, json.dumps({**WHOLE, "paths": {path: {"get": operation}}}).encode())


WHOLE: dict[str, Any] = {"openapi": "3.0.3", "info": {"title": "A service", "version": "1"}}


class TestOpenApiDocument:
    def test_follows_the_services_and_keeps_what_one_that_is_away_said_last(
        self, door: Door, users: FakeService, orders: FakeService
    ) -> None:
        users.says("/users/openapi.json", describing("/users"))
        orders.says("/orders/openapi.json", answer(503))
        first = door.ask("GET", "/openapi.json").json
        orders.says("/orders/openapi.json", describing("/orders"))
        second = door.ask("GET", "/openapi.json").json
        orders.says("/orders/openapi.json", answer(503))
        third = door.ask("GET", "/openapi.json").json

        assert list(first["paths"]) == sorted([*OWN, "/users"])
        assert first["info"]["x-away"] == ["orders"]
        assert "The orders service does not describe itself at present" in first["info"]["description"]
        assert list(second["paths"]) == list(third["paths"]) == sorted([*OWN, "/orders", "/users"])
        assert "x-away" not in second["info"]

    def test_is_not_sent_again_to_whoever_has_it(self, door: Door, users: FakeService, orders: FakeService) -> None:
        users.says("/users/openapi.json", describing("/users"))
        orders.says("/orders/openapi.json", describing("/orders"))
        first = door.ask("GET", "/openapi.json")

        second = door.ask("GET", "/openapi.json", f"If-None-Match: {first.header('ETag')}")

        assert (second.status, second.body) == (304, b"")

    def test_is_asked_of_the_services_for_nobody_in_particular(
        self, door: Door, users: FakeService, orders: FakeService
    ) -> None:
        users.says("/users/openapi.json", answer(503))

        def asked() -> list[Asked]:
            door.ask("GET", "/openapi.json", "Cookie: gateway_session=abc", "Authorization: Basic YTpi")
            return [each for each in users.asked if each.target == "/users/openapi.json"]

        first = eventually(asked, bool)[0]
        assert (first.header("Authorization"), first.header("Cookie")) == (None, None)
