"""Every read of sign-ins beyond a primary key."""

from datetime import datetime, timedelta

from django.conf import settings

from gateway.console.models import SignIn


def find_sign_in(session_key: str, at: datetime) -> SignIn | None:
    """Return the sign-in behind a session, unless it is older than sessions get."""
    return SignIn.objects.filter(session_key=session_key, signed_in_at__gt=oldest(at)).first()


def oldest(at: datetime) -> datetime:
    """Return when a sign-in that ends ``at`` began."""
    return at - timedelta(seconds=settings.SESSION_COOKIE_AGE)
