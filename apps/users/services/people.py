"""What can happen to a person: joining, changing, being deactivated and coming back."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from apps.users import queries, tokens
from apps.users.exceptions import EmailTaken, UsernameTaken
from apps.users.models import CreditAccount, Role, User
from apps.users.services.credit import grant_credit
from contracts.users.events import (
    UserDeactivated,
    UserProfileChanged,
    UserReactivated,
    UserRegistered,
    UserRolesChanged,
)
from ficus.events import log

JOINING = "joined"


@transaction.atomic
def register_user(
    *,
    username: str,
    email: str,
    password_hash: str,
    at: datetime,
    roles: Sequence[str] = (Role.CUSTOMER,),
    first_name: str = "",
    last_name: str = "",
) -> User:
    """
    Take in a new person, with the credit that everybody starts with.

    ``password_hash`` is made before the transaction begins, since it takes long. Announces ``UserRegistered`` and
    ``CreditGranted``.

    :raises UsernameTaken: if somebody has the name, however it is capitalised.
    :raises EmailTaken: likewise.
    """
    user = User(
        username=username,
        email=email,
        password=password_hash,
        first_name=first_name,
        last_name=last_name,
        joined_at=at,
    )
    user.assign_roles(roles)
    with _named_conflicts(username=username, email=email):
        user.save(force_insert=True)
    registered = UserRegistered(user_id=user.id, username=username, email=email, roles=user.roles)
    log.append(registered, version=user.version)
    _open_account(user, at)
    return user


@transaction.atomic
def change_profile(
    *, user_id: UUID, email: str | None = None, first_name: str | None = None, last_name: str | None = None
) -> User:
    """
    Take over what is given of a person's profile. Announces ``UserProfileChanged`` if anything is different.

    :raises UserNotFound: if there is no such person.
    :raises EmailTaken: if somebody else has the address, however it is capitalised.
    """
    user = _locked(user_id)
    given = {"email": email, "first_name": first_name, "last_name": last_name}
    if user.change_profile(**{name: value for name, value in given.items() if value is not None}):
        with _named_conflicts(email=user.email, user_id=user_id):
            user.save(update_fields=[*given, "version"])
        changed = UserProfileChanged(
            user_id=user_id,
            username=user.username,
            email=user.email,
            first_name=user.first_name,
            last_name=user.last_name,
        )
        log.append(changed, version=user.version)
    return user


@transaction.atomic
def change_roles(*, user_id: UUID, roles: Sequence[str], reason: str) -> User:
    """
    Give a person these roles and no others. Announces ``UserRolesChanged``.

    Tokens that carry the old roles are good no more; sessions go on, and their next token carries the new ones.

    :raises UserNotFound: if there is no such person.
    """
    user = _locked(user_id)
    user.assign_roles(roles)
    user.save(update_fields=["roles", "version"])
    tokens.expire_access(user)
    log.append(UserRolesChanged(user_id=user_id, roles=user.roles, reason=reason), version=user.version)
    return user


@transaction.atomic
def deactivate_user(*, user_id: UUID, reason: str) -> User:
    """
    Keep a person from signing in, and end every session. Announces ``UserDeactivated``.

    :raises UserNotFound: if there is no such person.
    :raises IllegalMove: if the person is deactivated already.
    """
    user = _locked(user_id)
    user.deactivate()
    user.save(update_fields=["is_active", "version"])
    tokens.revoke_everything(user)
    log.append(UserDeactivated(user_id=user_id, reason=reason), version=user.version)
    return user


@transaction.atomic
def reactivate_user(*, user_id: UUID, reason: str) -> User:
    """
    Let a person sign in again. Announces ``UserReactivated``.

    :raises UserNotFound: if there is no such person.
    :raises IllegalMove: if the person is active.
    """
    user = _locked(user_id)
    user.reactivate()
    user.save(update_fields=["is_active", "version"])
    log.append(UserReactivated(user_id=user_id, reason=reason), version=user.version)
    return user


def _locked(user_id: UUID) -> User:
    return queries.get_user(user_id=user_id, lock=True)


def _open_account(user: User, at: datetime) -> None:
    CreditAccount.objects.create(customer=user, currency=settings.CREDIT_CURRENCY)
    if settings.CREDIT_GRANT_ON_JOINING:
        grant_credit(customer_id=user.id, amount=settings.CREDIT_GRANT_ON_JOINING, reason=JOINING, at=at)


@contextmanager
def _named_conflicts(*, email: str, username: str = "", user_id: UUID | None = None) -> Iterator[None]:
    """Say in business words which constraint refused a row; what the constraint saw is asked after it has refused."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        if username and queries.username_is_taken(username=username):
            raise UsernameTaken from None
        if queries.email_is_taken(email=email, by_other_than=user_id):
            raise EmailTaken from None
        raise
