"""
The OAuth2/OIDC server over HTTP: django-oauth-toolkit's views under our paths, with our keys and our sign-in.

Their errors are OAuth's own (RFC 6749 section 5.2), not problem documents.
"""

import json
from typing import Any, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View
from oauth2_provider.http import OAuth2ResponseRedirect
from oauth2_provider.models import Application
from oauth2_provider.views import (
    AuthorizationView,
    ConnectDiscoveryInfoView,
    IntrospectTokenView,
    OAuthServerMetadataView,
    RevokeTokenView,
    TokenView,
    UserInfoView,
)

from apps.users import keys, queries, tokens
from apps.users.models import User
from ficus.auth.staff import principal_of
from ficus.errors import DomainError
from ficus.http.problem_document import MEDIA_TYPE, of_error

JWKS_MAX_AGE_SECONDS = 300


class ForPrograms(View):
    """
    Answers what our own rules refuse, such as one hash too many at once; these views are outside REST framework.

    No cookie speaks for anybody here, so there is no forgery to guard against.
    """

    @method_decorator(csrf_exempt)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().dispatch(request, *args, **kwargs)
        except DomainError as error:
            document = of_error(error, instance=request.path)
            headers = {"Retry-After": error.extra["retry_after"]} if "retry_after" in error.extra else {}
            return JsonResponse(document, status=error.status, content_type=MEDIA_TYPE, headers=headers)


class Authorize(AuthorizationView):  # type: ignore[misc]
    """
    Asks a person whether a client may act for them. The person is whoever is signed in at the front door.

    Only a token of our own front ends counts: with a client's token, that client could allow itself more.
    """

    template_name = "users/authorize.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        request.user = self._person(request) or AnonymousUser()
        if request.GET.get("client_id") == settings.TOKENS["DOCUMENTATION"]:
            tokens.documentation()
        return super().dispatch(request, *args, **kwargs)

    def redirect(self, redirect_to: str, application: Application | None) -> Any:
        """Send the person back to the client: to https, and to what is ours, which in development has none."""
        is_documentation = redirect_to.startswith(f"{settings.TOKENS['DOCUMENTATION_REDIRECT']}?")
        if is_documentation or tokens.is_staff_client(application):
            return OAuth2ResponseRedirect(redirect_to, [urlsplit(redirect_to).scheme])
        return super().redirect(redirect_to, application)

    def form_valid(self, form: Any) -> Any:
        """:raises Http404: if the form names a client that there is not."""
        try:
            return super().form_valid(form)
        except Application.DoesNotExist:
            raise Http404 from None

    @staticmethod
    def _person(request: HttpRequest) -> User | None:
        principal = principal_of(request)
        if principal is None or principal.id is None or principal.client_id != settings.TOKENS["FIRST_PARTY"]:
            return None
        person: Any = queries.find_active_user(user_id=principal.id)
        if person is not None:
            person.front_session = principal.session_id
        return cast("User | None", person)


class Token(ForPrograms, TokenView):  # type: ignore[misc]
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Issue tokens for a code, a client's own credentials or a refresh token. There is no device flow."""
        return self.authorization_flow_token_response(request)


class Revoke(ForPrograms, RevokeTokenView):  # type: ignore[misc]
    """Ends a token of the client that asks (RFC 7009)."""


class Introspect(ForPrograms, IntrospectTokenView):  # type: ignore[misc]
    """Tells a client about a token (RFC 7662); the token comes in the body, never in the URL."""

    http_method_names = ("post", "options")


class UserInfo(ForPrograms, UserInfoView):  # type: ignore[misc]
    """Tells who the person of an access token is (OpenID Connect Core 1.0 section 5.3)."""


class OpenIdConfiguration(ConnectDiscoveryInfoView):  # type: ignore[misc]
    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Describe the server (OpenID Connect Discovery 1.0), whose one algorithm is ES256."""
        return _amended(super().get(request, *args, **kwargs), id_token_signing_alg_values_supported=[keys.ALGORITHM])


class ServerMetadata(OAuthServerMetadataView):  # type: ignore[misc]
    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Describe the server (RFC 8414); the toolkit names the key set only if it has an RSA key."""
        return _amended(super().get(request, *args, **kwargs), jwks_uri=self._get_endpoint_url(request, "jwks-info"))


class JsonWebKeys(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        """Publish the keys that every token of ours is verified with (RFC 7517)."""
        headers = {
            "Access-Control-Allow-Origin": "*",
            "Cache-Control": f"public, max-age={JWKS_MAX_AGE_SECONDS}",
        }
        return JsonResponse(keys.public_jwks(), headers=headers)


class Revocations(View):
    """
    Tells verifiers which tokens are refused before they expire, asked a few times a second.

    Whoever knows no session's and no person's id learns nothing from it but how many there were.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        """Answer what has been revoked since ``since``, in seconds since 1970, or as long as it matters."""
        try:
            since = float(request.GET.get("since", 0))
        except ValueError:
            since = 0.0
        return JsonResponse(queries.revocations_since(since), headers={"Cache-Control": "no-store"})


def _amended(response: HttpResponse, **members: Any) -> HttpResponse:
    response.content = json.dumps({**json.loads(response.content), **members})
    return response
