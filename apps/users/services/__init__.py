"""
Everything that can happen to people, their sessions and their credit: one function, one transaction, its events.

The clock is an argument; who acts is in ``ficus.context``.
"""

from apps.users.services.credit import (
    Decision,
    Reservation,
    capture_credit,
    grant_credit,
    release_credit,
    reserve_credit,
    reserve_credits,
)
from apps.users.services.people import (
    change_profile,
    change_roles,
    deactivate_user,
    reactivate_user,
    register_user,
)
from apps.users.services.sessions import (
    end_session,
    forget_expired_sign_ins,
    lift_lock_out,
    refresh_session,
    sign_in,
    sign_out_everywhere,
)

__all__ = [
    "Decision",
    "Reservation",
    "capture_credit",
    "change_profile",
    "change_roles",
    "deactivate_user",
    "end_session",
    "forget_expired_sign_ins",
    "grant_credit",
    "lift_lock_out",
    "reactivate_user",
    "refresh_session",
    "register_user",
    "release_credit",
    "reserve_credit",
    "reserve_credits",
    "sign_in",
    "sign_out_everywhere",
]
