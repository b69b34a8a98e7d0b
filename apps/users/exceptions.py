"""
What can go wrong with people, sessions and credit. No HTTP here: ``ficus.errors`` says how each is rendered.

DomainError
├── Invalid
│   └── InvalidAmount          not a positive amount of minor units
├── Unauthorized
│   ├── WrongCredentials       no such pair of username and password, or not one that may sign in
│   └── SessionEnded           the refresh token is unknown, expired, revoked, or was used twice
├── NotFound
│   ├── UserNotFound
│   └── CreditNotFound
├── Conflict
│   ├── UsernameTaken
│   ├── EmailTaken
│   └── IllegalMove            the person or the hold is not in a state that allows it
├── TooManyAttempts     429    signing in is locked for this account and address
└── TooBusyToHash       429    as many passwords as may are being hashed, or wait for it
"""

from ficus.errors import Conflict, DomainError, Invalid, NotFound, Unauthorized


class InvalidAmount(Invalid):
    code, title = "invalid_amount", "Invalid amount"


class WrongCredentials(Unauthorized):
    """Says the same for an unknown name, a wrong password and a deactivated person."""

    code, title = "wrong_credentials", "Wrong username or password"


class SessionEnded(Unauthorized):
    code, title = "session_ended", "The session has ended; sign in again"


class UserNotFound(NotFound):
    code, title = "user_not_found", "No such user"


class CreditNotFound(NotFound):
    code, title = "credit_not_found", "No credit account for this customer"


class UsernameTaken(Conflict):
    code, title = "username_taken", "The username is taken"


class EmailTaken(Conflict):
    code, title = "email_taken", "The email address is taken"


class IllegalMove(Conflict):
    code, title = "illegal_move", "Not possible in the present state"


class TooManyAttempts(DomainError):
    code, status, rpc_status, title = "too_many_attempts", 429, "RESOURCE_EXHAUSTED", "Too many attempts; wait"


class TooBusyToHash(DomainError):
    """Not 503: a breaker would count that as a failure, and keep everybody from a service that is well."""

    code, status, rpc_status, title = (
        "too_busy",
        429,
        "RESOURCE_EXHAUSTED",
        "Too many people are signing in; try again",
    )
