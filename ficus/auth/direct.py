"""
Signs staff in at a service that is reached past the front door: OpenID Connect's code flow with PKCE against users.

``settings.STAFF`` says where that is. The person signs in at the front door all the same, and comes back with a code.
The tokens stay in the service's session and have the same ``sid`` as the front door's: whoever signs out at either is
signed out everywhere, and a change of roles is honoured here as there.
"""

import logging
import secrets
import time
from base64 import urlsafe_b64encode
from functools import cache
from hashlib import sha256
from hmac import compare_digest
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
from django.conf import settings
from django.http import HttpRequest

from ficus.auth import verifier
from ficus.auth.keys import ALGORITHM
from ficus.auth.principal import Principal
from ficus.auth.verifier import InvalidToken
from ficus.errors import DomainError, Unavailable

logger = logging.getLogger(__name__)

CALLBACK = "signed-in/"  # below the admin's own path
BEGUN, STAFF = "signing_in", "staff"  # what a session holds
SCOPE = "openid"  # so that the token opens this admin alone: every API asks for a scope of its own
RENEW_AHEAD_SECONDS = 120
CLAIM_SECONDS = 15
ANSWER_SECONDS = 5.0


class SignInFailed(Exception):
    """What came back is no answer to a question of this browser's, or users does not confirm it."""


class UsersAway(Unavailable):
    code, title = "users_away", "Signing in is not possible at present"


def is_direct(request: HttpRequest) -> bool:
    """Return whether the request came to the address at which staff reach this service past the front door."""
    url = settings.STAFF["DIRECT_URL"]
    return bool(url) and request.get_host() == urlsplit(url).netloc


