"""People over HTTP: read, one domain call, answer. A stranger's person is not there."""

from typing import Any
from uuid import UUID

import django_filters
from django.contrib.auth.hashers import make_password
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from apps.users import queries, serializers, services
from apps.users.exceptions import UserNotFound
from apps.users.models import Role, User
from apps.users.views.callers import get_visible_user, links
from ficus.auth.permissions import HasRole, HasScope, ScopeByMethod
from ficus.auth.rest import caller_of
from ficus.http import filters, idempotency
from ficus.http.openapi import LOCATION, idempotency_key

NO_SUCH_USER = OpenApiResponse(description="No such user, or not one that you may know of.")


class UserFilter(django_filters.FilterSet):  # type: ignore[misc] # published without types
    search = django_filters.CharFilter(method="keep_search", label="Words of the username, email or name.")
    is_active = filters.YesNo(help_text="Whether they can sign in.")
    role = django_filters.ChoiceFilter(choices=Role.choices, method="keep_role")

    class Meta:
        model = User
        fields = ("search", "is_active", "role")

    def keep_search(self, users: QuerySet[User], name: str, value: str) -> QuerySet[User]:
        return queries.search_users(users, words=value)

    def keep_role(self, users: QuerySet[User], name: str, value: str) -> QuerySet[User]:
        return queries.with_role(users, role=value)


@extend_schema_view(get=extend_schema(operation_id="list_users"))
class UserList(ListAPIView[User]):
    """People, newest first: all for support and above, oneself alone for a customer."""

    serializer_class = serializers.UserDetail
    filterset_class = UserFilter
    queryset = User.objects.none()

    def get_permissions(self) -> list[BasePermission]:
        if self.request.method == "POST":
            return [AllowAny()]
        return [IsAuthenticated(), HasScope("users:read")()]

    def get_serializer_class(self) -> Any:
        return serializers.RegisterUser if self.request.method == "POST" else serializers.UserDetail

    def get_queryset(self) -> QuerySet[User]:
        who = caller_of(self.request)
        if who.has_role(Role.SUPPORT):
            return queries.list_users()
        return queries.list_users(only=who.id) if who.id else User.objects.none()

    @extend_schema(
        operation_id="register_user",
        request=serializers.RegisterUser,
        parameters=[*idempotency_key(required=False), LOCATION],
        responses={
            201: serializers.UserDetail,
            409: OpenApiResponse(description="`username_taken` or `email_taken`."),
            429: OpenApiResponse(description="`too_busy`: too many passwords are being hashed."),
        },
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Join, with the credit that everybody starts with."""
        command = serializers.RegisterUser(data=request.data)
        command.is_valid(raise_exception=True)
        password = command.validated_data.pop("password")
        hashed: dict[str, str] = {}

        def register() -> Response:
            user = services.register_user(**command.validated_data, **hashed, at=timezone.now())
            answer = serializers.UserDetail(user).data
            return Response(answer, status=status.HTTP_201_CREATED, headers={"Location": f"/users/{user.id}"})

        return idempotency.perform(
            request,
            "users.register_user",
            register,
            before=lambda: hashed.update(password_hash=make_password(password)),
            required=False,
        )


class UserDetail(GenericAPIView[User]):
    """A person: shown to that person and to support and above, changed by that person and by operators."""

    permission_classes = (IsAuthenticated, ScopeByMethod("users"))

    def get_serializer_class(self) -> Any:
        return serializers.ChangeProfile if self.request.method == "PATCH" else serializers.UserDetail

    def get_extra_action_url_map(self) -> dict[str, str]:
        return links(self.request, self.kwargs["user_id"])

    @extend_schema(operation_id="get_user", responses={200: serializers.UserDetail, 404: NO_SUCH_USER})
    def get(self, request: Request, user_id: UUID) -> Response:
        """Show a person to that person, or to support and above."""
        return Response(serializers.UserDetail(get_visible_user(request, user_id)).data)

    @extend_schema(
        operation_id="change_profile",
        request=serializers.ChangeProfile,
        responses={
            200: serializers.UserDetail,
            404: NO_SUCH_USER,
            409: OpenApiResponse(description="`email_taken`."),
        },
    )
    def patch(self, request: Request, user_id: UUID) -> Response:
        """Change one's own profile; operators change anybody's."""
        get_visible_user(request, user_id, least=Role.OPERATOR)
        command = serializers.ChangeProfile(data=request.data)
        command.is_valid(raise_exception=True)
        user = services.change_profile(user_id=user_id, **command.validated_data)
        return Response(serializers.UserDetail(user).data)


class CurrentUser(GenericAPIView[User]):
    """The person whose token it is."""

    permission_classes = (IsAuthenticated, HasScope("users:read"))
    serializer_class = serializers.UserDetail

    def get_extra_action_url_map(self) -> dict[str, str]:
        who = caller_of(self.request).id
        return links(self.request, who) if who else {}

    @extend_schema(operation_id="get_current_user", responses={200: serializers.UserDetail, 404: NO_SUCH_USER})
    def get(self, request: Request) -> Response:
        """Show the person whose token it is."""
        who = caller_of(request).id
        if who is None:
            raise UserNotFound
        return Response(serializers.UserDetail(get_visible_user(request, who)).data)


class DeactivateUser(GenericAPIView[User]):
    permission_classes = (IsAuthenticated, HasScope("users:write"), HasRole(Role.OPERATOR))
    serializer_class = serializers.Reason

    @extend_schema(
        operation_id="deactivate_user",
        responses={
            200: serializers.UserDetail,
            404: NO_SUCH_USER,
            409: OpenApiResponse(description="`illegal_move`: deactivated already."),
        },
    )
    def post(self, request: Request, user_id: UUID) -> Response:
        """Keep a person from signing in, and end every session."""
        command = serializers.Reason(data=request.data)
        command.is_valid(raise_exception=True)
        user = services.deactivate_user(user_id=user_id, **command.validated_data)
        return Response(serializers.UserDetail(user).data)


class ReactivateUser(GenericAPIView[User]):
    permission_classes = (IsAuthenticated, HasScope("users:write"), HasRole(Role.OPERATOR))
    serializer_class = serializers.OptionalReason

    @extend_schema(
        operation_id="reactivate_user",
        responses={
            200: serializers.UserDetail,
            404: NO_SUCH_USER,
            409: OpenApiResponse(description="`illegal_move`: active already."),
        },
    )
    def post(self, request: Request, user_id: UUID) -> Response:
        """Let a person sign in again."""
        command = serializers.OptionalReason(data=request.data)
        command.is_valid(raise_exception=True)
        user = services.reactivate_user(user_id=user_id, **command.validated_data)
        return Response(serializers.UserDetail(user).data)
