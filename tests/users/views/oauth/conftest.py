"""What tests of the OAuth2 server stand on: a browser, a client that asks people, a program, and the way to a token."""

import base64
import hashlib
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client
from oauth2_provider.models import Application

from tests.users.conftest import PASSWORD, as_user

REDIRECT = "https://app.example/callback"
SECRET = "a secret that the client knows"
BASIC = {"Authorization": "Basic " + base64.b64encode(f"robot:{SECRET}".encode()).decode()}
CREDENTIALS = {"username": "ada", "password": PASSWORD}
VERIFIER = "a-verifier-of-at-least-forty-three-characters-0"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


@pytest.fixture
def web(settings):
    """A browser at the front door."""
    settings.ALLOWED_HOSTS = ["*"]
    return Client(headers={"Host": settings.PUBLIC_URL.removeprefix("http://")})


@pytest.fixture(scope="session")
def secret_hash(_cheap_hashes):
    return make_password(SECRET)


@pytest.fixture
def app(db, secret_hash):
    """A client of somebody else's that asks people for permission."""
    return Application.objects.create(
        name="Budget",
        client_id="budget",
        client_secret=secret_hash,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        redirect_uris=REDIRECT,
    )


@pytest.fixture
def robot(db, secret_hash):
    """A program that acts for itself."""
    return Application.objects.create(
        client_id="robot",
        client_secret=secret_hash,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
    )


def question(**changes):
    parameters = {
        "response_type": "code",
        "client_id": "budget",
        "redirect_uri": REDIRECT,
        "scope": "openid profile email orders:read",
        "state": "s",
        "nonce": "n",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    return "/oauth/authorize?" + urlencode({name: value for name, value in parameters.items() if value is not None})


def allow(web, user, answer="allow", **changes):
    page = web.get(question(**changes), **as_user(user))
    form = {name: value for name, value in page.context["form"].initial.items() if value is not None}
    return web.post("/oauth/authorize", {**form, answer: "true"}, **as_user(user))


def parameters_of(redirect):
    return {name: value for name, (value,) in parse_qs(urlsplit(redirect["Location"]).query).items()}


def trade(web, **body):
    return web.post("/oauth/token", {"client_id": "budget", "client_secret": SECRET, **body})


def trade_code(web, code, **body):
    given = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
    return trade(web, **{**given, **body})


@pytest.fixture
def session(web, app, ada):
    """What the client has got from ada."""
    return trade_code(web, parameters_of(allow(web, ada))["code"]).json()
