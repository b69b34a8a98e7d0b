"""A customer's credit over HTTP: seen by the customer and by support, granted by operators."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from apps.users import queries, serializers, services
from apps.users.models import CreditAccount, CreditEntry, Role
from apps.users.views.callers import get_visible_user
from apps.users.views.people import NO_SUCH_USER
from ficus.auth.permissions import HasRole, HasScope
from ficus.http import idempotency
from ficus.http.openapi import idempotency_key


class Credit(GenericAPIView[CreditAccount]):
    permission_classes = (IsAuthenticated, HasScope("users:read"))
    serializer_class = serializers.CreditDetail

    @extend_schema(operation_id="get_credit", responses={200: serializers.CreditDetail, 404: NO_SUCH_USER})
    def get(self, request: Request, user_id: UUID) -> Response:
        """Show what a customer may owe us, and what of it is taken."""
        get_visible_user(request, user_id)
        return Response(serializers.CreditDetail(queries.get_credit(customer_id=user_id)).data)


@extend_schema_view(get=extend_schema(operation_id="list_credit_entries"))
class CreditEntries(ListAPIView[CreditEntry]):
    """The ledger of a customer's credit, newest first."""

    permission_classes = (IsAuthenticated, HasScope("users:read"))
    serializer_class = serializers.CreditEntryDetail
    queryset = CreditEntry.objects.none()
    ordering = ("-version",)
    filter_backends = ()

    def get_queryset(self) -> QuerySet[CreditEntry]:
        user = get_visible_user(self.request, self.kwargs["user_id"])
        return queries.list_credit_entries(customer_id=user.id)


class CreditGrants(GenericAPIView[CreditEntry]):
    permission_classes = (IsAuthenticated, HasScope("users:write"), HasRole(Role.OPERATOR))
    serializer_class = serializers.GrantCredit

    @extend_schema(
        operation_id="grant_credit",
        parameters=idempotency_key(required=False),
        responses={
            201: serializers.CreditEntryDetail,
            404: NO_SUCH_USER,
        },
    )
    def post(self, request: Request, user_id: UUID) -> Response:
        """Let a customer owe us more."""
        command = serializers.GrantCredit(data=request.data)
        command.is_valid(raise_exception=True)

        def grant() -> Response:
            entry = services.grant_credit(customer_id=user_id, **command.validated_data, at=timezone.now())
            return Response(serializers.CreditEntryDetail(entry).data, status=status.HTTP_201_CREATED)

        return idempotency.perform(request, "users.grant_credit", grant, required=False)
