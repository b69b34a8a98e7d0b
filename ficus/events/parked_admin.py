"""Parked events as staff see them: grouped by error, to look at; operators decide, and each decision has their name."""

import json
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from ficus.auth.operated import OperatedAdmin
from ficus.errors import DomainError
from ficus.events import decisions, parking
from ficus.events.models import ParkedEvent


class Decision(forms.Form):
    """What an operator says about one parked event."""

    reason = forms.CharField(max_length=500, required=False, help_text="Needed to edit and to drop.")
    schema_version = forms.IntegerField(min_value=1, max_value=32767)
    payload = forms.CharField(widget=forms.Textarea(attrs={"rows": 16, "cols": 100, "spellcheck": "false"}))

    def clean_payload(self) -> Any:
        try:
            return orjson.loads(self.cleaned_data["payload"])
        except orjson.JSONDecodeError as error:
            raise forms.ValidationError(f"This is no JSON: {error}") from None

    @classmethod
    def about(cls, parked: ParkedEvent) -> "Decision":
        recorded = parked.recorded
        return cls(initial={"payload": pretty(recorded["payload"]), "schema_version": recorded["schema_version"]})


class ParkedEvents(OperatedAdmin):
    list_display = ("consumer", "type", "aggregate_id", "attempts", "reason", "parked_at", "retry_at")
    list_filter = ("consumer", "source", "type", "error")
    ordering = ("source", "position")
    search_fields = ("aggregate_id",)
    search_help_text = "The id of an event, or of what events are about"
    actions = ("send_again", "drop")
    fields = readonly_fields = (
        "reason",
        "attempts",
        "retry_at",
        "parked_at",
        "consumer",
        "source",
        "position",
        "type",
        "schema_version",
        "event_id",
        "aggregate_type",
        "aggregate_id",
        "payload",
        "metadata",
        "stack",
        "decided",
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ParkedEvent], search_term: str
    ) -> tuple[QuerySet[ParkedEvent], bool]:
        if not search_term:
            return queryset, False
        try:
            wanted = UUID(search_term.strip())
        except ValueError:
            return queryset.none(), False
        return queryset.filter(Q(aggregate_id=wanted) | Q(event_id=wanted)), False

    @admin.display
    def schema_version(self, parked: ParkedEvent) -> int:
        return int(parked.recorded["schema_version"])

    @admin.display
    def payload(self, parked: ParkedEvent) -> SafeString:
        return format_html("<pre>{}</pre>", pretty(parked.recorded["payload"]))

    @admin.display
    def metadata(self, parked: ParkedEvent) -> SafeString:
        return format_html("<pre>{}</pre>", pretty(parked.recorded["metadata"]))

    @admin.display(description="trace")
    def stack(self, parked: ParkedEvent) -> SafeString:
        return format_html("<pre>{}</pre>", parked.trace)

    @admin.display
    def decided(self, parked: ParkedEvent) -> SafeString | str:
        rows = [
            (f"{each.at:%Y-%m-%d %H:%M:%S}", each.action, each.by, each.reason) for each in decisions.list_about(parked)
        ]
        line = "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>"
        return format_html("<table>{}</table>", format_html_join("", line, rows)) if rows else "nothing yet"

    @admin.action(description="Send again now", permissions=["operate"])
    def send_again(self, request: HttpRequest, rows: QuerySet[ParkedEvent]) -> None:
        self.decide_each(request, rows, decisions.send_again, "sent again")

    @admin.action(description="Drop for good", permissions=["operate"])
    def drop(self, request: HttpRequest, rows: QuerySet[ParkedEvent]) -> None:
        self.decide_each_with_reason(request, rows, decisions.drop, "dropped")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        errors = [{**kind, "query": self._narrowed_to(kind)} for kind in parking.list_errors()]
        return super().changelist_view(request, {**(extra_context or {}), "errors_parked": errors})

    def get_urls(self) -> list[Any]:
        decide = self.admin_site.admin_view(self.decide)
        return [
            path("<int:parked_id>/decide/", decide, name="ficus_events_parkedevent_decide"),
            *super().get_urls(),
        ]

    def decide(self, request: HttpRequest, parked_id: int) -> HttpResponse:
        """Show one event to be edited, sent again or dropped, and do what was chosen."""
        if not self.has_operate_permission(request):
            raise PermissionDenied
        parked = ParkedEvent.objects.filter(pk=parked_id).first()
        if parked is None:
            raise Http404("This event is not parked any more.")
        form = Decision(request.POST) if request.method == "POST" else Decision.about(parked)
        if request.method == "POST" and self._decided(request, parked, form):
            self.message_user(request, f"{parked}: done.", messages.SUCCESS)
            return HttpResponseRedirect(reverse(f"{self.admin_site.name}:ficus_events_parkedevent_changelist"))
        # Which of several admins the links of the page lead to.
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Decide",
            "form": form,
            "parked": parked,
        }
        return TemplateResponse(request, "admin/ficus_events/parkedevent/decide.html", context)

    def _decided(self, request: HttpRequest, parked: ParkedEvent, form: Decision) -> bool:
        """Do what the form says; return False with the form's errors if it cannot be done."""
        told = self.told(request)
        try:
            match request.POST.get("decision"):
                case "send_again":
                    decisions.send_again(parked, **told)
                case "drop":
                    decisions.drop(parked, **told)
                case "edit" if form.is_valid():
                    said = form.cleaned_data
                    decisions.edit_and_send_again(
                        parked, payload=said["payload"], schema_version=said["schema_version"], **told
                    )
                case _:
                    return False
        except DomainError as error:
            form.add_error(None, error.detail)
            return False
        return True

    @staticmethod
    def _narrowed_to(kind: dict[str, Any]) -> str:
        return urlencode({f"{name}__exact": kind[name] for name in ("consumer", "type", "error")})


def pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
