"""What every operation can answer beside what its view declares, as an OpenAPI document says it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ficus.http.problem_document import MEDIA_TYPE

METHODS = frozenset(("get", "put", "post", "delete", "options", "head", "patch", "trace"))

PROBLEM_SCHEMA = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "detail", "instance", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string", "description": "Stable name for programs."},
        "request_id": {"type": "string"},
        "trace_id": {"type": "string"},
        "errors": {
            "type": "object",
            "description": "Messages by field; one inside a list is named by its path, `lines.0.sku`.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}
PROBLEM_CONTENT = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}

HEADERS: dict[str, dict[str, Any]] = {
    "Retry-After": {
        "description": "Seconds after which it is worth trying again (RFC 9110, section 10.2.3).",
        "schema": {"type": "integer", "minimum": 0},
    },
    "WWW-Authenticate": {
        "description": "The challenge: a bearer token (RFC 6750, section 3).",
        "required": True,
        "schema": {"type": "string"},
    },
}
CHALLENGE, RETRY = {"WWW-Authenticate"}, {"Retry-After"}

# By status: the component's name, what it means, and its headers.
PROBLEMS: dict[str, tuple[str, str, set[str]]] = {
    "400": ("Invalid", "The input is not acceptable.", set()),
    "401": ("Unauthorized", "No token, or none that is valid.", CHALLENGE),
    "403": ("Forbidden", "Whoever asks may not do this.", set()),
    "404": ("NotFound", "There is none, or none that the caller may know of.", set()),
    "406": ("NotAcceptable", "None of the media types in `Accept` is to be had.", set()),
    "409": ("StillRunning", "`request_in_progress`: the same request is still running.", set()),
    "413": ("TooLarge", "The body is too large.", set()),
    "415": ("UnsupportedMediaType", "The body is of a media type that is not read here.", set()),
    "422": ("KeyReused", "`idempotency_key_reused`: the key belongs to another request.", set()),
    "429": ("TooMany", "Too many requests; `Retry-After` says when to come back.", RETRY),
    "502": ("ServiceFailed", "The service broke off, or answered what is no answer.", set()),
    "503": ("Unavailable", "Not at present; `Retry-After` says when to try again.", RETRY),
    "504": ("TimedOut", "There was no answer in the time allowed.", set()),
}


def components() -> dict[str, Any]:
    """Return the components that these answers consist of."""
    return {
        "schemas": {"Problem": PROBLEM_SCHEMA},
        "headers": HEADERS,
        "responses": {name: _described({"description": text}, headers) for name, text, headers in PROBLEMS.values()},
    }


def reference(status: str) -> dict[str, str]:
    return {"$ref": f"#/components/responses/{PROBLEMS[status][0]}"}


def document_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """
    Add to every operation the problem answers that it can give; a postprocessing hook of drf-spectacular.

    An answer that a view declares with a description alone is a problem too.
    """
    for kind, named in components().items():
        result.setdefault("components", {}).setdefault(kind, {}).update(named)
    for operation in operations(result):
        add_problems(operation, _statuses(operation))
    return result


def add_problems(operation: dict[str, Any], statuses: Iterable[str]) -> None:
    """Add answers to an operation, unless it describes them itself, and make its own whole."""
    responses = operation["responses"]
    for status in statuses:
        responses.setdefault(status, reference(status))
    for status, response in responses.items():
        if status >= "400" and "$ref" not in response:
            _described(response, PROBLEMS[status][2] if status in PROBLEMS else set())
    operation["responses"] = dict(sorted(responses.items()))


def operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document.get("paths", {}).values():
        yield from (operation for method, operation in path.items() if method in METHODS)


def _described(response: dict[str, Any], headers: set[str]) -> dict[str, Any]:
    response.setdefault("content", PROBLEM_CONTENT)
    if headers:
        named = {name: {"$ref": f"#/components/headers/{name}"} for name in sorted(headers)}
        response["headers"] = {**named, **response.get("headers", {})}
    return response


def _statuses(operation: dict[str, Any]) -> Iterator[str]:
    parameters = operation.get("parameters", [])
    yield from ("400", "406", "503", "504")
    if any(operation.get("security", ())):
        yield from ("401", "403")
    if any(parameter.get("in") == "path" for parameter in parameters):
        yield "404"
    if "requestBody" in operation:
        yield from ("413", "415")
    if any(parameter.get("name") == "Idempotency-Key" for parameter in parameters):
        yield from ("409", "422")
