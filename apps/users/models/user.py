"""A person and what may be done to one. Passwords are checked in services, permissions come from roles."""

from collections.abc import Iterable
from typing import Any, ClassVar
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from uuid_utils.compat import uuid7

from apps.users.exceptions import IllegalMove
from ficus.auth.principal import Principal
from ficus.auth.roles import RoleHolder
from ficus.events.announced import announced_by


def new_id() -> UUID:
    """Return a UUID of version 7 (RFC 9562): unique everywhere, and ordered by time."""
    return uuid7()


class Role(models.TextChoices):
    """What a person may do, from least to most; each may do what those before it may."""

    CUSTOMER = "customer"
    SUPPORT = "support"
    OPERATOR = "operator"
    ADMIN = "admin"


def customer_only() -> list[str]:
    return [Role.CUSTOMER.value]


class UserManager(BaseUserManager["User"]):
    def for_principal(self, principal: Principal) -> "User | None":
        """Return the person of a verified token, unless deactivated since or a program; with the roles held now."""
        return self.filter(id=principal.id, is_active=True).first() if principal.id else None

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find by username without regard to case, as the constraint compares it."""
        return self.alias(folded=Lower("username")).get(folded=(username or "").lower())


@announced_by("user", besides=("last_login",))
class User(RoleHolder, AbstractBaseUser):
    """
    A person who may sign in.

    ``version`` counts the person's events. ``username`` and ``email`` are ASCII and unique without regard to case.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    username = models.CharField(max_length=64)
    email = models.EmailField(max_length=254)
    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    roles = models.JSONField(default=customer_only)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField()
    version = models.PositiveBigIntegerField(default=0)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        permissions = [
            ("deactivate_user", "Can deactivate and reactivate people"),
            ("change_roles", "Can give people roles"),
        ]
        constraints = [
            models.UniqueConstraint(Lower("username"), name="users_user_username_unique"),
            models.UniqueConstraint(Lower("email"), name="users_user_email_unique"),
            models.CheckConstraint(condition=~models.Q(username=""), name="users_user_username_given"),
        ]

    def __str__(self) -> str:
        return self.username

    def change_profile(self, **changes: str) -> bool:
        """Take over the given fields of the profile; return whether anything is different now."""
        differing = {name: value for name, value in changes.items() if getattr(self, name) != value}
        for name, value in differing.items():
            setattr(self, name, value)
        if differing:
            self.version += 1
        return bool(differing)

    def assign_roles(self, roles: Iterable[str]) -> None:
        """Take the given roles, kept in order of rank and each once."""
        given = {Role(role) for role in roles}
        self.roles = [role.value for role in Role if role in given]
        self.version += 1

    def deactivate(self) -> None:
        """:raises IllegalMove: if the person is deactivated already."""
        self._set_active(False)

    def reactivate(self) -> None:
        """:raises IllegalMove: if the person is active."""
        self._set_active(True)

    def _set_active(self, active: bool) -> None:
        if self.is_active is active:
            raise IllegalMove(f"{self.username} is {'active' if active else 'deactivated'} already", is_active=active)
        self.is_active = active
        self.version += 1

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.username

    def get_short_name(self) -> str:
        return self.first_name or self.username

    def natural_key(self) -> tuple[Any, ...]:
        return (self.username,)
