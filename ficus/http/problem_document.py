"""The one shape of every error answer (RFC 9457). No Django and no REST framework here."""

from http import HTTPStatus
from typing import Any

from ficus import context
from ficus.errors import DomainError
from ficus.telemetry import tracing

MEDIA_TYPE = "application/problem+json"


def problem_document(
    status: int, *, code: str = "", title: str = "", detail: str = "", instance: str = "", **extra: Any
) -> dict[str, Any]:
    """
    Return the document that says what went wrong, with the ids under which traces and logs know the request.

    :param code: stable name for programs; by default the status in words, such as ``not_found``.
    :param instance: path of the request.
    :param extra: further members, JSON values only.
    """
    phrase = HTTPStatus(status).phrase
    code = code or phrase.lower().replace(" ", "_").replace("-", "_")
    title = title or phrase
    document = {
        "type": f"urn:ficus:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail or title,
        "instance": instance,
        "code": code,
    }
    return _with_members({**document, **request_ids()}, extra)


def of_error(error: DomainError, *, instance: str = "") -> dict[str, Any]:
    """Return the document that a domain error renders itself to; its extras replace no member of the standard."""
    document = problem_document(
        error.status, code=error.code, title=error.title, detail=error.detail, instance=instance
    )
    return _with_members(document, error.extra)


def _with_members(document: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    return document | {name: value for name, value in extra.items() if name not in document}


def request_ids() -> dict[str, str]:
    """Return the ids of the request and of the trace at hand, each only if there is one."""
    trace_id, _ = tracing.current_ids()
    ids = {"trace_id": trace_id, "request_id": context.current().correlation_id}
    return {name: value for name, value in ids.items() if value}
