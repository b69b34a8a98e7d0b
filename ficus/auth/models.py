"""The shadow of a person whom another service knows; installed only where a service has no users of its own."""

from typing import ClassVar
from uuid import UUID

from django.db import models

from ficus.auth.principal import Principal
from ficus.auth.roles import RoleHolder


class PersonManager(models.Manager["Person"]):
    def for_principal(self, principal: Principal) -> "Person | None":
        """Return the shadow of the token's person as the token describes it now, or None for a program."""
        if principal.id is None:
            return None
        seen = {"username": principal.username, "roles": sorted(principal.roles)}
        person, _ = self.get_or_create(id=principal.id, defaults=seen)
        if {"username": person.username, "roles": person.roles} != seen:
            person.username, person.roles = principal.username, sorted(principal.roles)
            person.save(update_fields=["username", "roles"])
        return person

    def get_by_natural_key(self, key: str) -> "Person":
        return self.get(id=UUID(key))


class Person(RoleHolder, models.Model):
    """
    A person as the last token said. A name may pass to another person, so the id alone identifies.

    Holds no password and no right of its own: rights follow from ``roles``.
    """

    id = models.UUIDField(primary_key=True)
    username = models.CharField(max_length=150)
    roles = models.JSONField(default=list)

    objects: ClassVar[PersonManager] = PersonManager()

    USERNAME_FIELD = "id"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["username"]
    is_anonymous = False
    is_authenticated = True

    class Meta:
        app_label = "ficus_auth"
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return self.username or str(self.id)

    def get_username(self) -> str:
        return self.username

    def get_short_name(self) -> str:
        return self.username
