"""The log and the parked events as staff see them. A service puts them into its own admin with ``register(site)``."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ficus.auth.readonly import ReadOnlyAdmin
from ficus.events import archives
from ficus.events.models import Archive, Cursor, Follower, LogEntry, ParkedDecision, ParkedEvent, RefusedMessage
from ficus.events.parked_admin import ParkedEvents


def register(site: AdminSite) -> None:
    """Show the event log in a service's admin."""
    site.register(LogEntry, LogEntries)
    site.register(Archive, Archives)
    site.register(Cursor, Cursors)
    site.register(Follower, Followers)
    site.register(ParkedEvent, ParkedEvents)
    site.register(ParkedDecision, ParkedDecisions)
    site.register(RefusedMessage, RefusedMessages)


class LogEntries(ReadOnlyAdmin):
    list_display = ("position", "type", "aggregate_type", "aggregate_id", "aggregate_version", "actor", "recorded_at")
    ordering = ("-number",)
    search_fields = ("aggregate_id",)
    search_help_text = "The id of an event, or of what events are about"

    @admin.display
    def actor(self, entry: LogEntry) -> str:
        return str(entry.metadata.get("actor", ""))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[LogEntry], search_term: str
    ) -> tuple[QuerySet[LogEntry], bool]:
        if not search_term:
            return queryset, False
        try:
            wanted = UUID(search_term.strip())
        except ValueError:
            return queryset.none(), False
        return queryset.filter(Q(aggregate_id=wanted) | Q(id=wanted)), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if upto := archives.upto():
            self.message_user(request, self._archived(request.GET.get("q", ""), upto), messages.WARNING)
        return super().changelist_view(request, extra_context)

    def _archived(self, term: str, upto: int) -> SafeString:
        """Say what this list does not show since it is in archives."""
        address = reverse(f"{self.admin_site.name}:ficus_events_archive_changelist")
        of_it = ""
        with suppress(ValueError):
            names = Archive.objects.filter(aggregates__aggregate_id=UUID(term.strip())).order_by("first")
            paths = ", ".join(names.values_list("path", flat=True).distinct())
            of_it = f"; those of {term.strip()} {f'are in {paths}' if paths else 'are none of them'}"
        return format_html('Entries up to {} are <a href="{}">archived</a>{}.', upto, address, of_it)


class Archives(ReadOnlyAdmin):
    list_display = ("path", "first", "last", "recorded_from", "recorded_until", "size", "archived_at")
    fields = readonly_fields = (*list_display, "sha256")
    ordering = ("-first",)


class Followers(ReadOnlyAdmin):
    list_display = ("consumer", "position", "parked", "heard_at")
    ordering = ("consumer",)


class Cursors(ReadOnlyAdmin):
    list_display = ("consumer", "source", "partition", "partitions", "position", "ahead", "moved_at", "pulled_since")
    ordering = ("consumer", "source", "partition")


class ParkedDecisions(ReadOnlyAdmin):
    list_display = ("at", "action", "by", "reason", "consumer", "type", "aggregate_id")
    list_filter = ("action", "consumer", "type", "at")
    ordering = ("-id",)
    search_fields = ("by", "reason")


class RefusedMessages(ReadOnlyAdmin):
    list_display = ("reason", "source", "consumer", "count", "first_at", "last_at")
    list_filter = ("reason",)
    ordering = ("-last_at",)
