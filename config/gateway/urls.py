"""Every path the gateway answers itself; all others are proxied by the data path or do not exist."""

from django.urls import include, path

urlpatterns = [
    path("", include("ficus.health.urls")),
    path("", include("ficus.telemetry.urls")),
    path("", include("gateway.console.urls")),
]

handler400 = "ficus.http.problems.bad_request"
handler403 = "ficus.http.problems.permission_denied"
handler404 = "ficus.http.problems.not_found"
handler500 = "ficus.http.problems.server_error"
