"""What a model of people has besides its fields so that an admin knows what each may do: rights follow from roles."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_backends

from ficus.auth.principal import rank


class RoleHolder:
    """
    Mixed into a model with a list of ``roles``: answers Django's questions about staff and permissions.

    There are no superusers, groups or permissions in the database; :class:`ficus.auth.staff.RoleBackend` decides.
    """

    roles: Any
    is_active: Any = True

    @property
    def is_staff(self) -> bool:
        return bool(self.is_active) and rank(frozenset(self.roles)) >= rank(frozenset({"support"}))

    @property
    def is_superuser(self) -> bool:
        return bool(self.is_active) and "admin" in self.roles

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return any(backend.has_perm(self, perm, obj) for backend in _backends())

    def has_perms(self, perm_list: Iterable[str], obj: Any = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        return any(backend.has_module_perms(self, app_label) for backend in _backends())


def _backends() -> list[Any]:
    # Django's types know its own user model alone.
    return list(get_backends())
