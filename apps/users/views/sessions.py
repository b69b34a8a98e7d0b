"""Signing in, going on and signing out at our own front ends. Other clients use the OAuth2 server."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from apps.users import serializers, services

NOT_CACHED = {"Cache-Control": "no-store"}


class PublicView(GenericAPIView[Any]):
    """Open to everybody; a token that is sent along is not looked at, so that an expired one does no harm."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class SignIn(PublicView):
    serializer_class = serializers.SignIn

    @extend_schema(
        operation_id="sign_in",
        request=serializers.SignIn,
        responses={
            200: serializers.SessionTokens,
            401: OpenApiResponse(description="Wrong username or password."),
            429: OpenApiResponse(description="`too_many_attempts` from there, or `too_busy`: too many sign in."),
        },
    )
    def post(self, request: Request) -> Response:
        """Trade a username and a password for a session."""
        command = serializers.SignIn(data=request.data)
        command.is_valid(raise_exception=True)
        session = services.sign_in(**command.validated_data, address=address_of(request), at=timezone.now())
        return Response(serializers.SessionTokens(session).data, headers=NOT_CACHED)


class RefreshSession(PublicView):
    serializer_class = serializers.RefreshToken

    @extend_schema(
        operation_id="refresh_session",
        request=serializers.RefreshToken,
        responses={200: serializers.SessionTokens, 401: OpenApiResponse(description="The session has ended.")},
    )
    def post(self, request: Request) -> Response:
        """Trade a refresh token for a new pair. One that is used twice ends its session."""
        command = serializers.RefreshToken(data=request.data)
        command.is_valid(raise_exception=True)
        session = services.refresh_session(**command.validated_data)
        return Response(serializers.SessionTokens(session).data, headers=NOT_CACHED)


class EndSession(PublicView):
    serializer_class = serializers.RefreshToken

    @extend_schema(operation_id="end_session", request=serializers.RefreshToken, responses={204: None})
    def post(self, request: Request) -> Response:
        """End the session of a refresh token. The answer is the same whether there was one."""
        command = serializers.RefreshToken(data=request.data)
        command.is_valid(raise_exception=True)
        services.end_session(**command.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)


def address_of(request: Request) -> str:
    """Return where the request comes from, as the hop in front of us says; the gateway rewrites what it was told."""
    forwarded: str = request.META.get("HTTP_X_FORWARDED_FOR", "")
    address: str = forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")
    return address[:45]
