"""
Stories as staff see them: to read, and for operators to retry or abort. A service puts them into its own admin with
``register(site)``.
"""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from ficus.auth.operated import OperatedAdmin
from ficus.sagas import decisions
from ficus.sagas.models import SagaInstance

COLUMNS = ("when", "what happened", "attempt", "until", "took back", "who", "why", "event")


def register(site: AdminSite) -> None:
    """Show the stories in a service's admin."""
    site.register(SagaInstance, Stories)


def link_to(site: AdminSite, key: UUID) -> SafeString:
    """Return a link to the stories about one thing, for the page of that thing."""
    stories = reverse(f"{site.name}:ficus_sagas_sagainstance_changelist")
    return format_html('<a href="{}?q={}">what its saga did</a>', stories, key)


class Stories(OperatedAdmin):
    list_display = ("saga", "key", "status", "awaits", "attempts", "deadline_at", "trouble", "started_at", "ended_at")
    list_filter = ("status", "saga", "declaration", "started_at")
    ordering = ("-id",)
    search_fields = ("key",)
    search_help_text = "The id of what a story is about"
    actions = ("retry", "abort")
    fields = readonly_fields = (
        "saga",
        "declaration",
        "key",
        "status",
        "awaits",
        "attempts",
        "deadline_at",
        "trouble",
        "started_at",
        "ended_at",
        "correlation_id",
        "what_happened",
        "parked",
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[SagaInstance], search_term: str
    ) -> tuple[QuerySet[SagaInstance], bool]:
        if not search_term:
            return queryset, False
        try:
            return queryset.filter(key=UUID(search_term.strip())), False
        except ValueError:
            return queryset.none(), False

    @admin.display
    def what_happened(self, instance: SagaInstance) -> SafeString:
        head = format_html_join("", "<th>{}</th>", ((column,) for column in COLUMNS))
        cells = "<tr>" + "<td>{}</td>" * len(COLUMNS) + "</tr>"
        rows = format_html_join("", cells, (self._told(moment) for moment in instance.timeline))
        return format_html("<table><thead><tr>{}</tr></thead>{}</table>", head, rows)

    @admin.display(description="parked events")
    def parked(self, instance: SagaInstance) -> SafeString | str:
        page = f"{self.admin_site.name}:ficus_events_parkedevent_change"
        rows = [(reverse(page, args=[each.pk]), each, each.reason) for each in decisions.list_parked(instance)]
        return format_html_join("", '<p><a href="{}">{}</a>: {}</p>', rows) or "none"

    @admin.action(description="Retry: ask again", permissions=["operate"])
    def retry(self, request: HttpRequest, rows: QuerySet[SagaInstance]) -> None:
        self.decide_each(request, rows, decisions.retry, "retried")

    @admin.action(description="Abort, taking back what was done", permissions=["operate"])
    def abort(self, request: HttpRequest, rows: QuerySet[SagaInstance]) -> None:
        self.decide_each_with_reason(request, rows, decisions.abort, "aborted")

    def get_urls(self) -> list[Any]:
        decide = self.admin_site.admin_view(self.decide)
        return [path("<int:story_id>/decide/", decide, name="ficus_sagas_sagainstance_decide"), *super().get_urls()]

    def decide(self, request: HttpRequest, story_id: int) -> HttpResponse:
        """Do to one story what its page's form says, and show the page again."""
        if not self.has_operate_permission(request):
            raise PermissionDenied
        rows = SagaInstance.objects.filter(pk=story_id)
        if not rows:
            raise Http404("There is no such story.")
        if request.method == "POST" and request.POST.get("decision") == "retry":
            self.retry(request, rows)
        if request.method == "POST" and request.POST.get("decision") == "abort":
            self.abort(request, rows)
        return HttpResponseRedirect(reverse(f"{self.admin_site.name}:ficus_sagas_sagainstance_change", args=[story_id]))

    @staticmethod
    def _told(moment: dict[str, Any]) -> tuple[object, ...]:
        return (
            _instant(moment["at"]),
            moment["what"],
            moment.get("attempt", ""),
            _instant(moment.get("until", "")),
            ", ".join(moment.get("took_back", [])),
            moment.get("by", ""),
            moment.get("why", ""),
            moment["event"],
        )


def _instant(text: str) -> str:
    instant = parse_datetime(text) if text else None
    return f"{instant:%Y-%m-%d %H:%M:%S}" if instant else text
