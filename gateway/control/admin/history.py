"""Every version of the table: who made it and why, in what it differs from another, and the way back to it."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.admin import ModelAdmin

from ficus.auth.readonly import Unchanging, signature
from gateway.control import document, services, snapshot
from gateway.control.difference import changes
from gateway.control.models import Revision
from gateway.control.preview import Preview
from gateway.control.services import ChangedMeanwhile
from gateway.control.validation import InvalidTable


@admin.register(Revision)
class RevisionAdmin(Unchanging, ModelAdmin):  # type: ignore[misc]  # unfold is published without types
    list_display = ("number", "at", "by", "reason", "restores")
    search_fields = ("by", "reason")
    ordering = ("-number",)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show a version, and go back to it if that is asked for."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        revision = self.get_object(request, object_id)
        if revision is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]
        if request.method == "POST":
            return self._rolled_back(request, revision)
        return self._shown(request, revision)

    def _shown(self, request: HttpRequest, revision: Revision) -> HttpResponse:
        wanted = request.GET.get("against", "")
        earlier = Revision.objects.filter(number__lt=revision.number).order_by("-number").first()
        if wanted.isdecimal() and len(wanted) < 19:
            earlier = Revision.objects.filter(number=int(wanted)).first() or earlier
        present = snapshot.version()
        is_present = revision.number == present
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(revision),
            "revision": revision,
            "earlier": earlier,
            "changes": changes(earlier.document, revision.document) if earlier else [],
            "present": present,
            "rollback": None if is_present else Preview.of(document.current(), revision.document),
            "may_roll_back": not is_present and self._may_roll_back(request),
        }
        return TemplateResponse(request, "control/version.html", context)

    def _rolled_back(self, request: HttpRequest, revision: Revision) -> HttpResponse:
        if not self._may_roll_back(request):
            raise PermissionDenied
        expected = request.POST.get("expected", "")
        reason = request.POST.get("reason", "").strip()[:500] or f"Back to version {revision.number}"
        said: dict[str, Any] = {"by": signature(request), "reason": reason, "at": timezone.now()}
        try:
            done = services.roll_back(
                revision, expected=int(expected) if expected.isdecimal() and len(expected) < 19 else None, **said
            )
        except ChangedMeanwhile as error:
            self.message_user(request, f"Nothing was done: {error}. Look again at what would change.", messages.ERROR)
            return HttpResponseRedirect(request.path)
        except InvalidTable as error:
            self.message_user(request, f"Nothing was done: {error}", messages.ERROR)
            return HttpResponseRedirect(request.path)
        self.message_user(request, f"Back to version {revision.number}, as version {done.version}.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:control_revision_changelist"))

    @staticmethod
    def _may_roll_back(request: HttpRequest) -> bool:
        return bool(request.user.has_perm("control.change_route") and request.user.has_perm("control.change_service"))
