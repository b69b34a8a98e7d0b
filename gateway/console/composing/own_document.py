"""The gateway's own part of the OpenAPI document."""

from typing import Any

from ficus.http.answers import reference

INTRODUCTION = """\
Paths work with and without a trailing slash. What comes in and goes out is JSON; instants are RFC 3339 in UTC, ids \
are UUIDs, amounts are whole numbers of minor units. Lists have `next` and `previous`, to be followed as they are.

Errors are `application/problem+json` (RFC 9457). Beside those that an operation lists, a request that is no sound \
HTTP is answered with 400, 408, 413, 414, 417, 431, 501 or 505, and a method that is not served with 405.\
"""

HEALTH = {
    "type": "object",
    "description": "draft-inadarei-api-health-check-06",
    "required": ["status", "version", "serviceId", "time"],
    "properties": {
        "status": {"type": "string", "enum": ["pass", "warn", "fail"]},
        "version": {"type": "string"},
        "serviceId": {"type": "string"},
        "time": {"type": "string", "format": "date-time"},
        "checks": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"$ref": "#/components/schemas/HealthCheck"}},
        },
    },
}
HEALTH_CHECK = {
    "type": "object",
    "required": ["status", "time"],
    "properties": {
        "status": {"type": "string", "enum": ["pass", "warn", "fail"]},
        "time": {"type": "string", "format": "date-time"},
        "observedValue": {"type": "number"},
        "observedUnit": {"type": "string"},
        "output": {"type": "string"},
    },
}
ME = {
    "type": "object",
    "required": ["user", "credit", "recent_orders", "degraded"],
    "properties": {
        "user": {
            "type": "object",
            "description": "As at `/users/me`; with the users service away, what the token says.",
            "required": ["id", "username", "roles"],
            "properties": {
                "id": {"type": "string", "format": "uuid"},
                "username": {"type": "string"},
                "roles": {"type": "array", "items": {"type": "string"}},
            },
        },
        "credit": {"type": "object", "nullable": True, "description": "As at `/users/{user_id}/credit`."},
        "recent_orders": {
            "type": "array",
            "maxItems": 5,
            "items": {"type": "object"},
            "description": "As at `/orders`, newest first.",
        },
        "degraded": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Names of the services of which a part is missing.",
        },
    },
}


def own_document() -> dict[str, Any]:
    return {
        "paths": {
            "/me": {"get": _me()},
            "/openapi.json": {"get": _document()},
            "/livez": {"get": _health("live", "Whether the gateway answers.", ["200"])},
            "/readyz": {"get": _health("ready", "Whether the gateway can work now.", ["200", "503"])},
        },
        "components": {"schemas": {"Me": ME, "Health": HEALTH, "HealthCheck": HEALTH_CHECK}},
    }


def _me() -> dict[str, Any]:
    return {
        "operationId": "me",
        "description": "The person, their credit and their latest orders, from all services at once.",
        "security": [{"bearer": []}],
        "responses": {
            "200": _json(
                "What there is, of those services that answered in time.", {"$ref": "#/components/schemas/Me"}
            ),
            **{status: reference(status) for status in ("400", "401", "403", "503", "504")},
        },
    }


def _document() -> dict[str, Any]:
    etag = {"description": "Names this version.", "required": True, "schema": {"type": "string"}}
    return {
        "operationId": "openapi",
        "description": "This document.",
        "parameters": [
            {"name": "If-None-Match", "in": "header", "schema": {"type": "string"}, "description": "An `ETag`."}
        ],
        "responses": {
            "200": {**_json("OpenAPI 3.0.3.", {"type": "object"}), "headers": {"ETag": etag}},
            "304": {"description": "It is still that version."},
            **{status: reference(status) for status in ("400", "401", "504")},
        },
    }


def _health(name: str, description: str, statuses: list[str]) -> dict[str, Any]:
    content = {"application/health+json": {"schema": {"$ref": "#/components/schemas/Health"}}}
    return {
        "operationId": name,
        "description": description,
        "responses": {
            **{status: {"description": "How it is.", "content": content} for status in statuses},
            **{status: reference(status) for status in ("400", "401", "504")},
        },
    }


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}
