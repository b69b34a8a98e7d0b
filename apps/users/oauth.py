"""
The rules of our OAuth2/OIDC server: django-oauth-toolkit with RFC 9700 enforced, and ES256 throughout.

ID tokens are ES256 too: one key, one algorithm, one JWK set; the toolkit itself would ask for a second, RSA key.
"""

import json
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any, NoReturn
from urllib.parse import urlencode

import jwt
from django.conf import settings
from django.db import transaction
from jwcrypto.jwk import JWK
from oauth2_provider.models import AccessToken, Application, RefreshToken
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.settings import oauth2_settings
from oauthlib import openid
from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError, OAuth2Error

from apps.users import keys, tokens
from apps.users.exceptions import SessionEnded
from apps.users.models import User


class UsedTwice(Exception):
    """Another request has traded in the same refresh token in between."""


class Validator(OAuth2Validator):  # type: ignore[misc] # published without types
    """What the toolkit's validator leaves open: deactivated people, two refreshes at once, our key, our services."""

    def validate_code(self, client_id: str, code: str, client: Application, request: Request, *args: Any) -> bool:
        if not super().validate_code(client_id, code, client, request, *args) or not request.user.is_active:
            return False
        return not tokens.is_staff_client(client) or tokens.is_open(tokens.front_session(request))

    def _create_authorization_code(self, request: Request, code: dict[str, str], expires: Any = None) -> Any:
        if tokens.is_staff_client(request.client):
            # In place of what the client has asked for, which the toolkit would keep there.
            request.claims = {tokens.FRONT_SESSION: request.user.front_session}
        return super()._create_authorization_code(request, code, expires)

    def validate_refresh_token(
        self, refresh_token: str, client: Application, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        with transaction.atomic():
            valid = bool(super().validate_refresh_token(refresh_token, client, request, *args, **kwargs))
            if not valid:
                self._announce_reuse(refresh_token)
        return valid and request.user.is_active

    @staticmethod
    def _announce_reuse(refresh_token: str) -> None:
        """Say that the session has ended if the token was used before: the toolkit has revoked its family then."""
        found = RefreshToken.objects.filter(token_checksum=tokens.checksum(refresh_token)).first()
        if found is not None and found.revoked is not None:
            tokens.announce_end(found.token_family, found.user_id, "reused")

    def revoke_token(self, token: str, token_type_hint: str, request: Request, *args: Any, **kwargs: Any) -> None:
        """End the whole session of the token, if it is the client's own (RFC 7009 section 2.1)."""
        with transaction.atomic():
            session = tokens.session_behind(token, request.client)
            super().revoke_token(token, token_type_hint, request, *args, **kwargs)
            if session is not None:
                RefreshToken.revoke_family(session[0])
                tokens.announce_end(*session, "revoked")

    def save_bearer_token(self, token: dict[str, Any], request: Request, *args: Any, **kwargs: Any) -> Any:
        """:raises InvalidGrantError: if the refresh token was used twice at once; its whole family is dead then."""
        request.refresh_token_instance = tokens.rotated_by(request)
        try:
            return super().save_bearer_token(token, request, *args, **kwargs)
        except UsedTwice:
            self._kill_family(request)

    def _save_bearer_token(self, token: dict[str, Any], request: Request, *args: Any, **kwargs: Any) -> Any:
        rotated = request.refresh_token_instance
        if rotated and RefreshToken.objects.select_for_update().get(pk=rotated.pk).revoked:
            # The toolkit would answer as in a grace period, with the other request's tokens, which it never stored.
            raise UsedTwice
        return super()._save_bearer_token(token, request, *args, **kwargs)

    @staticmethod
    def _kill_family(request: Request) -> NoReturn:
        tokens.end_family(request.refresh_token_instance, reason="reused")
        raise InvalidGrantError(request=request)

    def _create_refresh_token(
        self, request: Request, code: str, access_token: AccessToken, previous: RefreshToken | None
    ) -> RefreshToken:
        # Of the previous token only the family is read; a first one gets the session that its access token names.
        family = previous or SimpleNamespace(token_family=tokens.session_of(request))
        return super()._create_refresh_token(request, code, access_token, family)

    def get_additional_claims(self) -> dict[str, Callable[[Request], Any]]:
        return {
            "preferred_username": lambda request: request.user.username,
            "name": lambda request: request.user.get_full_name(),
            "given_name": lambda request: request.user.first_name,
            "family_name": lambda request: request.user.last_name,
            "email": lambda request: request.user.email,
            "email_verified": lambda request: False,
        }

    def finalize_id_token(self, id_token: dict[str, Any], token: Any, token_handler: Any, request: Request) -> str:
        claims, expires_at = self.get_id_token_dictionary(token, token_handler, request)
        id_token |= {**claims, "aud": request.client.client_id}
        if request.nonce:
            id_token["nonce"] = request.nonce
        with transaction.atomic():
            request.id_token = request.access_token = self._save_id_token(claims["jti"], request, expires_at)
        return tokens.sign(id_token, typ="JWT")

    def _get_key_for_token(self, token: str) -> JWK:
        return keys.signing_key(jwt.get_unverified_header(token).get("kid")).jwk


class Server(openid.Server):  # type: ignore[misc] # likewise
    """Grants for a code, for a client's own credentials and for a refresh token, and for nothing else."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for grant in ("password", "urn:ietf:params:oauth:grant-type:device_code"):
            del self.grant_types[grant]


@cache
def server() -> Server:
    """Return the server behind every endpoint that issues tokens."""
    return Server(Validator(), **oauth2_settings.server_kwargs)


def open_session(user: User) -> dict[str, Any]:
    """
    Return an access and a refresh token for a person who has signed in at one of our own front ends.

    What the password grant of RFC 6749 did, without being open to other clients (RFC 9700 section 2.4).
    """
    request = Request("/auth/token", "POST")
    request.client, request.user = tokens.first_party(), user
    request.scopes = list(settings.TOKENS["SCOPES"])
    token: dict[str, Any] = server().default_token_type.create_token(request, refresh_token=True)
    server().request_validator.save_token(token, request)
    return token


def refresh_session(refresh: str) -> dict[str, Any]:
    """
    Return a new pair for a refresh token of our own front ends, as ``/oauth/token`` would.

    :raises SessionEnded: if it is not good any more; if it was used before, its whole family is dead.
    """
    body = urlencode(
        {"grant_type": "refresh_token", "refresh_token": refresh, "client_id": tokens.first_party().client_id}
    )
    try:
        _, answer, status = server().create_token_response("/auth/refresh", "POST", body, {})
    except OAuth2Error:
        raise SessionEnded from None
    if status != 200:
        raise SessionEnded
    token: dict[str, Any] = json.loads(answer)
    return token
