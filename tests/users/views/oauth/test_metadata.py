"""What the OAuth2 server tells of tokens, of people and of itself."""

import json

import pytest
from django.core.checks import run_checks

from apps.users import keys, services, tokens
from tests.users.views.oauth.conftest import BASIC, SECRET

pytestmark = pytest.mark.django_db


class TestIntrospect:
    def test_tells_a_client_about_a_token(self, web, session, robot, ada):
        known = {"client_id": "robot", "client_secret": SECRET}

        live = web.post("/oauth/introspect", {**known, "token": session["access_token"]}).json()
        services.deactivate_user(user_id=ada.id, reason="left")
        dead = web.post("/oauth/introspect", {**known, "token": session["access_token"]}).json()

        assert (live["active"], live["client_id"], live["username"]) == (True, "budget", "ada")
        assert dead == {"active": False}

    def test_tells_of_no_token_with_roles_that_were_changed(self, web, session, robot, ada):
        known = {"client_id": "robot", "client_secret": SECRET}
        services.change_roles(user_id=ada.id, roles=["support"], reason="promoted")

        assert web.post("/oauth/introspect", {**known, "token": session["access_token"]}).json() == {"active": False}

    def test_tells_nobody_else(self, web, session, robot):
        stranger = web.post("/oauth/introspect", {"token": session["access_token"]})
        first_party = web.post(
            "/oauth/introspect",
            {"client_id": tokens.first_party().client_id, "client_secret": "", "token": session["access_token"]},
        )
        in_the_url = web.get("/oauth/introspect", {"token": session["access_token"]}, headers=BASIC)

        assert (stranger.status_code, first_party.status_code, in_the_url.status_code) == (403, 403, 405)


class TestUserInfo:
    def test_tells_what_the_scopes_allow(self, web, session, ada):
        answer = web.get("/oauth/userinfo", HTTP_AUTHORIZATION=f"Bearer {session['access_token']}")

        assert answer.json() == {
            "sub": str(ada.id),
            "preferred_username": "ada",
            "name": "Ada Lovelace",
            "given_name": "Ada",
            "family_name": "Lovelace",
            "email": "ada@example.com",
            "email_verified": False,
        }

    def test_tells_nothing_after_the_session_has_ended(self, web, session, ada):
        services.deactivate_user(user_id=ada.id, reason="left")

        answer = web.get("/oauth/userinfo", HTTP_AUTHORIZATION=f"Bearer {session['access_token']}")

        assert answer.status_code == 401


class TestMetadata:
    def test_names_only_what_there_is(self, web, settings):
        openid = web.get("/.well-known/openid-configuration").json()
        server = web.get("/.well-known/oauth-authorization-server").json()

        url = settings.PUBLIC_URL
        assert openid["issuer"] == server["issuer"] == url
        assert openid["jwks_uri"] == server["jwks_uri"] == f"{url}/.well-known/jwks.json"
        assert (openid["authorization_endpoint"], openid["token_endpoint"], openid["userinfo_endpoint"]) == (
            f"{url}/oauth/authorize",
            f"{url}/oauth/token",
            f"{url}/oauth/userinfo",
        )
        assert (server["revocation_endpoint"], server["introspection_endpoint"]) == (
            f"{url}/oauth/revoke",
            f"{url}/oauth/introspect",
        )
        assert openid["id_token_signing_alg_values_supported"] == ["ES256"]
        assert openid["response_types_supported"] == server["response_types_supported"] == ["code"]
        assert server["grant_types_supported"] == ["authorization_code", "client_credentials", "refresh_token"]
        assert server["code_challenge_methods_supported"] == ["S256"]

    def test_publishes_the_keys(self, web):
        answer = web.get("/.well-known/jwks.json")

        assert (answer.json(), answer["Cache-Control"]) == (keys.public_jwks(), "public, max-age=300")
        assert "d" not in json.loads(answer.content)["keys"][0]


class TestRules:
    def test_are_all_of_rfc_9700(self):
        found = [message.id for message in run_checks(include_deployment_checks=True)]

        assert [id for id in found if id.startswith("oauth2_provider.")] == []
