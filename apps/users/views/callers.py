"""Which people a caller may know of, and where to go on from there."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.reverse import reverse

from apps.users import queries
from apps.users.exceptions import UserNotFound
from apps.users.models import Role, User
from ficus.auth.rest import caller_of


def get_visible_user(request: Request, user_id: UUID, *, least: str = Role.SUPPORT) -> User:
    """
    Return the person, if the caller is that person or ranks ``least`` or above.

    :raises UserNotFound: otherwise, as if there were none.
    """
    if not caller_of(request).is_or_has_role(user_id, least):
        raise UserNotFound
    return queries.get_user(user_id=user_id)


def links(request: Request, user_id: UUID) -> dict[str, str]:
    """Return where a browser can go on from a person's page, by title; what only operators may do, for operators."""
    titles = {"Credit": "credit", "Ledger": "credit_entries"}
    if caller_of(request).has_role(Role.OPERATOR):
        titles |= {"Grant credit": "grant_credit", "Deactivate": "deactivate_user", "Reactivate": "reactivate_user"}
    return {title: reverse(name, args=[user_id], request=request) for title, name in titles.items()}
