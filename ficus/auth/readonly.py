"""
Rows that staff may look at and never edit; each change is an action that calls a service.

Not in ``staff``: that one is imported with the settings' middleware, before there are models.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest

from ficus.errors import DomainError


def signature(request: HttpRequest) -> str:
    """Return who of the staff asks, as it is written down: a name may pass to another person, the id stays."""
    return f"{request.user.get_username()} ({request.user.pk})"


class Unchanging:
    """Mixed into an admin or an inline."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(Unchanging, admin.ModelAdmin):  # type: ignore[type-arg] # not subscriptable at run time
    show_full_result_count = False

    def each(self, request: HttpRequest, rows: Iterable[Any], change: Callable[[Any], object], done: str) -> None:
        """Apply a change to each row by itself, and say for how many it was done and why not for the others."""
        changed = 0
        for row in rows:
            try:
                change(row)
                changed += 1
            except DomainError as error:
                self.message_user(request, f"{row}: {error.detail}", messages.ERROR)
        self.message_user(request, f"{changed} {done}.", messages.SUCCESS if changed else messages.WARNING)


class ReadOnlyInline(Unchanging, admin.TabularInline):  # type: ignore[type-arg] # likewise
    extra = 0
    can_delete = False
