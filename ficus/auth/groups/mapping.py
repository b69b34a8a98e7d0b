"""
Which permissions a role begins with.

    support    looks at everything
    operator   does besides what a model declares as a permission of its own, such as ``fulfil_order``
    admin      everything
"""

from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

ROLES = ("support", "operator", "admin")
CHANGES = ("add_", "change_", "delete_")


def roles_for(codename: str) -> tuple[str, ...]:
    """Return the roles that a permission is for, unless an admin decides otherwise."""
    if codename.startswith("view_"):
        return ROLES
    return ("admin",) if codename.startswith(CHANGES) else ("operator", "admin")


def map_roles(app_config: AppConfig, using: str, **_: Any) -> None:
    """
    Give each permission that is new to the groups that it is for, once all apps have been migrated.

    What the group ``admin`` has is not new: so what was taken from another group stays taken.
    """
    if app_config is not _last_app():
        return
    create_permissions(app_config, verbosity=0, using=using)  # Django's own receiver may come after this one
    groups = {role: Group.objects.using(using).get_or_create(name=role)[0] for role in ROLES}
    fresh = list(Permission.objects.using(using).exclude(group=groups["admin"]))
    for role, group in groups.items():
        group.permissions.add(*(permission for permission in fresh if role in roles_for(permission.codename)))


def _last_app() -> AppConfig | None:
    with_models = [each for each in apps.get_app_configs() if each.models_module is not None]
    return with_models[-1] if with_models else None
