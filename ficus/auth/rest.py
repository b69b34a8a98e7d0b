"""Puts the principal of a bearer token (RFC 6750) into a REST request. What it may do is said by permissions."""

from typing import Any, cast

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.request import Request

from ficus import context
from ficus.auth import verifier
from ficus.auth.principal import Caller, Principal
from ficus.auth.verifier import InvalidToken
from ficus.errors import Unavailable

CHALLENGE = 'Bearer realm="ficus"'


def bearer_token(request: HttpRequest | Request) -> str | None:
    """
    Return the token of the ``Authorization`` header, or None if there is no such header.

    :raises InvalidToken: if the header holds anything else than one bearer token.
    """
    header: str = request.META.get("HTTP_AUTHORIZATION", "")
    if not header:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip() or " " in token.strip():
        raise InvalidToken("the Authorization header holds no bearer token")
    return token.strip()


def caller_of(request: Request) -> Caller:
    """Return ``request.user`` as what it is here; Django's types know its user model alone."""
    caller: Any = request.user
    return cast(Caller, caller)


class CannotAuthenticate(APIException):
    """There is a token, and at present nothing to check it with."""

    status_code = 503


class TokenAuthentication(BaseAuthentication):
    """Authenticates by access token alone, without a query; the subject becomes the actor of all that follows."""

    def authenticate(self, request: Request) -> tuple[Principal, str] | None:
        """:raises AuthenticationFailed: if a token was sent that is not valid."""
        # Only REST framework's own exceptions leave a request behind that can still be rendered.
        try:
            return self._authenticate(request)
        except InvalidToken as error:
            raise AuthenticationFailed(error.detail, code=error.code) from None
        except Unavailable as error:
            raise CannotAuthenticate(error.detail, code=error.code) from None

    @staticmethod
    def _authenticate(request: Request) -> tuple[Principal, str] | None:
        token = bearer_token(request)
        if token is None:
            return None
        principal = verifier.default().verify(token)
        context.amend(actor=principal.subject)
        return principal, token

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401 answer; it says so if a token was sent."""
        return f'{CHALLENGE}, error="invalid_token"' if request.META.get("HTTP_AUTHORIZATION") else CHALLENGE