def begin(request: HttpRequest, *, admin: str, then: str) -> str:
    """
    Return where to send a browser to sign in, having noted in its session what must come back.

    :param admin: the admin's own path.
    :param then: the path to go on to.
    """
    begun = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
    request.session[BEGUN] = {**begun, "then": then, "redirect": f"{settings.STAFF['DIRECT_URL']}{admin}{CALLBACK}"}
    challenge = urlsafe_b64encode(sha256(begun["verifier"].encode()).digest()).decode().rstrip("=")
    question = {
        "response_type": "code",
        "client_id": settings.STAFF["CLIENT"],
        "redirect_uri": request.session[BEGUN]["redirect"],
        "scope": SCOPE,
        "state": begun["state"],
        "nonce": begun["nonce"],
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{settings.PUBLIC_URL}/oauth/authorize?{urlencode(question)}"


def finish(request: HttpRequest) -> str:
    """
    Trade the code that a browser has come back with for tokens, and begin a new session; return the path to go on to.

    :raises SignInFailed: if any of it is not as it should be.
    :raises UsersAway: if nobody says.
    """
    begun, given = request.session.pop(BEGUN, None), request.GET
    if not begun or not compare_digest(given.get("state", "").encode(), begun["state"].encode()):
        raise SignInFailed("no sign-in was begun here")
    if given.get("iss") != settings.TOKENS["ISSUER"]:  # RFC 9207
        raise SignInFailed("the answer is another issuer's")
    if "code" not in given:
        raise SignInFailed(f"users says {given.get('error', 'nothing')[:40]}")
    answer = ask(
        "/oauth/token",
        grant_type="authorization_code",
        code=given["code"],
        redirect_uri=begun["redirect"],
        code_verifier=begun["verifier"],
    )
    if answer is None:
        raise SignInFailed("the code is good no more")
    _require_own(answer["access_token"])
    _require_nonce(answer["id_token"], begun["nonce"])
    request.session.cycle_key()
    _keep(request, answer)
    then: str = begun["then"]
    return then


def principal_of(request: HttpRequest) -> Principal | None:
    """Return who is signed in with this browser's session, with a fresh token if it is time for one."""
    kept = request.session.get(STAFF)
    if kept is None:
        return None
    if kept["expires_at"] - time.time() < RENEW_AHEAD_SECONDS:
        kept = _renewed(request, kept)
    try:
        return _require_own(kept["access_token"])
    except SignInFailed:
        pass
    try:  # it may have been refused before its time, since the roles are others now
        return _require_own(_renewed(request, kept)["access_token"])
    except SignInFailed:
        request.session.flush()
        return None


def end(request: HttpRequest) -> None:
    """End the session here, and with it the front door's and every other service's."""
    kept = request.session.get(STAFF)
    request.session.flush()
    if kept is not None:
        try:
            ask("/oauth/revoke", token=kept["refresh_token"])
        except UsersAway:
            logger.warning("a session ended here and not at the users service, which does not answer")


def ask(path: str, **form: str) -> dict[str, Any] | None:
    """
    Ask the users service as this service's client; return its answer, or None if it refuses.

    :raises UsersAway: if it does not answer, or cannot say.
    """
    # Imported at first use: most processes never sign anybody in.
    import requests

    form["client_id"] = settings.STAFF["CLIENT"]
    try:
        answer = _session().post(f"{settings.STAFF['USERS_URL']}{path}", data=form, timeout=ANSWER_SECONDS)
    except (requests.RequestException, DomainError):
        raise UsersAway from None
    if answer.status_code == 429 or answer.status_code >= 500:
        raise UsersAway
    return (answer.json() if answer.content else {}) if answer.ok else None


@cache
def _session() -> Any:
    from ficus.resilience import http

    return http.session()


def _require_own(token: str) -> Principal:
    """:raises SignInFailed: if the token is not good, or not one of this service's own."""
    try:
        principal = verifier.default().verify(token)
    except InvalidToken as error:
        raise SignInFailed(error.detail) from None
    if principal.client_id != settings.STAFF["CLIENT"]:
        raise SignInFailed("the token is another client's")
    return principal


def _require_nonce(id_token: str, nonce: str) -> None:
    """:raises SignInFailed: if the ID token does not answer this very question (OpenID Connect Core 1.0, 3.1.3.7)."""
    try:
        key: Any = verifier.default().keys.find(jwt.get_unverified_header(id_token)["kid"])
        claims = jwt.decode(
            id_token,
            key,
            algorithms=[ALGORITHM],
            audience=settings.STAFF["CLIENT"],
            issuer=settings.TOKENS["ISSUER"],
            options={"require": ["exp", "iat", "iss", "aud", "sub", "nonce"]},
        )
    except (jwt.PyJWTError, KeyError, TypeError):
        raise SignInFailed("the ID token does not hold") from None
    if not compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
        raise SignInFailed("the ID token answers another question")


def _keep(request: HttpRequest, answer: dict[str, Any]) -> dict[str, Any]:
    kept = {name: answer[name] for name in ("access_token", "refresh_token")}
    request.session[STAFF] = {**kept, "expires_at": time.time() + answer["expires_in"]}
    request.session.save()
    renewed: dict[str, Any] = request.session[STAFF]
    return renewed


def _renewed(request: HttpRequest, kept: dict[str, Any]) -> dict[str, Any]:
    """Return new tokens if this request is the one that may fetch them and gets them; else those that are kept."""
    if not _claim(request, kept):
        return kept
    try:
        answer = ask("/oauth/token", grant_type="refresh_token", refresh_token=kept["refresh_token"])
    except UsersAway:
        logger.warning("a session cannot be renewed: users does not answer")
        return kept
    return kept if answer is None else _keep(request, answer)


def _claim(request: HttpRequest, kept: dict[str, Any]) -> bool:
    """
    Say whether the caller alone may use the session's refresh token, which works once.

    Whoever claims it replaces the row as he read it; the claim ends by itself, lest a process that died holds it.
    """
    store: Any = request.session
    rows = store.model.objects.filter(session_key=store.session_key)
    row = rows.first()
    held = store.decode(row.session_data) if row else {}
    present = held.get(STAFF)
    if present is None or present["refresh_token"] != kept["refresh_token"]:
        return False
    if present.get("claimed_until", 0.0) > time.time():
        return False
    claimed = {**held, STAFF: {**present, "claimed_until": time.time() + CLAIM_SECONDS}}
    return bool(rows.filter(session_data=row.session_data).update(session_data=store.encode(claimed)))
