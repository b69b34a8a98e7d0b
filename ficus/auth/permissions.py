"""What a caller must be allowed: one scope or one role each; combine them with ``&`` and ``|``."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from ficus.auth.rest import caller_of


@cache
def HasScope(scope: str) -> type[BasePermission]:
    """Return the permission that asks for a token with ``scope``."""

    def has_permission(self: BasePermission, request: Request, view: APIView) -> bool:
        return caller_of(request).has_scope(scope)

    kind = _permission("HasScope", scope, has_permission, f"The token lacks the scope {scope}.", "insufficient_scope")
    kind.scope_for = lambda self, method: scope  # type: ignore[attr-defined]
    return kind


@cache
def HasRole(least: str) -> type[BasePermission]:
    """Return the permission that asks for the role ``least`` or one above it."""

    def has_permission(self: BasePermission, request: Request, view: APIView) -> bool:
        return caller_of(request).has_role(least)

    return _permission("HasRole", least, has_permission, f"This needs the role {least}.", "insufficient_role")


@cache
def ScopeByMethod(service: str) -> type[BasePermission]:
    """Return the permission that asks for ``<service>:read`` to look and ``<service>:write`` to change."""

    def scope_for(self: Any, method: str) -> str:
        return f"{service}:{'read' if method in SAFE_METHODS else 'write'}"

    def has_permission(self: Any, request: Request, view: APIView) -> bool:
        scope = scope_for(self, str(request.method))
        self.message = f"The token lacks the scope {scope}."
        return caller_of(request).has_scope(scope)

    kind = _permission("ScopeByMethod", service, has_permission, "", "insufficient_scope")
    kind.scope_for = scope_for  # type: ignore[attr-defined]
    return kind


def scopes_of(permissions: Iterable[Any], method: str) -> list[str]:
    """Return the scopes that a view's permissions ask for, sorted; those inside a combination are not looked for."""
    return sorted({each.scope_for(method) for each in permissions if hasattr(each, "scope_for")})


def _permission(kind: str, what: str, check: Any, message: str, code: str) -> type[BasePermission]:
    members = {"has_permission": check, "message": message, "code": code, "__doc__": message}
    return type(f"{kind}_{what.replace(':', '_')}", (BasePermission,), members)
