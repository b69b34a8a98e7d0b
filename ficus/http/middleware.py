"""Gives each request its id, its deadline and its context, before anything else looks at it."""

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse, JsonResponse
from uuid_utils.compat import uuid7

from ficus import context, crash, deadline
from ficus.http import preferences
from ficus.http.problem_document import MEDIA_TYPE, problem_document

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
TIMEOUT = re.compile(r"[0-9]{1,9}")
TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

DEFAULT_SECONDS = 5.0
LONGEST_SECONDS = 30.0
CLIENT_LEFT = 499  # nobody reads it; nginx's name for it in logs


class MalformedTimeout(ValueError):
    """``X-Request-Timeout-Ms`` is no whole number of milliseconds."""


def request_id(request: HttpRequest) -> str:
    """Return the id that the caller gave the request, or a new one if it gave none that is safe to repeat."""
    given = request.META.get("HTTP_X_REQUEST_ID", "")
    return given if REQUEST_ID.fullmatch(given) else str(uuid7())


def traceparent(request: HttpRequest) -> str:
    """Return the trace that the request belongs to (W3C Trace Context), or an empty string if it names none."""
    given = request.META.get("HTTP_TRACEPARENT", "")
    return given if TRACEPARENT.fullmatch(given) else ""


def seconds_allowed(request: HttpRequest) -> float:
    """
    Return how long the answer is wanted: ``X-Request-Timeout-Ms``, or the default and what ``Prefer: wait`` adds.

    :raises MalformedTimeout: if the header is no whole number.
    """
    given = request.META.get("HTTP_X_REQUEST_TIMEOUT_MS")
    if given is None:
        return min(DEFAULT_SECONDS + (preferences.wait_seconds(request) or 0), LONGEST_SECONDS)
    if not TIMEOUT.fullmatch(given):
        raise MalformedTimeout
    return min(int(given) / 1000, LONGEST_SECONDS)


def client_has_left(request: HttpRequest) -> bool:
    """
    Tell whether whoever asked has closed the connection since, as far as the server (gunicorn) lets one see it.

    One who closes his sending side alone counts as gone too, as he does for nginx.
    """
    connection = request.META.get("gunicorn.socket")
    if type(connection) is not socket.socket:
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


class RequestContext:
    """
    Holds id and deadline in :mod:`ficus.context` and :mod:`ficus.deadline`, and repeats the id in the answer.

    Refuses a malformed deadline with 400 and one with under 10 ms left with 504. What was asked by somebody who has
    left is not begun: after a pause the requests that waited would otherwise keep a service from all that come anew.
    """

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if iscoroutinefunction(self):
            return self._answer(request)
        with entered(request) as refusal:
            response = _with_id(refusal or self.get_response(request))
            if request.method == "POST":
                crash.point("http.before_answer")
            return response

    async def _answer(self, request: HttpRequest) -> HttpResponse:
        with entered(request) as refusal:
            return _with_id(refusal or await self.get_response(request))


@contextmanager
def entered(request: HttpRequest) -> Iterator[HttpResponse | None]:
    """Hold the request's context and deadline for the duration of the block; yields an answer if it is refused."""
    with context.entered(
        correlation_id=request_id(request), causation_id="", actor="", traceparent=traceparent(request)
    ):
        if client_has_left(request):
            yield HttpResponse(status=CLIENT_LEFT)
            return
        try:
            seconds = seconds_allowed(request)
        except MalformedTimeout:
            yield _refuse(request, 400, "X-Request-Timeout-Ms must be a whole number of milliseconds.")
            return
        if seconds < deadline.LEAST_SECONDS:
            yield _refuse(request, 504, "No time is left to answer.", code="deadline_exceeded")
            return
        with deadline.entered(seconds):
            yield None


def _refuse(request: HttpRequest, status: int, detail: str, code: str = "") -> HttpResponse:
    document = problem_document(status, code=code, detail=detail, instance=request.path)
    return JsonResponse(document, status=status, content_type=MEDIA_TYPE)


def _with_id(response: HttpResponse) -> HttpResponse:
    response["X-Request-ID"] = context.current().correlation_id
    return response
