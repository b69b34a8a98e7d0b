"""Who is signed in, to look at; ending a session is an action."""

from typing import Any

from asgiref.sync import async_to_sync
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from ficus.configuration import admin as configuration_admin
from gateway.console import signing_in
from gateway.console.models import SignIn

configuration_admin.register(admin.site)


@admin.register(SignIn)
class SignInAdmin(ModelAdmin):  # type: ignore[misc]  # unfold is published without types
    list_display = ("username", "person_id", "signed_in_at")
    search_fields = ("username", "person_id")
    list_filter = ("signed_in_at",)
    ordering = ("-signed_in_at",)
    fields = readonly_fields = ("username", "person_id", "signed_in_at", "access_expires_at")
    actions = ("end_sessions",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description="Sign out", permissions=["end"])
    def end_sessions(self, request: HttpRequest, chosen: QuerySet[SignIn]) -> None:
        keys = list(chosen.values_list("session_key", flat=True))
        for key in keys:
            async_to_sync(signing_in.sign_out)(key)
        messages.success(request, f"{len(keys)} signed out.")

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Operators and above, as for every operation that is no edit."""
        return bool(request.user.has_perm("console.end_sign_in"))
