from typing import Any

import pytest
from rest_framework.test import APIClient

from ficus import context
from ficus.testing import tokens

pytestmark = pytest.mark.urls("tests.ficus.auth.urls")


@pytest.fixture
def client() -> APIClient:
    return APIClient()


class TestTokenAuthentication:
    def test_lets_in_whoever_has_a_token_and_makes_that_one_the_actor(self, client: APIClient) -> None:
        response = client.get("/who", **tokens.bearer(user_id="0198a1b2-0000-7000-8000-000000000001"))

        assert response.json() == {
            "subject": "0198a1b2-0000-7000-8000-000000000001",
            "actor": "0198a1b2-0000-7000-8000-000000000001",
        }
        assert context.current().actor == ""

    def test_asks_for_a_token_where_one_is_needed(self, client: APIClient) -> None:
        response = client.get("/who")

        assert response.status_code == 401
        assert response["WWW-Authenticate"] == 'Bearer realm="ficus"'
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["code"] == "not_authenticated"

    def test_lets_anybody_in_where_none_is_needed(self, client: APIClient) -> None:
        assert client.get("/greeting").json() == {"subject": "", "actor": ""}

    @pytest.mark.parametrize("path", ["/who", "/greeting"])
    @pytest.mark.parametrize(
        "header", ["Bearer", "Bearer ", "Bearer a.b.c", "Bearer a b", "Basic YTpi", "a.b.c", "Bearer \x00", "Bearer é"]
    )
    def test_refuses_a_header_that_holds_no_valid_token_even_where_none_is_needed(
        self, client: APIClient, path: str, header: str
    ) -> None:
        response = client.get(path, HTTP_AUTHORIZATION=header)

        assert response.status_code == 401
        assert response["WWW-Authenticate"] == 'Bearer realm="ficus", error="invalid_token"'
        assert response.json()["code"] == "invalid_token"

    def test_refuses_it_in_a_browser_too(self, client: APIClient) -> None:
        response = client.get("/who", HTTP_AUTHORIZATION="Bearer a.b.c", HTTP_ACCEPT="text/html")

        assert response.status_code == 401
        assert response["Content-Type"] == "text/html; charset=utf-8"

    def test_says_that_it_cannot_tell_while_no_keys_are_to_be_had(self, client: APIClient, settings: Any) -> None:
        header = tokens.bearer()
        settings.TOKENS = {**settings.TOKENS, "JWKS": "http://127.0.0.1:1/jwks.json"}

        response = client.get("/who", **header)

        assert response.status_code == 503
        assert response["Retry-After"] == "1"
        assert response.json()["code"] == "keys_unavailable"


class TestPermissions:
    @pytest.mark.parametrize(
        ("roles", "scopes", "code"),
        [
            (["operator"], ["orders:write"], None),
            (["admin"], ["orders:write"], None),
            (["operator"], ["orders:read"], "permission_denied"),
            (["support"], ["orders:write"], "permission_denied"),
        ],
    )
    def test_can_be_combined(self, client: APIClient, roles: list[str], scopes: list[str], code: str | None) -> None:
        response = client.get("/counter", **tokens.bearer(roles=roles, scopes=scopes))

        assert response.status_code == (403 if code else 200)
        assert response.json().get("code") == code

    def test_ask_for_a_read_or_a_write_scope_by_method(self, client: APIClient) -> None:
        reader = tokens.bearer(scopes=["orders:read"])

        read, write = client.get("/shelf", **reader), client.post("/shelf", **reader)

        assert read.status_code == 200
        assert write.status_code == 403
        assert write.json()["code"] == "insufficient_scope"
        assert write.json()["detail"] == "The token lacks the scope orders:write."

    def test_answer_401_to_whoever_has_no_token(self, client: APIClient) -> None:
        assert client.get("/counter").status_code == 401
