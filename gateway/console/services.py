"""Every write to sign-ins. Asking the users service is not done here."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from gateway.console.models import SignIn
from gateway.console.queries import oldest

CLAIM_SECONDS = 5


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What the users service answers to a password or a refresh token."""

    access_token: str
    refresh_token: str
    expires_in: int

    @classmethod
    def of(cls, answer: dict[str, Any]) -> "TokenPair":
        return cls(answer["access_token"], answer["refresh_token"], int(answer["expires_in"]))


@transaction.atomic
def keep_sign_in(*, session_key: str, person_id: UUID | None, username: str, pair: TokenPair, at: datetime) -> SignIn:
    """Keep the tokens of a browser that has just signed in; sign-ins that are too old are dropped on the way."""
    SignIn.objects.filter(signed_in_at__lte=oldest(at)).delete()
    return SignIn.objects.create(
        session_key=session_key,
        person_id=person_id,
        username=username,
        access_token=pair.access_token,
        access_expires_at=at + timedelta(seconds=pair.expires_in),
        refresh_token=pair.refresh_token,
        signed_in_at=at,
    )


def claim_refresh(*, sign_in: SignIn, at: datetime) -> bool:
    """
    Say whether the caller is the one who may use the refresh token that ``sign_in`` shows.

    The claim ends by itself after ``CLAIM_SECONDS``, lest a process that died holds it for ever.
    """
    unclaimed = Q(claimed_until=None) | Q(claimed_until__lt=at)
    same = SignIn.objects.filter(unclaimed, pk=sign_in.pk, refresh_token=sign_in.refresh_token)
    return same.update(claimed_until=at + timedelta(seconds=CLAIM_SECONDS)) == 1


def replace_tokens(*, sign_in: SignIn, pair: TokenPair, at: datetime) -> None:
    """Keep a new pair and give up the claim."""
    SignIn.objects.filter(pk=sign_in.pk).update(
        access_token=pair.access_token,
        access_expires_at=at + timedelta(seconds=pair.expires_in),
        refresh_token=pair.refresh_token,
        claimed_until=None,
    )


def give_up_claim(*, sign_in: SignIn) -> None:
    SignIn.objects.filter(pk=sign_in.pk).update(claimed_until=None)


def end_sign_in(*, session_key: str) -> str:
    """Forget a sign-in; return its refresh token, or empty if there was none."""
    found = SignIn.objects.filter(session_key=session_key).first()
    if found is None:
        return ""
    found.delete()
    return found.refresh_token
