"""People are asked for permission, and nothing is given otherwise; proves semantics, section 6, and RFC 9700."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from oauth2_provider.models import Application, Grant

from apps.users import services
from tests.users.conftest import as_user
from tests.users.views.oauth.conftest import REDIRECT, allow, parameters_of, question

pytestmark = pytest.mark.django_db


class TestAuthorize:
    def test_sends_whoever_is_not_signed_in_to_the_front_door(self, web, app, settings):
        answer = web.get(question())

        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, f"{settings.PUBLIC_URL}/login")
        assert parse_qs(urlsplit(answer["Location"]).query)["next"] == [question()]

    def test_asks_in_plain_words_and_from_no_outside_host(self, web, app, ada):
        page = web.get(question(), **as_user(ada))

        text = page.content.decode()
        assert (page.status_code, page["X-Frame-Options"]) == (200, "DENY")
        assert "Allow Budget?" in text
        assert "See your orders" in text
        assert "http://" not in text.replace(REDIRECT, "")
        assert "https://" not in text.replace(REDIRECT, "")

    def test_gives_a_code_and_names_the_issuer(self, web, app, ada, settings):
        answer = allow(web, ada)

        parameters = parameters_of(answer)
        assert answer["Location"].startswith(f"{REDIRECT}?")
        assert (parameters["state"], parameters["iss"]) == ("s", settings.PUBLIC_URL)
        assert Grant.objects.get().user == ada

    def test_gives_nothing_when_refused(self, web, app, ada):
        answer = allow(web, ada, "refuse")

        assert parameters_of(answer)["error"] == "access_denied"
        assert Grant.objects.count() == 0

    def test_lets_people_allow_the_documentation_without_anybody_registering_it(self, web, ada, settings):
        asked = {"client_id": "ficus-docs", "redirect_uri": settings.TOKENS["DOCUMENTATION_REDIRECT"]}

        page = web.get(question(**asked), **as_user(ada))
        answer = allow(web, ada, **asked)

        assert "Allow Ficus API documentation?" in page.content.decode()
        assert answer["Location"].startswith(f"{settings.PUBLIC_URL}/docs/signed-in?code=")
        [client] = Application.objects.filter(client_id="ficus-docs")
        assert (client.client_type, client.skip_authorization) == (Application.CLIENT_PUBLIC, False)
        assert Grant.objects.get().application == client

    def test_lets_nobody_else_come_back_by_plain_http(self, web, app, ada):
        app.redirect_uris = f"{REDIRECT} http://app.example/callback"
        app.save()

        answer = allow(web, ada, redirect_uri="http://app.example/callback")

        assert (answer.status_code, "Location" in answer) == (400, False)

    def test_refuses_a_form_that_another_site_sends(self, app, ada):
        strict = Client(enforce_csrf_checks=True)

        answer = strict.post("/oauth/authorize", {"client_id": "budget", "allow": "true"}, **as_user(ada))

        assert answer.status_code == 403
        assert Grant.objects.count() == 0

    def test_knows_no_client_that_a_form_makes_up(self, web, app, ada):
        form = {"client_id": "made-up", "redirect_uri": REDIRECT, "scope": "openid", "response_type": "code"}

        answer = web.post("/oauth/authorize", {**form, "allow": "true"}, **as_user(ada))

        assert (answer.status_code, Grant.objects.count()) == (404, 0)

    def test_does_not_let_a_client_widen_its_own_permission(self, web, app, ada):
        answer = web.get(question(), **as_user(ada, client_id="budget", scopes=["orders:read"]))

        assert (answer.status_code, Grant.objects.count()) == (302, 0)
        assert "/login" in answer["Location"]

    def test_asks_nobody_who_is_deactivated(self, web, app, ada):
        services.deactivate_user(user_id=ada.id, reason="left")

        answer = web.get(question(), **as_user(ada))

        assert "/login" in answer["Location"]

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
            ({"response_type": "token"}, "unauthorized_client"),
            ({"response_type": "id_token"}, "unauthorized_client"),
            ({"scope": "everything"}, "invalid_scope"),
        ],
    )
    def test_refuses_what_rfc_9700_forbids(self, web, app, ada, changes, error):
        answer = web.get(question(**changes), **as_user(ada))

        assert (answer.status_code, error in answer["Location"]) == (302, True)

    def test_refuses_a_challenge_that_is_not_hashed(self, web, app, ada):
        answer = allow(web, ada, code_challenge_method="plain")

        assert (parameters_of(answer)["error"], Grant.objects.count()) == ("invalid_request", 0)

    @pytest.mark.parametrize(
        "redirect", ["https://evil.example/callback", f"{REDIRECT}?more=1", "http://app.example/callback"]
    )
    def test_never_sends_anybody_to_an_address_that_is_not_registered(self, web, app, ada, redirect):
        answer = web.get(question(redirect_uri=redirect), **as_user(ada))

        assert (answer.status_code, "Location" in answer) == (400, False)
