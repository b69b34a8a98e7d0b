from typing import Any

import pytest
from django.test import Client

from ficus.testing import tokens


@pytest.fixture(autouse=True)
def _trusted_tokens(settings: Any) -> None:
    settings.TOKENS = tokens.trusting(settings.TOKENS)


class TestFrontPage:
    def test_says_where_everything_is(self, client: Client) -> None:
        page = client.get("/").content.decode()

        for path in (
            "/products",
            "/orders",
            "/me",
            "/docs",
            "/openapi.json",
            "/admin/",
            "/users/admin/",
            "/orders/admin/",
        ):
            assert f'href="{path}"' in page
        assert 'href="/login"' in page

    def test_greets_whoever_is_signed_in(self, client: Client) -> None:
        page = client.get("/", **tokens.bearer(username="ada")).content.decode()

        assert "Signed in as <strong>ada</strong>" in page
        assert 'href="/logout"' in page


class TestOwnPages:
    @pytest.mark.parametrize("path", ["/", "/docs", "/admin/", "/nowhere"])
    def test_may_stand_in_no_frame(self, client: Client, path: str) -> None:
        fields = client.get(path).headers

        assert "frame-ancestors 'none'" in fields["Content-Security-Policy"]
        assert fields["Permissions-Policy"].startswith("camera=()")
        assert fields["X-Content-Type-Options"] == "nosniff"
        assert fields["Referrer-Policy"] == "same-origin"


class TestDocs:
    @pytest.mark.parametrize("path", ["/docs", "/docs/"])
    def test_load_nothing_from_elsewhere(self, client: Client, path: str) -> None:
        page = client.get(path).content.decode()

        assert "swagger-ui-bundle.js" in page
        assert "//" not in page.replace("<!DOCTYPE html>", "")

    def test_let_nothing_be_loaded_from_elsewhere(self, client: Client) -> None:
        policy = client.get("/docs")["Content-Security-Policy"]

        assert policy.startswith("default-src 'none'; script-src 'self';")
        assert "http" not in policy

    def test_are_an_oauth_client_to_which_people_come_back(self, client: Client, settings: Any) -> None:
        page = client.get("/docs").content.decode()
        back = client.get("/docs/signed-in")

        assert f'data-client="{settings.TOKENS["DOCUMENTATION"]}" data-redirect="/docs/signed-in"' in page
        assert settings.TOKENS["DOCUMENTATION_REDIRECT"] == f"{settings.PUBLIC_URL}/docs/signed-in"
        assert "oauth2-redirect.js" in back.content.decode()
        assert back["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self';")

    def test_say_how_to_sign_in(self, client: Client) -> None:
        assert 'href="/login?next=/docs"' in client.get("/docs").content.decode()

    def test_say_who_is_signed_in(self, client: Client) -> None:
        page = client.get("/docs", **tokens.bearer(username="ada")).content.decode()

        assert "Calls are made as <strong>ada</strong>" in page
