"""The path that every HTTP process answers to those who watch it, with and without a trailing slash."""

from django.urls import re_path

from ficus.telemetry import views

urlpatterns = [re_path(r"^metrics/?$", views.read_metrics, name="metrics")]
