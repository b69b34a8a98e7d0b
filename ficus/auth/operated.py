"""Rows that staff look at and operators decide about; each decision has their name, and a reason if it is for good."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ActionForm
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from ficus.auth.readonly import ReadOnlyAdmin, signature


class Why(ActionForm):
    reason = forms.CharField(max_length=500, required=False, label="Reason:")


class OperatedAdmin(ReadOnlyAdmin):
    """
    Its actions are for those who have the model's permission ``operate``; a page of one row may ask ``may_decide``.

    A decision is a function that takes a row and, by keyword, ``by``, ``reason`` and ``at``.
    """

    action_form = Why

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.operate_{self.opts.model_name}")

    def decide_each(self, request: HttpRequest, rows: Iterable[Any], decide: Callable[..., object], done: str) -> None:
        """Decide about each row as the request says."""
        self.each(request, rows, partial(decide, **self.told(request)), done)

    def decide_each_with_reason(
        self, request: HttpRequest, rows: Iterable[Any], decide: Callable[..., object], done: str
    ) -> None:
        """Decide about each row, or about none if the request gives no reason."""
        if self.told(request)["reason"]:
            self.decide_each(request, rows, decide, done)
        else:
            self.message_user(request, "Say why.", messages.ERROR)

    @staticmethod
    def told(request: HttpRequest) -> dict[str, Any]:
        """Return who decides, why and when."""
        return {"by": signature(request), "reason": request.POST.get("reason", "").strip(), "at": timezone.now()}

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        more = {**(extra_context or {}), "may_decide": self.has_operate_permission(request)}
        return super().change_view(request, object_id, form_url, more)
