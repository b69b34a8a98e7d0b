"""Turns whatever was raised into a problem+json answer: the one place where an exception meets HTTP."""

import logging
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.html import escape
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from ficus.errors import DomainError, Unauthorized, Unavailable
from ficus.http.problem_document import MEDIA_TYPE, of_error, problem_document

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = "1"


class ProblemResponse(Response):
    """A problem document; ``application/problem+json`` wherever JSON is wanted, a page in a browser."""

    @property
    def rendered_content(self) -> Any:
        content = super().rendered_content
        if getattr(self, "accepted_renderer", None) and self.accepted_renderer.format == "json":
            self["Content-Type"] = MEDIA_TYPE
        return content


class TooLarge(exceptions.APIException):
    """The body is larger than this process reads."""

    status_code = 413
    default_code = "too_large"
    default_detail = "The body is too large."


class DatabaseAway(Unavailable):
    """The service's database does not answer, or not in time."""

    code, title = "database_unavailable", "The service cannot reach its data at present"


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the answer to an exception in a REST view; None for a bug, which Django then reports as 500."""
    path = context["request"].path
    if isinstance(error, OperationalError | InterfaceError):
        logger.error("the database does not answer", exc_info=error)
        error = DatabaseAway()
    if isinstance(error, DomainError):
        set_rollback()
        return response_to(error, instance=path)
    error = _as_rest_exception(error)
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    return ProblemResponse(_document(error, path), status=error.status_code, headers=_headers(error), exception=True)


def response_to(error: DomainError, *, instance: str) -> Response:
    """Return the answer that a domain error renders itself to."""
    headers = {}
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = 'Bearer realm="ficus"'
    if "retry_after" in error.extra or isinstance(error, Unavailable):
        headers["Retry-After"] = str(error.extra.get("retry_after", RETRY_AFTER_SECONDS))
    return ProblemResponse(of_error(error, instance=instance), status=error.status, headers=headers, exception=True)


def _as_rest_exception(error: Exception) -> Exception:
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, RequestDataTooBig):
        return TooLarge()
    return error


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(wait)
    elif error.status_code == 503:
        headers["Retry-After"] = RETRY_AFTER_SECONDS
    return headers


def _document(error: exceptions.APIException, path: str) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        errors = fold_errors(error.detail)
        return problem_document(
            400, code="invalid", title="Invalid input", detail=_summary(errors), instance=path, errors=errors
        )
    code = error.get_codes()
    return problem_document(
        error.status_code,
        code=code if isinstance(code, str) else error.default_code,
        detail=str(error.detail),
        instance=path,
    )


def fold_errors(detail: Any) -> dict[str, list[str]]:
    """
    Return a serializer's errors by field; one inside a list or an object is named by its path, ``lines.0.sku``.

    What concerns no single field is under ``non_field_errors``.
    """
    errors: dict[str, list[str]] = {}
    for path, message in _walk(detail, ()):
        errors.setdefault(".".join(path) or "non_field_errors", []).append(message)
    return errors


def _walk(detail: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _walk(inner, (*path, str(name)))
    elif isinstance(detail, list) and any(isinstance(inner, dict) for inner in detail):
        for index, inner in enumerate(detail):
            yield from _walk(inner, (*path, str(index)))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _walk(inner, path)
    else:
        yield path, str(detail)


def _summary(errors: dict[str, list[str]]) -> str:
    name, messages = next(iter(errors.items()), ("", ["Invalid input."]))
    return messages[0] if name in ("", "non_field_errors") else f"{name}: {messages[0]}"


# What Django answers outside REST views: a path that does not exist, a request that it refuses, a bug.


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _answer(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(request, 500)


def _answer(request: HttpRequest, status: int) -> HttpResponse:
    document = problem_document(status, instance=request.path)
    if request.get_preferred_type(["application/json", "text/html"]) == "text/html":
        return HttpResponse(_page(document), status=status)
    return JsonResponse(document, status=status, content_type=MEDIA_TYPE)


def _page(document: dict[str, Any]) -> str:
    title, request_id = escape(document["title"]), escape(document.get("request_id", ""))
    return (
        f"<!DOCTYPE html><html lang=en><title>{title}</title>"
        f"<h1>{document['status']} {title}</h1><p>Request {request_id}</p></html>"
    )
