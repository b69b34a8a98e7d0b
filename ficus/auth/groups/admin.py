"""What each role may do in this service, for admins to change."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest


class RoleGroups(GroupAdmin):
    """The groups are the roles, which the users service gives; here is only said what they mean."""

    readonly_fields = ("name",)
    ordering = ("pk",)
    search_fields = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def register(site: AdminSite) -> None:
    site.register(Group, RoleGroups)
