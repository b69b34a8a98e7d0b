"""Failed attempts to sign in, counted so that guessing ends early. Whether a password is right is no business here."""

from datetime import datetime, timedelta

from django.db import models

FAILURES_ALLOWED = 10
LOCKED_FOR = timedelta(minutes=15)


class FailedSignIns(models.Model):
    """
    How often signing in failed of late, for one account from one address, whether or not the account exists.

    The pair is locked after ten failures with no pause of fifteen minutes, until fifteen minutes after the last.
    """

    account = models.CharField(max_length=64, help_text="The username in lower case.")
    address = models.CharField(max_length=45)
    failures = models.PositiveIntegerField(default=0)
    last_failed_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "failed sign-ins"
        permissions = [("lift_lock_out", "Can lift lock-outs")]
        constraints = [
            models.UniqueConstraint(fields=["account", "address"], name="users_failedsignins_once_per_pair"),
        ]

    def __str__(self) -> str:
        return f"{self.account} from {self.address}: {self.failures}"

    def count(self, *, at: datetime) -> None:
        """Count one more; those before a pause of fifteen minutes are forgotten."""
        self.failures = 1 if at - self.last_failed_at > LOCKED_FOR else self.failures + 1
        self.last_failed_at = at

    def seconds_locked(self, at: datetime) -> int:
        """Return for how long the pair is locked from now on, rounded up; 0 if it is not."""
        remaining = (self.last_failed_at + LOCKED_FOR - at).total_seconds()
        return 0 if self.failures < FAILURES_ALLOWED else max(0, int(-(-remaining // 1)))
