"""
What the users service announces about people and their credit.

Amounts are in minor units of ``currency`` (ISO 4217).
"""

from uuid import UUID

from ficus.events.schema import Event, event


@event("users.user_registered", version=1, aggregate="user", key="user_id")
class UserRegistered(Event, frozen=True, kw_only=True):
    user_id: UUID
    username: str
    email: str
    roles: list[str]


@event("users.user_profile_changed", version=1, aggregate="user", key="user_id")
class UserProfileChanged(Event, frozen=True, kw_only=True):
    """Carries the whole profile as it is now."""

    user_id: UUID
    username: str
    email: str
    first_name: str
    last_name: str


@event("users.user_roles_changed", version=1, aggregate="user", key="user_id")
class UserRolesChanged(Event, frozen=True, kw_only=True):
    user_id: UUID
    roles: list[str]
    reason: str


@event("users.user_deactivated", version=1, aggregate="user", key="user_id")
class UserDeactivated(Event, frozen=True, kw_only=True):
    user_id: UUID
    reason: str


@event("users.user_reactivated", version=1, aggregate="user", key="user_id")
class UserReactivated(Event, frozen=True, kw_only=True):
    user_id: UUID
    reason: str


# Each of these says that the person's tokens issued until then are good no more.
ENDS_TOKENS = (UserRolesChanged.TYPE, UserDeactivated.TYPE)


@event("users.session_ended", version=1, aggregate="session", key="session_id")
class SessionEnded(Event, frozen=True, kw_only=True):
    """
    No token of this sign-in is good any more, whenever it expires.

    :ivar session_id: the tokens' ``sid``.
    :ivar user_id: None for a program's.
    :ivar reason: ``signed_out``, ``revoked``, or ``reused`` if a refresh token came that was good no more.
    """

    session_id: UUID
    user_id: UUID | None
    reason: str


@event("users.credit_granted", version=1, aggregate="credit", key="customer_id")
class CreditGranted(Event, frozen=True, kw_only=True):
    customer_id: UUID
    amount: int
    currency: str
    reason: str


@event("users.credit_reserved", version=1, aggregate="credit", key="customer_id")
class CreditReserved(Event, frozen=True, kw_only=True):
    """Credit is held for the order until it is captured or released."""

    customer_id: UUID
    order_id: UUID
    amount: int
    currency: str


@event("users.credit_refused", version=1, aggregate="credit", key="customer_id")
class CreditRefused(Event, frozen=True, kw_only=True):
    """:ivar reason: ``credit_exceeded``, ``currency_mismatch``, ``customer_inactive`` or ``customer_unknown``."""

    customer_id: UUID
    order_id: UUID
    amount: int
    currency: str
    reason: str


@event("users.credit_released", version=1, aggregate="credit", key="customer_id")
class CreditReleased(Event, frozen=True, kw_only=True):
    customer_id: UUID
    order_id: UUID
    amount: int
    currency: str


@event("users.credit_captured", version=1, aggregate="credit", key="customer_id")
class CreditCaptured(Event, frozen=True, kw_only=True):
    customer_id: UUID
    order_id: UUID
    amount: int
    currency: str
