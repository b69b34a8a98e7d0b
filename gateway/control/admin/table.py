"""The table as operators edit it. What is sound is decided by ``validation``, and kept by ``services``."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.admin import ModelAdmin

from ficus.auth.readonly import signature
from gateway.control import document, services, troubles, upstreams
from gateway.control.admin import policy_fields, service_fields
from gateway.control.admin.forms import RouteFormWithPolicies, ServiceFormWithTerms
from gateway.control.models import Route, Service
from gateway.control.preview import Preview
from gateway.control.validation import InvalidTable

LONGEST_REASON = 500


class TableAdmin(ModelAdmin):  # type: ignore[misc]  # unfold is published without types
    """Writes through services, so that each change is checked as a whole, has a reason, and reaches the workers."""

    list_before_template = "control/troubles.html"
    change_form_after_template = "control/preview_button.html"
    actions = ("delete_selected",)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "troubles": troubles.found()})  # type: ignore[no-any-return]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method == "POST" and "_preview" in request.POST:
            shown = self._previewed(request, object_id)
            if shown is not None:
                return shown
        return super().changeform_view(request, object_id, form_url, extra_context)  # type: ignore[no-any-return]

    def save_model(self, request: HttpRequest, obj: Service | Route, form: Any, change: bool) -> None:
        said = {"by": signature(request), "reason": form.cleaned_data["reason"], "at": timezone.now()}
        done = services.save(obj, **said)
        if done.changes:
            self.message_user(request, f"The table is version {done.version} now.", messages.INFO)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask for the reason, show what would change, and take the entry out."""
        entry = self.get_object(request, unquote(object_id))
        if entry is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]
        return self._remove(request, [entry])

    @admin.action(description="Take out of the table", permissions=["delete"])
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        return self._remove(request, list(queryset))

    def _remove(self, request: HttpRequest, entries: Iterable[Service | Route]) -> HttpResponse:
        if not self.has_delete_permission(request):
            raise PermissionDenied
        before = document.current()
        preview = Preview.of(before, document.without(before, entries))
        reason = request.POST.get("reason", "").strip()[:LONGEST_REASON]
        if request.POST.get("post") == "yes" and reason and not preview.mistakes:
            try:
                done = services.remove(entries, by=signature(request), reason=reason, at=timezone.now())
            except InvalidTable as error:
                preview.mistakes[:] = error.mistakes
            else:
                self.message_user(request, f"Removed; the table is version {done.version} now.", messages.SUCCESS)
                return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"))
        kept = [*self._posted(request, leaving_out=("reason", "post")), ("post", "yes")]
        return self._confirm(request, preview, "Take out of the table", kept, asks_for_reason=True)

    def _previewed(self, request: HttpRequest, object_id: str | None) -> HttpResponse | None:
        """Return what saving the form would do; None if it cannot be saved, so that the form says why."""
        entry = self.get_object(request, unquote(object_id)) if object_id else None
        allowed = self.has_change_permission(request, entry) if entry else self.has_add_permission(request)
        if not allowed:
            raise PermissionDenied
        form = self.get_form(request, entry, change=entry is not None)(request.POST, instance=entry)
        with transaction.atomic():
            if not form.is_valid():
                return None
        kept = [*self._posted(request, leaving_out=("_preview",)), ("_save", "Save")]
        return self._confirm(request, Preview.of(form.before, form.wished), "Save", kept)

    def _confirm(
        self,
        request: HttpRequest,
        preview: Preview,
        does: str,
        kept: list[tuple[str, str]],
        *,
        asks_for_reason: bool = False,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Preview",
            "preview": preview,
            "does": does,
            "kept": kept,
            "asks_for_reason": asks_for_reason,
        }
        return TemplateResponse(request, "control/confirm.html", context)

    @staticmethod
    def _posted(request: HttpRequest, leaving_out: tuple[str, ...]) -> list[tuple[str, str]]:
        left_out = {"csrfmiddlewaretoken", *leaving_out}
        return [(name, value) for name, values in request.POST.lists() for value in values if name not in left_out]


@admin.register(Route)
class RouteAdmin(TableAdmin):
    form = RouteFormWithPolicies
    list_display = (
        "path",
        "narrowed",
        "methods",
        "match",
        "service",
        "access",
        "timeout_ms",
        "kinds",
        "is_active",
    )
    list_display_links = ("path",)
    list_filter = ("service", "access", "match", "is_active")
    list_select_related = ("service",)
    search_fields = ("name", "path", "note")
    ordering = ("path", "methods")

    @admin.display(description="narrowed to")
    def narrowed(self, route: Route) -> str:
        wanted = [f"{name}: {value}" for name, value in (*route.headers.items(), *route.query.items())]
        return ", ".join(filter(None, (*route.hosts, route.pattern, *wanted)))

    @admin.display(description="policies")
    def kinds(self, route: Route) -> str:
        return ", ".join(route.policies)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        may_edit = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        who = ("name", "service", "path", "match", "pattern", "methods", "hosts", "headers", "query", "priority")
        terms = ("access", "timeout_ms", "waits", "body_limit", "is_active", "note")
        if not may_edit:
            return [("Which requests", {"fields": who}), ("On what terms", {"fields": (*terms, "policies")})]
        return [
            ("Which requests", {"fields": who}),
            ("On what terms", {"fields": terms}),
            *policy_fields.fieldsets(obj.policies if obj else {}),
            ("This change", {"fields": ("reason", "seen_version")}),
        ]


@admin.register(Service)
class ServiceAdmin(TableAdmin):
    form = ServiceFormWithTerms
    list_display = ("name", "description", "addresses", "state")
    search_fields = ("name", "description")
    ordering = ("name",)

    @admin.display(description="instances")
    def addresses(self, service: Service) -> str:
        return ", ".join(troubles.addresses_of(service)) or "none configured"

    @admin.display(description="breaker and health")
    def state(self, service: Service) -> str:
        return upstreams.summary(service.name, upstreams.reported(timezone.now()))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        may_edit = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        change = [("This change", {"fields": ("reason", "seen_version")})] if may_edit else []
        terms = service_fields.NAMES if may_edit else ["terms"]
        return [
            (None, {"fields": ("name", "description", "instances")}),
            ("How it is asked", {"fields": terms}),
            *change,
        ]
