"""What a model of people has besides its fields so that an admin knows what each may do: rights follow from roles."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_backends

from ficus.auth.principal import RANKS, rank


def group_names(user: Any) -> list[str]:
    """Return the groups that the user is in: those of the highest role and of all below it; a customer is in none."""
    return list(RANKS[1 : rank(frozenset(getattr(user, "roles", None) or ()))])


class RoleHolder:
    """
    Mixed into a model with a list of ``roles``: answers Django's questions about staff and permissions.

    The groups and their permissions are Django's; that somebody is in one follows from ``roles`` and is kept nowhere.
    """

    roles: Any
    is_active: Any = True

    @property
    def is_staff(self) -> bool:
        return bool(self.is_active) and rank(frozenset(self.roles)) >= rank(frozenset({"support"}))

    @property
    def is_superuser(self) -> bool:
        return bool(self.is_active) and "admin" in self.roles

    @property
    def groups(self) -> Any:
        """Return Django's groups that the person is in."""
        from django.contrib.auth.models import Group  # not before there are models

        return Group.objects.filter(name__in=group_names(self))

    def get_all_permissions(self, obj: Any = None) -> set[str]:
        return {perm for backend in _backends() for perm in backend.get_all_permissions(self, obj)}

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return any(backend.has_perm(self, perm, obj) for backend in _backends())

    def has_perms(self, perm_list: Iterable[str], obj: Any = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        return any(backend.has_module_perms(self, app_label) for backend in _backends())


def _backends() -> list[Any]:
    # Django's types know its own user model alone.
    return list(get_backends())
