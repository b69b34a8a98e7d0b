"""Every path of the gateway's own, beside health."""

from django.conf import settings
from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from ficus.http.routes import endpoint
from gateway.console.views import me, openapi, pages, sign_in

urlpatterns = [
    path("", pages.front, name="front"),
    endpoint("login", sign_in.sign_in, name="login"),
    endpoint("logout", sign_in.sign_out, name="logout"),
    endpoint("me", me.me, name="me"),
    endpoint("openapi.json", openapi.openapi, name="openapi"),
    endpoint("docs", openapi.docs, name="docs"),
    endpoint("docs/signed-in", openapi.signed_in, name="docs_signed_in"),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}console/leaf.svg")),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
]
