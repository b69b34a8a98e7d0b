"""Every read beyond a primary key. Nothing here writes, and nothing here decides who may see the answer."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone
from oauth2_provider.models import RefreshToken
from oauth2_provider.settings import oauth2_settings

from apps.users import keys
from apps.users.exceptions import CreditNotFound, UserNotFound
from apps.users.models import CreditAccount, CreditEntry, CreditHold, FailedSignIns, User
from contracts.users.events import ENDS_TOKENS, SessionEnded
from ficus.auth.revocations import SESSION, SUBJECT, mark
from ficus.events import log

ORDER_CANCELLED = "order_cancelled"
# Longer than any transaction takes that revokes: what it has appended is seen when it commits, and is dated before.
TRANSACTION_SECONDS = 10


def list_users(*, only: UUID | None = None) -> QuerySet[User]:
    """:param only: the one person that the caller may know of; None for all."""
    users = User.objects.all()
    return users if only is None else users.filter(id=only)


def get_user(*, user_id: UUID, lock: bool = False) -> User:
    """
    :param lock: hold the row's lock until the transaction ends.
    :raises UserNotFound: if there is none.
    """
    users = User.objects.select_for_update() if lock else User.objects.all()
    user = users.filter(id=user_id).first()
    if user is None:
        raise UserNotFound
    return user


def find_user_by_username(*, username: str) -> User | None:
    """Without regard to case."""
    return User.objects.alias(folded=Lower("username")).filter(folded=username.lower()).first()


def username_is_taken(*, username: str) -> bool:
    """Without regard to case."""
    return User.objects.alias(folded=Lower("username")).filter(folded=username.lower()).exists()


def email_is_taken(*, email: str, by_other_than: UUID | None = None) -> bool:
    """Without regard to case."""
    others = User.objects.all() if by_other_than is None else User.objects.exclude(id=by_other_than)
    return others.alias(folded=Lower("email")).filter(folded=email.lower()).exists()


def find_active_user(*, user_id: UUID) -> User | None:
    return User.objects.filter(id=user_id, is_active=True).first()


def list_revocations(*, since: datetime) -> dict[str, float]:
    """
    Return what has been revoked since then, by :func:`ficus.auth.revocations.mark`: tokens issued up to that second.

    A session has ended, or a person was deactivated or has other roles now, and may have newer tokens.
    """
    marks: dict[str, float] = {}
    for event in log.recent((SessionEnded.TYPE, *ENDS_TOKENS), since=since):
        kind = SESSION if event.type == SessionEnded.TYPE else SUBJECT
        revoked = mark(kind, str(event.aggregate_id))
        marks[revoked] = max(marks.get(revoked, 0.0), event.recorded_at.timestamp())
    return marks


def revocations_since(since: float) -> dict[str, Any]:
    """
    Return what verifiers are told: what has been revoked since then, in seconds since 1970, or as long as it matters;
    and under which keys tokens are good.
    """
    now, lifetime = timezone.now().timestamp(), oauth2_settings.ACCESS_TOKEN_EXPIRE_SECONDS
    first = min(max(now - lifetime, since), now) - TRANSACTION_SECONDS
    found = list_revocations(since=datetime.fromtimestamp(first, UTC))
    kids = [key.kid for key in keys.key_ring().published]
    return {"until": now, "token_seconds": lifetime, "revoked": found, "keys": kids}


def list_taken(*, ids: Iterable[UUID], usernames: Iterable[str], emails: Iterable[str]) -> set[UUID | str]:
    """Return which of these ids, names and addresses somebody has; names and addresses are given in lower case."""
    people = User.objects.alias(name=Lower("username"), address=Lower("email"))
    having = people.filter(Q(id__in=list(ids)) | Q(name__in=list(usernames)) | Q(address__in=list(emails)))
    return {value for row in having.values_list("id", Lower("username"), Lower("email")) for value in row}


def find_failed_sign_ins(*, username: str, address: str) -> FailedSignIns | None:
    return FailedSignIns.objects.filter(account=username.lower(), address=address).first()


def list_failed_sign_ins() -> QuerySet[FailedSignIns]:
    """Return who has failed to sign in of late, and from where, the last first."""
    return FailedSignIns.objects.order_by("-last_failed_at", "account", "address")


def list_open_sessions(*, user_id: UUID) -> list[UUID]:
    """Return the sign-ins of a person that have not ended."""
    live = RefreshToken.objects.filter(user_id=user_id, revoked__isnull=True)
    return list(live.order_by("token_family").values_list("token_family", flat=True).distinct())


def search_users(users: QuerySet[User], *, words: str) -> QuerySet[User]:
    """Keep those whose username, email or name contains each of the words, without regard to case."""
    for word in words.split():
        users = users.filter(
            Q(username__icontains=word)
            | Q(email__icontains=word)
            | Q(first_name__icontains=word)
            | Q(last_name__icontains=word)
        )
    return users


def with_role(users: QuerySet[User], *, role: str) -> QuerySet[User]:
    """Keep those who hold the role. SQLite has no JSON containment; a quoted word of a closed set is as exact."""
    return users.filter(roles__icontains=f'"{role}"')


def get_credit(*, customer_id: UUID) -> CreditAccount:
    """:raises CreditNotFound: if the customer has no account."""
    account = CreditAccount.objects.filter(customer_id=customer_id).first()
    if account is None:
        raise CreditNotFound
    return account


def list_credit_entries(*, customer_id: UUID) -> QuerySet[CreditEntry]:
    return CreditEntry.objects.filter(account_id=customer_id)


def lock_credit(*, customer_ids: Iterable[UUID]) -> dict[UUID, CreditAccount]:
    """Return the accounts that exist, by customer, with their rows locked, always in the order of their keys."""
    accounts = CreditAccount.objects.select_for_update(of=("self",)).select_related("customer").order_by("customer_id")
    return {account.customer_id: account for account in accounts.filter(customer_id__in=set(customer_ids))}


def find_holds(*, order_ids: Iterable[UUID]) -> dict[UUID, CreditHold]:
    """Return what was decided so far, by order."""
    return CreditHold.objects.in_bulk(list(order_ids))


def list_holds(*, after: UUID | None = None) -> QuerySet[CreditHold]:
    """Return what was decided about orders, by the order's id; ``after`` an order, if one is given."""
    holds = CreditHold.objects.order_by("order_id")
    return holds.filter(order_id__gt=after) if after else holds


def count_refusals(*, customer_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return how many refusals were announced for these customers; those without any are missing."""
    refused = CreditHold.objects.filter(account_id__in=set(customer_ids), status=CreditHold.Status.REFUSED)
    refused = refused.exclude(reason=ORDER_CANCELLED)
    return dict(refused.values_list("account_id").annotate(Count("order_id")).order_by())
