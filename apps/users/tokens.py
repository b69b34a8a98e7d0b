"""
What a token of ours says, and who may get one without asking: RFC 9068 access tokens, opaque refresh tokens.

Storing, rotating and revoking them is django-oauth-toolkit's, under the rules of ``oauth``.
"""

import hashlib
import secrets
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import jwt
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application, Grant, RefreshToken
from oauthlib.common import Request

from apps.users import keys
from apps.users.models import User
from contracts.users.events import ENDS_TOKENS, SessionEnded
from ficus.events import log

FRONT_SESSION = "front_session"


def access_token(request: Request) -> str:
    """Return a signed access token for whom the OAuth request is for, in its session."""
    user = None if request.grant_type == "client_credentials" else request.user
    now = _issued_at(user)
    claims = {
        "iss": settings.TOKENS["ISSUER"],
        "aud": settings.TOKENS["AUDIENCE"],
        "sub": str(user.id) if user else request.client.client_id,
        "client_id": request.client.client_id,
        "iat": now,
        "nbf": now,
        "exp": now + request.expires_in,
        "jti": str(uuid4()),
        "sid": str(session_of(request)),
        "scope": " ".join(request.scopes),
        "roles": user.roles if user else [],
        "username": user.username if user else "",
    }
    return sign(claims, typ="at+jwt")


def _issued_at(user: User | None) -> int:
    """
    Return the second that a token is of: the present one, or the next if all of this one's are refused.

    Verifiers compare whole seconds, and let the next one pass for the difference between clocks.
    """
    now = int(timezone.now().timestamp())
    if user is None:
        return now
    ended = log.recent(ENDS_TOKENS, since=datetime.fromtimestamp(now, UTC))
    return now + any(event.aggregate_id == user.id for event in ended)


def refresh_token(request: Request) -> str:
    """Return 256 random bits; only their hash is kept."""
    return secrets.token_urlsafe(32)


def sign(claims: dict[str, Any], *, typ: str) -> str:
    key = keys.signing_key()
    return jwt.encode(claims, key.private, algorithm=keys.ALGORITHM, headers={"kid": key.kid, "typ": typ})


def session_of(request: Request) -> UUID:
    """
    Return the id of the sign-in that the OAuth request belongs to: the family of its refresh tokens.

    A service that signs staff in for itself shares the front door's, for both to end together.
    """
    rotated = rotated_by(request)
    if rotated is None and is_staff_client(request.client) and (front := front_session(request)):
        return UUID(front)
    session: UUID = rotated.token_family if rotated else vars(request).setdefault("session_id", uuid4())
    return session


def front_session(request: Request) -> str:
    """
    Return the front door's session, as noted with the code that is traded in, or empty.

    Read past ``Request.__getattr__``, as below, and of no value unless the client is one of our services.
    """
    return str((vars(request).get("claims") or {}).get(FRONT_SESSION, ""))


def rotated_by(request: Request) -> RefreshToken | None:
    """
    Return the refresh token that the request trades in, or None.

    Read past ``Request.__getattr__``, which would take a parameter of that name from the client.
    """
    return vars(request).get("refresh_token_instance")


def first_party() -> Application:
    """Return the client that stands for our own front ends; made at first use, without a redirect or a known secret."""
    client, _ = Application.objects.get_or_create(
        client_id=settings.TOKENS["FIRST_PARTY"],
        defaults={
            "name": "Ficus",
            "client_type": Application.CLIENT_PUBLIC,
            "authorization_grant_type": Application.GRANT_AUTHORIZATION_CODE,
            "skip_authorization": True,
        },
    )
    return client


def documentation() -> Application:
    """
    Return the client that the front door's documentation is, made at first use: one without a secret, as any page has
    none, which people allow what they choose.
    """
    client, _ = Application.objects.update_or_create(
        client_id=settings.TOKENS["DOCUMENTATION"],
        defaults={
            "name": "Ficus API documentation",
            "client_type": Application.CLIENT_PUBLIC,
            "authorization_grant_type": Application.GRANT_AUTHORIZATION_CODE,
            "redirect_uris": settings.TOKENS["DOCUMENTATION_REDIRECT"],
        },
    )
    return client


STAFF_CLIENTS = "ficus-staff-"


def is_staff_client(client: Application | None) -> bool:
    """Return whether the client is a service of ours that signs staff in for itself."""
    return client is not None and str(client.client_id).startswith(STAFF_CLIENTS)


def register_staff_client(*, service: str, redirects: Iterable[str]) -> Application:
    """Have a service sign staff in for itself, who come back to one of these; a person is not asked to allow it."""
    client, _ = Application.objects.update_or_create(
        client_id=f"{STAFF_CLIENTS}{service}",
        defaults={
            "name": f"Ficus {service} admin",
            "client_type": Application.CLIENT_PUBLIC,
            "authorization_grant_type": Application.GRANT_AUTHORIZATION_CODE,
            "redirect_uris": " ".join(redirects),
            "skip_authorization": True,
        },
    )
    return client


def is_open(session_id: str) -> bool:
    """Return whether a sign-in has not ended yet."""
    return bool(RefreshToken.objects.filter(token_family=session_id, revoked__isnull=True).exists())


def checksum(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def revoke_everything(user: User) -> None:
    """End every session of a person, and every permission on its way to become one."""
    now = timezone.now()
    RefreshToken.objects.filter(user=user, revoked__isnull=True).update(revoked=now, updated=now)
    AccessToken.objects.filter(user=user).delete()
    Grant.objects.filter(user=user).delete()


def expire_access(user: User) -> None:
    """Have a person's access tokens be good no more where they are asked about; refresh tokens stay."""
    now = timezone.now()
    AccessToken.objects.filter(user=user, expires__gt=now).update(expires=now)


def revoke_session(*, refresh: str, client: Application) -> None:
    """End the session that a refresh token belongs to, used or not; one that is not the client's ends nothing."""
    found = RefreshToken.objects.filter(token_checksum=checksum(refresh), application=client).first()
    if found is not None:
        end_family(found, reason="signed_out")


@transaction.atomic
def end_family(token: RefreshToken, *, reason: str) -> None:
    """End the session of a refresh token, and announce ``SessionEnded``."""
    end_session(token.token_family, token.user_id, reason=reason)


def end_session(session_id: UUID, user_id: UUID | None, *, reason: str) -> None:
    """End a session in the current transaction, and announce ``SessionEnded``."""
    RefreshToken.revoke_family(session_id)
    announce_end(session_id, user_id, reason)


def announce_end(session_id: UUID, user_id: UUID | None, reason: str) -> None:
    """Announce ``SessionEnded`` in the current transaction, unless that has been done: a session ends once."""
    with suppress(log.ConcurrentChange), transaction.atomic():
        log.append(SessionEnded(session_id=session_id, user_id=user_id, reason=reason), version=1)


def session_behind(token: str, client: Application | None) -> tuple[UUID, UUID | None] | None:
    """Return the session of one of the client's tokens, of either kind, and whose it is."""
    if client is None:
        return None
    of_client = {"token_checksum": checksum(token), "application": client}
    if refresh := RefreshToken.objects.filter(**of_client).first():
        return refresh.token_family, refresh.user_id
    access = AccessToken.objects.filter(**of_client).first()
    if access is None:
        return None
    # We have stored it, so we have signed it.
    return UUID(jwt.decode(token, options={"verify_signature": False})["sid"]), access.user_id
