"""The two paths every HTTP process answers, with and without a trailing slash."""

from django.urls import re_path

from ficus.health import views

urlpatterns = [
    re_path(r"^livez/?$", views.live, name="livez"),
    re_path(r"^readyz/?$", views.ready, name="readyz"),
]
