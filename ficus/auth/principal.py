"""Whom the present request is for, as its token says. Nothing here reads a token or a database."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

RANKS = ("customer", "support", "operator", "admin")


def rank(roles: frozenset[str]) -> int:
    """Return the rank of the highest of ``roles``, from 1 for a customer; 0 if none is known."""
    return max((RANKS.index(role) + 1 for role in roles if role in RANKS), default=0)


@dataclass(frozen=True, slots=True)
class Principal:
    """
    A person or a program with a verified token.

    :ivar id: the person's id, or None for a program.
    :ivar subject: the token's ``sub``: the id as text, or a client's id.
    :ivar session_id: the sign-in that the token came from.
    """

    subject: str
    id: UUID | None = None
    username: str = ""
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    client_id: str = ""
    session_id: str = ""

    is_authenticated: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False

    def has_role(self, least: str) -> bool:
        """Return whether one of the roles is ``least`` or above it."""
        return rank(self.roles) >= rank(frozenset({least})) > 0

    def has_scope(self, scope: str) -> bool:
        return scope in self.scopes

    def is_or_has_role(self, owner_id: UUID, least: str) -> bool:
        """Return whether this is the person ``owner_id``, or somebody who ranks ``least`` or above."""
        return (self.id is not None and self.id == owner_id) or self.has_role(least)

    def __str__(self) -> str:
        return self.username or self.subject


class Anonymous:
    """Whoever sent no token: may do what everybody may."""

    id: UUID | None = None
    subject = username = client_id = session_id = ""
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    is_authenticated = False
    is_anonymous = True
    is_active = is_staff = False

    def has_role(self, least: str) -> bool:
        return False

    def has_scope(self, scope: str) -> bool:
        return False

    def is_or_has_role(self, owner_id: UUID, least: str) -> bool:
        return False

    def __str__(self) -> str:
        return "anonymous"


Caller = Principal | Anonymous
