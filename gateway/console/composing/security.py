"""How a client of the gateway says who it is, as the OpenAPI document has it."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.conf import settings

from ficus.http.schema import SCOPES
from gateway.data.routing.route import Access

Requirement = dict[str, list[str]]


def required(operation: Mapping[str, Any], access: Access, scopes: Collection[str] = ()) -> list[Requirement]:
    """
    Return what a caller must show, each an alternative to the others; nothing if nobody looks.

    An operation is as closed as its service says, and as its route does. On a route where tokens are optional, one that
    is shown has to hold.

    :param scopes: that the route asks for, beside those that the service does.
    """
    declared: list[Requirement] = operation.get("security", [])
    if access is Access.PUBLIC and not any(declared):
        return []
    needed = access is Access.SIGNED_IN or (any(declared) and {} not in declared)
    wanted = list(dict.fromkeys([*operation.get(SCOPES, []), *scopes]))
    return [*([] if needed else [{}]), {"bearer": []}, {"oauth2": wanted}, {"session": []}]


def schemes(url: str, operations: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """
    Return the gateway's own schemes, which take the place of the services'.

    :param url: where browsers know the gateway.
    """
    requirements = (each for operation in operations for each in operation.get("security", ()))
    scopes = sorted({scope for requirement in requirements for scope in requirement.get("oauth2", ())})
    return {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token (RFC 9068), as `POST /auth/token` gives it for a username and a password.",
        },
        "oauth2": {
            "type": "oauth2",
            "description": "Authorization code with PKCE (RFC 7636), for programs that act for a person.",
            "flows": {
                "authorizationCode": {
                    "authorizationUrl": f"{url}/oauth/authorize",
                    "tokenUrl": f"{url}/oauth/token",
                    "refreshUrl": f"{url}/oauth/token",
                    "scopes": {scope: _in_words(scope) for scope in scopes},
                }
            },
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "What `/login` gives to a browser; it serves this site's own pages only.",
        },
    }


def _in_words(scope: str) -> str:
    """``orders:read`` is to look at what orders has."""
    service, _, action = scope.partition(":")
    return f"{'Look at' if action == 'read' else 'Change'} what the {service} service keeps"
