"""How the services are doing in each worker, what an operator may do about it, and what was done."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from unfold.admin import ModelAdmin

from ficus.auth.readonly import Unchanging, signature
from gateway.control import upstreams
from gateway.control.instances import seen
from gateway.control.models import Service, UpstreamOrder
from gateway.control.upstreams import UnknownService
from gateway.data.operations import Action

LONGEST_REASON = 500


@admin.register(UpstreamOrder)
class UpstreamOrderAdmin(Unchanging, ModelAdmin):  # type: ignore[misc]  # unfold is published without types
    """The list is the audit trail; above it stands the present state, with the orders that may be given."""

    list_before_template = "control/upstreams.html"
    list_display = ("at", "service", "action", "by", "reason")
    list_filter = ("service", "action")
    search_fields = ("by", "reason")
    ordering = ("-pk",)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        reported = upstreams.reported(timezone.now())
        may_order = bool(request.user.has_perm("control.order_upstream"))
        if request.method == "POST" and "_order" in request.POST:
            if not may_order:
                raise PermissionDenied
            return self._ordered(request)
        context = {
            **(extra_context or {}),
            "reported": reported,
            "instances": seen(reported),
            "service_names": Service.objects.order_by("name").values_list("name", flat=True),
            "upstream_actions": list(Action),
            "may_order": may_order,
        }
        return super().changelist_view(request, context)  # type: ignore[no-any-return]

    def _ordered(self, request: HttpRequest) -> HttpResponse:
        reason = request.POST.get("reason", "").strip()[:LONGEST_REASON]
        service = request.POST.get("service", "")
        try:
            action = Action(request.POST["_order"])
            if not reason:
                raise ValueError("Say why: the reason is kept with your name.")
            upstreams.order(service, action, by=signature(request), reason=reason, at=timezone.now())
        except (ValueError, UnknownService) as error:
            self.message_user(request, f"Nothing was done: {error}", messages.ERROR)
        else:
            self.message_user(request, f"{service}: {action.value}. All workers have it in two seconds.")
        return HttpResponseRedirect(request.path)
