"""What the caches did, and kept answers thrown away, with who and why."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextInputWidget

from ficus.auth.readonly import Unchanging, signature
from gateway.control import cached
from gateway.control.models import CacheCount, CachePurge
from gateway.data.cache.purges import Kind


@admin.register(CacheCount)
class CacheCountAdmin(Unchanging, ModelAdmin):  # type: ignore[misc]  # unfold is published without types
    list_display = ("route", "outcome", "requests", "last_at")
    list_filter = ("route", "outcome")
    ordering = ("route", "outcome")


class PurgeForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """What is to be thrown away."""

    value = forms.CharField(
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="The route's name, the path with its query such as /products/7?lang=en, or the tag.",
    )

    class Meta:
        model = CachePurge
        fields = ("kind", "value", "reason")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if fault := cached.fault(Kind(cleaned.get("kind", "all")), cleaned.get("value", "")):
            self.add_error("value", fault)
        return cleaned


@admin.register(CachePurge)
class CachePurgeAdmin(ModelAdmin):  # type: ignore[misc]  # likewise
    form = PurgeForm
    list_display = ("at", "kind", "value", "by", "reason")
    list_filter = ("kind",)
    search_fields = ("value",)
    ordering = ("-number",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Operators and above, as for every operation that is no edit."""
        return bool(request.user.has_perm("control.purge_cache"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: CachePurge, form: Any, change: bool) -> None:
        made = cached.purge(Kind(obj.kind), obj.value, by=signature(request), reason=obj.reason, at=timezone.now())
        obj.pk = made.pk
