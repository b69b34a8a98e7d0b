"""Paths that answer with and without a trailing slash, without a redirect and without being declared twice."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern
from django.urls.resolvers import RoutePattern


class SlashOptional(RoutePattern):
    """A route that matches its path as written and with one slash more; reversed, it is the path as written."""

    def match(self, path: str) -> Any:
        return super().match(path[:-1] if path.endswith("/") else path)


def endpoint(route: str, view: Callable[..., Any], *, name: str) -> URLPattern:
    """
    Return the URL pattern of ``view``, for ``urlpatterns``.

    :param route: as for Django's ``path``, such as ``orders/<uuid:order_id>``, without a slash at the end.
    """
    return URLPattern(SlashOptional(route, name=name, is_endpoint=True), view, None, name)
