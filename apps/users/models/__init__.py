"""Users' own tables, their legal moves and what the database refuses. No writes across rows, no announcements."""

from apps.users.models.credit import CreditAccount, CreditEntry, CreditHold
from apps.users.models.sign_in import FailedSignIns
from apps.users.models.user import Role, User

__all__ = ["CreditAccount", "CreditEntry", "CreditHold", "FailedSignIns", "Role", "User"]
