"""People and their credit as staff see them: to look at, with actions that call services."""

import re
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from oauth2_provider.admin import ApplicationAdmin
from oauth2_provider.models import Application

from apps.users import queries, services
from apps.users.models import CreditAccount, CreditEntry, CreditHold, FailedSignIns, Role, User
from ficus.auth.groups import admin as groups_admin
from ficus.auth.readonly import ReadOnlyAdmin, ReadOnlyInline
from ficus.auth.staff import StaffAdminSite
from ficus.configuration import admin as configuration_admin
from ficus.events import admin as events_admin

ROWS_INLINE = 50
NO_REASON = "by staff"

site = StaffAdminSite(name="users_admin")
configuration_admin.register(site)
events_admin.register(site)
groups_admin.register(site)
# Clients of the OAuth2 server; nothing of ours is announced about them, so admins edit them in place.
site.register(Application, ApplicationAdmin)


class Why(ActionForm):
    reason = forms.CharField(max_length=200, required=False, label="Reason:")


class WhyAndRoles(Why):
    roles = forms.MultipleChoiceField(choices=Role.choices, required=False, label="Roles:")


class WhyAndHowMuch(Why):
    amount = forms.CharField(max_length=12, required=False, label="Amount, minor units:")


class HasRole(admin.SimpleListFilter):
    title, parameter_name = "role", "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(role.value, role.label) for role in Role]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        role = self.value()
        return queries.with_role(queryset, role=role) if role else queryset


@admin.register(User, site=site)
class Users(ReadOnlyAdmin):
    """Operators deactivate and reactivate; admins give roles."""

    list_display = ("username", "email", "first_name", "last_name", "role_names", "is_active", "joined_at")
    list_filter = ("is_active", HasRole, "joined_at")
    search_fields = ("username", "email", "first_name", "last_name", "id")
    ordering = ("-id",)
    fields = readonly_fields = (
        "id",
        "username",
        "email",
        "first_name",
        "last_name",
        "role_names",
        "is_active",
        "joined_at",
        "last_login",
        "version",
        "credit",
    )
    actions = ("deactivate", "reactivate", "sign_out", "give_roles")
    action_form = WhyAndRoles

    @admin.display(description="roles")
    def role_names(self, user: User) -> str:
        return ", ".join(user.roles)

    @admin.display
    def credit(self, user: User) -> SafeString:
        account = reverse("users_admin:users_creditaccount_change", args=[user.pk])
        return format_html('<a href="{}">{}</a>', account, queries.get_credit(customer_id=user.pk))

    def has_deactivate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("users.deactivate_user")

    @admin.action(description="Deactivate", permissions=["deactivate"])
    def deactivate(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        reason = _reason(request)
        self.each(request, rows, lambda row: services.deactivate_user(user_id=row.pk, reason=reason), "deactivated")

    @admin.action(description="Reactivate", permissions=["deactivate"])
    def reactivate(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        reason = _reason(request)
        self.each(request, rows, lambda row: services.reactivate_user(user_id=row.pk, reason=reason), "reactivated")

    @admin.action(description="Sign out everywhere", permissions=["deactivate"])
    def sign_out(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        self.each(request, rows, lambda row: services.sign_out_everywhere(user_id=row.pk), "signed out")

    def has_roles_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("users.change_roles")

    @admin.action(description="Give these roles and no others", permissions=["roles"])
    def give_roles(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        roles = [role for role in Role.values if role in request.POST.getlist("roles")]
        if not roles:
            self.message_user(request, "Say which roles.", messages.ERROR)
            return
        reason = _reason(request)
        self.each(
            request, rows, lambda row: services.change_roles(user_id=row.pk, roles=roles, reason=reason), "changed"
        )


class Newest(BaseInlineFormSet):  # type: ignore[type-arg]
    """The first rows of many, in the inline's order."""

    def get_queryset(self) -> Any:
        return super().get_queryset()[:ROWS_INLINE]


class Ledger(ReadOnlyInline):
    model = CreditEntry
    formset = Newest
    fields = readonly_fields = ("version", "kind", "amount", "order_id", "reason", "recorded_at")
    ordering = ("-version",)
    verbose_name_plural = f"ledger, newest {ROWS_INLINE}"


class Holds(ReadOnlyInline):
    model = CreditHold
    formset = Newest
    fields = readonly_fields = ("order_id", "status", "amount", "currency", "reason", "decided_at", "settled_at")
    ordering = ("-decided_at",)
    verbose_name_plural = f"orders, newest {ROWS_INLINE}"


@admin.register(CreditAccount, site=site)
class CreditAccounts(ReadOnlyAdmin):
    """Operators grant."""

    list_display = ("customer", "currency", "granted", "held", "captured", "available")
    search_fields = ("customer__username", "customer__email", "customer__id")
    list_select_related = ("customer",)
    ordering = ("-customer_id",)
    fields = readonly_fields = ("customer", "currency", "granted", "held", "captured", "available", "version")
    inlines = (Ledger, Holds)
    actions = ("grant",)
    action_form = WhyAndHowMuch

    def has_grant_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("users.grant_credit")

    @admin.action(description="Grant credit", permissions=["grant"])
    def grant(self, request: HttpRequest, rows: QuerySet[CreditAccount]) -> None:
        amount, reason, now = request.POST.get("amount", ""), _reason(request), timezone.now()
        if not re.fullmatch("[1-9][0-9]*", amount):
            self.message_user(request, "Say how much, in minor units of the currency.", messages.ERROR)
            return
        grant = partial(services.grant_credit, amount=int(amount), reason=reason, at=now)
        self.each(request, rows, lambda row: grant(customer_id=row.pk), f"granted {amount}")


@admin.register(CreditHold, site=site)
class CreditHolds(ReadOnlyAdmin):
    """What was decided about each order, also for customers whom nobody knows."""

    list_display = ("order_id", "account_id", "status", "amount", "currency", "reason", "decided_at", "settled_at")
    list_filter = ("status", "reason", "decided_at")
    search_fields = ("order_id", "account__customer__username")
    ordering = ("-decided_at",)
    fields = readonly_fields = list_display


@admin.register(FailedSignIns, site=site)
class FailedSignInsAdmin(ReadOnlyAdmin):
    """Operators lift lock-outs."""

    actions = ("lift",)
    list_display = ("account", "address", "failures", "last_failed_at")
    search_fields = ("account", "address")
    ordering = ("-last_failed_at",)

    def has_lift_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("users.lift_lock_out")

    @admin.action(description="Let in again", permissions=["lift"])
    def lift(self, request: HttpRequest, rows: QuerySet[FailedSignIns]) -> None:
        let_in = services.lift_lock_out
        self.each(request, rows, lambda row: let_in(account=row.account, address=row.address), "let in again")


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "")[:200] or NO_REASON
