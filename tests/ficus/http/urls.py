"""Views for the tests of this folder. They list kept answers and make sessions, which every deployable has."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import exceptions, serializers
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from ficus import context, deadline
from ficus.errors import Conflict, DomainError, Invalid, NotFound, Refused, Unauthorized, Unavailable
from ficus.http import idempotency, openapi, preferences
from ficus.http.models import KeptAnswer
from ficus.http.routes import endpoint
from ficus.http.serializers import StrictSerializer


class OutOfPaper(Refused):
    code, title = "out_of_paper", "Out of paper"


FAILURES: dict[str, Callable[[], Exception]] = {
    "invalid": lambda: Invalid("no good"),
    "unauthorized": Unauthorized,
    "not_found": lambda: NotFound("no such shelf", shelf=7),
    "conflict": lambda: Conflict("already", present="open", status="spoofed", request_id="spoofed"),
    "refused": OutOfPaper,
    "unavailable": Unavailable,
    "http404": Http404,
    "django_denied": PermissionDenied,
    "throttled": lambda: exceptions.Throttled(wait=7),
    "validation_text": lambda: exceptions.ValidationError("not together"),
    "database": lambda: OperationalError("connection refused"),
    "bug": lambda: RuntimeError("secret of the house"),
    "domain": DomainError,
}


class Line(StrictSerializer):
    sku = serializers.CharField(max_length=8)
    quantity = serializers.IntegerField(min_value=1)


class MakeThing(StrictSerializer):
    name = serializers.CharField(max_length=20)
    lines = Line(many=True, required=False)
    made_at = serializers.DateTimeField(read_only=True)


class Fail(GenericAPIView[Any]):
    permission_classes = (AllowAny,)
    serializer_class = MakeThing

    @extend_schema(exclude=True)
    def get(self, request: Request, kind: str) -> Response:
        raise FAILURES[kind]()


class Echo(GenericAPIView[Any]):
    permission_classes = (AllowAny,)
    serializer_class = MakeThing

    @extend_schema(responses={201: MakeThing}, operation_id="echo")
    def post(self, request: Request) -> Response:
        """Say it again."""
        command = MakeThing(data=request.data)
        command.is_valid(raise_exception=True)
        return Response(command.data, status=201)


class Row(serializers.ModelSerializer[KeptAnswer]):
    class Meta:
        model = KeptAnswer
        fields: ClassVar[list[str]] = ["id", "key", "kept_at"]


@extend_schema_view(get=extend_schema(operation_id="list_rows"))
class RowList(ListAPIView[KeptAnswer]):
    """Rows, newest first."""

    permission_classes = (AllowAny,)
    serializer_class = Row
    queryset = KeptAnswer.objects.all()
    ordering = ("-kept_at", "-id")
    filter_backends = ()


@extend_schema_view(get=extend_schema(exclude=True))
class OldestFirst(RowList):
    ordering = ("key",)  # type: ignore[assignment]


class RowDetail(GenericAPIView[KeptAnswer]):
    serializer_class = Row

    @extend_schema(
        operation_id="get_row", responses={200: Row, 409: OpenApiResponse(description="It is being written.")}
    )
    def get(self, request: Request, row_id: UUID) -> Response:
        """Show one."""
        raise NotFound


class SessionList(GenericAPIView[Session]):
    """Makes a session for each request, so that effects can be counted."""

    permission_classes = (AllowAny,)
    serializer_class = MakeThing
    required = True

    @extend_schema(
        operation_id="make_thing",
        parameters=[*openapi.idempotency_key(required=True), openapi.PREFER_WAIT],
        responses={201: MakeThing},
    )
    def post(self, request: Request) -> Response:
        """Make a thing."""
        command = MakeThing(data=request.data)
        command.is_valid(raise_exception=True)
        name = command.validated_data["name"]

        def check() -> None:
            if name == "refused before":
                raise OutOfPaper

        def make() -> Response:
            session = Session.objects.create(
                session_key=context.current().correlation_id, expire_date=timezone.now() + timedelta(days=1)
            )
            if name in FAILURES:
                raise FAILURES[name]()
            return Response({"made": session.session_key}, status=201, headers={"Location": f"/{session.session_key}"})

        return idempotency.perform(request, "tests.make_thing", make, before=check, required=self.required)


@extend_schema_view(post=extend_schema(exclude=True))
class SessionListWithoutKey(SessionList):
    required = False


class Time(GenericAPIView[Any]):
    permission_classes = (AllowAny,)
    serializer_class = MakeThing

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        left = deadline.remaining()
        return Response({"left": left, "wait": preferences.wait_seconds(request), **vars_of(context.current())})


def vars_of(current: context.Context) -> dict[str, str]:
    return {"correlation_id": current.correlation_id, "actor": current.actor}


def plain(request: HttpRequest, kind: str) -> HttpResponse:
    raise {"bug": RuntimeError, "suspicious": SuspiciousOperation, "denied": PermissionDenied}[kind]("secret")


urlpatterns = [
    endpoint("fail/<slug:kind>", Fail.as_view(), name="fail"),
    endpoint("echo", Echo.as_view(), name="echo"),
    endpoint("rows", RowList.as_view(), name="rows"),
    endpoint("rows/<uuid:row_id>", RowDetail.as_view(), name="row"),
    endpoint("oldest", OldestFirst.as_view(), name="oldest"),
    endpoint("things", SessionList.as_view(), name="things"),
    endpoint("optional", SessionListWithoutKey.as_view(), name="optional"),
    endpoint("time", Time.as_view(), name="time"),
    endpoint("plain/<slug:kind>", plain, name="plain"),
    endpoint("openapi.json", openapi.document("tests.ficus.http.urls"), name="openapi"),
]

handler400 = "ficus.http.problems.bad_request"
handler403 = "ficus.http.problems.permission_denied"
handler404 = "ficus.http.problems.not_found"
handler500 = "ficus.http.problems.server_error"
