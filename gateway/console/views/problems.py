"""Lets a view raise domain errors: they become problem documents, as in the services."""

from collections.abc import Awaitable, Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, JsonResponse

from ficus.errors import DomainError, Unauthorized
from ficus.http.problem_document import MEDIA_TYPE, of_error

View = Callable[[HttpRequest], Awaitable[HttpResponse]]


def answers_problems(view: View) -> View:
    """Wrap an async view."""

    @wraps(view)
    async def wrapped(request: HttpRequest) -> HttpResponse:
        try:
            return await view(request)
        except DomainError as error:
            document = of_error(error, instance=request.path)
            response = JsonResponse(document, status=error.status, content_type=MEDIA_TYPE)
            if isinstance(error, Unauthorized):
                response["WWW-Authenticate"] = 'Bearer realm="ficus"'
            return response

    return wrapped
