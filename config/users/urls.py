"""Every path the users service answers."""

from django.urls import include, path

urlpatterns = [
    path("", include("ficus.health.urls")),
    path("", include("ficus.telemetry.urls")),
    path("", include("apps.users.urls")),
]

handler400 = "ficus.http.problems.bad_request"
handler403 = "ficus.http.problems.permission_denied"
handler404 = "ficus.http.problems.not_found"
handler500 = "ficus.http.problems.server_error"
