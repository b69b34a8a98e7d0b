"""What can happen to a person's sessions at our own front ends: signing in, going on, signing out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from oauth2_provider.models import clear_expired

from apps.users import oauth, passwords, queries, tokens
from apps.users.exceptions import TooManyAttempts, WrongCredentials
from apps.users.models import FailedSignIns, User
from apps.users.models.sign_in import LOCKED_FOR


@dataclass(frozen=True, slots=True)
class Session:
    """
    The tokens of a session, as of now.

    :ivar expires_in: seconds that the access token is good for.
    """

    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105 - the kind of token, RFC 6750


def sign_in(*, username: str, password: str, address: str, at: datetime) -> Session:
    """
    Open a session for whom the pair belongs to.

    :param address: where the attempt comes from; failures are counted by account and address.
    :raises TooManyAttempts: after ten failures, for fifteen minutes since the last; then no password is looked at.
    :raises WrongCredentials: for any pair that is no good, in the same words and the same time.
    :raises TooBusyToHash: if too many sign in at the moment.
    """
    passwords.require_room()
    failures = queries.find_failed_sign_ins(username=username, address=address)
    if failures and (seconds := failures.seconds_locked(at)):
        raise TooManyAttempts(f"Locked for {seconds} seconds.", retry_after=seconds)
    user = _whose(username, password)
    if user is None:
        _count_failure(username, address, at)
        raise WrongCredentials
    return _open(user, failures, at)


def refresh_session(*, refresh_token: str) -> Session:
    """
    Trade a refresh token for a new pair; the old one is good no more.

    :raises SessionEnded: if it is unknown, expired, revoked or was used before; then its whole family ends, and the
        event of that name is announced.
    """
    return _session(oauth.refresh_session(refresh_token))


def end_session(*, refresh_token: str) -> None:
    """
    End the session that the token belongs to. Announces ``SessionEnded``.

    An unknown token ends nothing, and nobody is told (RFC 7009).
    """
    tokens.revoke_session(refresh=refresh_token, client=tokens.first_party())


@transaction.atomic
def sign_out_everywhere(*, user_id: UUID) -> int:
    """End every session of a person, who may sign in again; return how many. Announces ``SessionEnded`` for each."""
    sessions = queries.list_open_sessions(user_id=user_id)
    for session_id in sessions:
        tokens.end_session(session_id, user_id, reason="revoked")
    return len(sessions)


def lift_lock_out(*, account: str, address: str | None = None) -> int:
    """
    Forget the failed attempts to sign in to an account, so that it is locked no more; return from how many addresses.

    :param address: the only one to let in again; None for all.
    """
    failed = FailedSignIns.objects.filter(account=account.lower())
    if address is not None:
        failed = failed.filter(address=address)
    return failed.delete()[0]


def forget_expired_sign_ins(*, at: datetime) -> None:
    """Delete sessions, codes and counted failures that have no effect any more; used refresh tokens stay a while."""
    clear_expired()
    FailedSignIns.objects.filter(last_failed_at__lt=at - LOCKED_FOR).delete()


def _whose(username: str, password: str) -> User | None:
    """Return who has this name and password and may sign in; one password is hashed whatever the answer."""
    user = queries.find_user_by_username(username=username)
    if user is None:
        make_password(password)
        return None
    return user if check_password(password, user.password) and user.is_active else None


@transaction.atomic
def _open(user: User, failures: FailedSignIns | None, at: datetime) -> Session:
    if failures:
        failures.delete()
    user.last_login = at
    user.save(update_fields=["last_login"])
    return _session(oauth.open_session(user))


@transaction.atomic
def _count_failure(username: str, address: str, at: datetime) -> None:
    failures, _ = FailedSignIns.objects.select_for_update().get_or_create(
        account=username.lower(), address=address, defaults={"last_failed_at": at}
    )
    failures.count(at=at)
    failures.save()


def _session(token: dict[str, Any]) -> Session:
    return Session(token["access_token"], token["refresh_token"], token["expires_in"])
