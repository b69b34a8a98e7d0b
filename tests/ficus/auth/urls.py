"""Views and an admin for the tests of this folder."""

from typing import Any

from django.urls import path
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ficus import context
from ficus.auth.permissions import HasRole, HasScope, ScopeByMethod
from ficus.auth.staff import StaffAdminSite


class WhoAmI(APIView):
    permission_classes = (IsAuthenticated,)

    def get(self, request: Request) -> Response:
        return Response({"subject": request.user.subject, "actor": context.current().actor})

    post = get


class Greeting(WhoAmI):
    permission_classes = (AllowAny,)


class Counter(WhoAmI):
    permission_classes = (HasRole("operator") & HasScope("orders:write"),)


class Shelf(WhoAmI):
    permission_classes = (ScopeByMethod("orders"),)


site: Any = StaffAdminSite(name="tests_admin")
urlpatterns = [
    path("who", WhoAmI.as_view()),
    path("greeting", Greeting.as_view()),
    path("counter", Counter.as_view()),
    path("shelf", Shelf.as_view()),
    path("tests/admin/", site.urls),
]
