"""Codes and refresh tokens are traded once, by whom they are for; proves semantics, section 6."""

import jwt
import pytest
from django.test import Client
from oauth2_provider.models import AccessToken, RefreshToken

from apps.users import keys, oauth, passwords, services
from apps.users.exceptions import SessionEnded
from ficus.auth import verifier
from tests.users.conftest import PASSWORD
from tests.users.services.test_credit import in_threads
from tests.users.views.oauth.conftest import BASIC, REDIRECT, SECRET, VERIFIER, allow, parameters_of, trade, trade_code

pytestmark = pytest.mark.django_db


class TestToken:
    @pytest.mark.parametrize("slash", ["", "/"])
    def test_trades_a_code_for_tokens_of_the_person(self, web, app, ada, slash):
        code = parameters_of(allow(web, ada))["code"]
        body = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}

        answer = web.post(f"/oauth/token{slash}", {"client_id": "budget", "client_secret": SECRET, **body})

        principal = verifier.default().verify(answer.json()["access_token"])
        assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
        assert (principal.id, principal.client_id) == (ada.id, "budget")
        assert principal.scopes == {"openid", "profile", "email", "orders:read"}
        assert principal.session_id == str(RefreshToken.objects.get().token_family)

    def test_says_in_an_es256_id_token_who_it_is(self, session, ada, settings):
        key = jwt.PyJWK(keys.public_jwks()["keys"][0])

        claims = jwt.decode(
            session["id_token"], key, algorithms=["ES256"], audience="budget", issuer=settings.PUBLIC_URL
        )

        assert (claims["sub"], claims["nonce"], claims["email"]) == (str(ada.id), "n", "ada@example.com")
        assert (claims["preferred_username"], claims["name"]) == ("ada", "Ada Lovelace")
        assert jwt.get_unverified_header(session["id_token"])["typ"] == "JWT"

    def test_keeps_an_id_token_from_passing_as_an_access_token(self, session):
        with pytest.raises(verifier.InvalidToken):
            verifier.default().verify(session["id_token"])

    def test_takes_a_code_once(self, web, app, ada):
        code = parameters_of(allow(web, ada))["code"]
        trade_code(web, code)

        again = trade_code(web, code)

        assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")

    def test_takes_a_code_only_with_its_verifier(self, web, app, ada):
        code = parameters_of(allow(web, ada))["code"]

        answer = trade_code(web, code, code_verifier=VERIFIER[::-1])

        assert (answer.status_code, AccessToken.objects.count()) == (400, 0)

    def test_takes_no_code_of_whoever_is_deactivated(self, web, app, ada):
        code = parameters_of(allow(web, ada))["code"]
        services.deactivate_user(user_id=ada.id, reason="left")

        assert trade_code(web, code).status_code == 400

    def test_gives_a_program_a_token_of_its_own(self, web, robot):
        answer = web.post(
            "/oauth/token",
            {"grant_type": "client_credentials", "scope": "orders:read"},
            headers=BASIC,
        )

        principal = verifier.default().verify(answer.json()["access_token"])
        assert (principal.id, principal.subject, principal.roles) == (None, "robot", frozenset())
        assert principal.scopes == {"orders:read"}
        assert "refresh_token" not in answer.json()

    def test_asks_no_program_for_the_mark_of_a_form(self, app, robot, settings):
        settings.ALLOWED_HOSTS = ["*"]
        host = settings.PUBLIC_URL.removeprefix("http://")
        strict = Client(enforce_csrf_checks=True, headers={"Host": host})

        answer = strict.post("/oauth/token", {"grant_type": "client_credentials"}, headers=BASIC)
        token = answer.json()["access_token"]
        others = [strict.post(f"/oauth/{path}", {"token": token}, headers=BASIC) for path in ("introspect", "revoke")]

        assert answer.status_code == 200
        assert [other.status_code for other in others] == [200, 200]
        assert strict.post("/oauth/userinfo", headers={"Authorization": "Bearer x"}).status_code == 401

    @pytest.mark.parametrize(
        "body",
        [
            {"grant_type": "password", "username": "ada", "password": PASSWORD},
            {"grant_type": "urn:ietf:params:oauth:grant-type:device_code"},
            {"grant_type": "client_credentials"},
            {"grant_type": "something"},
            {},
        ],
    )
    def test_knows_no_other_way(self, web, app, ada, body):
        answer = trade(web, **body)

        assert 400 <= answer.status_code < 500
        assert AccessToken.objects.count() == 0

    def test_lets_no_parameter_choose_the_session(self, web, app, ada):
        code = parameters_of(allow(web, ada))["code"]
        chosen = "00000000-0000-4000-8000-000000000000"

        answer = trade_code(web, code, session_id=chosen, refresh_token_instance="x", user="x", client="x")

        assert answer.status_code == 200
        assert verifier.default().verify(answer.json()["access_token"]).session_id != chosen

    def test_says_that_it_is_busy_when_too_many_secrets_are_checked(self, web, robot, monkeypatch):
        monkeypatch.setattr(passwords, "WAITING_AT_MOST", -passwords.HASHES_AT_ONCE)
        monkeypatch.setattr(passwords, "_places", passwords.Places())

        answer = web.post(
            "/oauth/token", {"grant_type": "client_credentials", "client_id": "robot", "client_secret": SECRET}
        )

        assert (answer.status_code, answer.json()["code"]) == (429, "too_busy")
        assert int(answer["Retry-After"]) >= 1


class TestRefresh:
    def test_rotates_and_ends_the_family_on_reuse(self, web, session):
        first = trade(web, grant_type="refresh_token", refresh_token=session["refresh_token"])
        reuse = trade(web, grant_type="refresh_token", refresh_token=session["refresh_token"])
        after = trade(web, grant_type="refresh_token", refresh_token=first.json()["refresh_token"])

        assert (first.status_code, reuse.status_code, after.status_code) == (200, 400, 400)
        assert reuse.json()["error"] == "invalid_grant"

    def test_is_for_the_client_that_got_the_token(self, web, client, session):
        answer = client.post("/auth/refresh", {"refresh_token": session["refresh_token"]}, format="json")

        assert answer.status_code == 401

    def test_ends_with_the_person(self, web, session, ada):
        services.deactivate_user(user_id=ada.id, reason="left")

        answer = trade(web, grant_type="refresh_token", refresh_token=session["refresh_token"])

        assert (answer.status_code, AccessToken.objects.count()) == (400, 0)


@pytest.mark.django_db(transaction=True)
class TestRefreshesAtOnce:
    def test_are_one_rotation_and_then_the_end_of_the_family(self, ada):
        refresh = oauth.open_session(ada)["refresh_token"]

        answers = in_threads(attempt, [refresh] * 8)

        succeeded = [answer for answer in answers if answer]
        assert len(succeeded) <= 1
        assert all(answer["access_token"] for answer in succeeded)
        assert RefreshToken.objects.filter(revoked__isnull=True).count() == 0


def attempt(refresh):
    try:
        return oauth.refresh_session(refresh)
    except SessionEnded:
        return None
