"""Every path the monolith answers: all services' own."""

from django.urls import include, path

from config.services import NAMES

urlpatterns = [
    path("", include("ficus.health.urls")),
    path("", include("ficus.telemetry.urls")),
    *(path("", include(f"apps.{name}.urls")) for name in NAMES),
]

handler400 = "ficus.http.problems.bad_request"
handler403 = "ficus.http.problems.permission_denied"
handler404 = "ficus.http.problems.not_found"
handler500 = "ficus.http.problems.server_error"
