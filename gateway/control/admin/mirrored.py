"""What came of mirroring: how often the answers agreed, and in what they did not."""

from django.contrib import admin
from unfold.admin import ModelAdmin

from ficus.auth.readonly import Unchanging
from gateway.control.models import MirrorCount, MirrorDifference


@admin.register(MirrorCount)
class MirrorCountAdmin(Unchanging, ModelAdmin):  # type: ignore[misc]  # unfold is published without types
    list_display = ("route", "service", "outcome", "requests", "last_at")
    list_filter = ("route", "service", "outcome")
    ordering = ("route", "service", "outcome")


@admin.register(MirrorDifference)
class MirrorDifferenceAdmin(Unchanging, ModelAdmin):  # type: ignore[misc]  # likewise
    list_display = ("at", "route", "service", "method", "path", "differences")
    list_filter = ("route", "service")
    search_fields = ("path",)
    ordering = ("-at",)

    @admin.display
    def differences(self, difference: MirrorDifference) -> str:
        return ", ".join(difference.found)
