"""
A customer's credit: one account, a ledger that is only ever appended to, and one decision per order.

Amounts are in minor units of the account's currency (ISO 4217): 1250 EUR means 12.50 euro.
"""

from datetime import datetime
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from apps.users.exceptions import IllegalMove, InvalidAmount
from apps.users.models.user import User, new_id
from ficus.events.announced import announced_by


# An account is opened for whoever registers, and the event about the user says so.
@announced_by("credit", "user")
class CreditAccount(models.Model):
    """
    What a customer may owe us, and what of it is taken.

    Whoever changes it holds its row's lock. ``version`` counts the account's events, refusals among them.
    """

    customer = models.OneToOneField(User, primary_key=True, on_delete=models.PROTECT, related_name="credit")
    currency = models.CharField(max_length=3)
    granted = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    captured = models.BigIntegerField(default=0)
    version = models.PositiveBigIntegerField(default=0)

    customer_id: UUID

    class Meta:
        permissions = [("grant_credit", "Can grant credit")]
        constraints = [
            models.CheckConstraint(
                condition=Q(granted__gte=0, held__gte=0, captured__gte=0),
                name="users_creditaccount_amounts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(granted__gte=F("held") + F("captured")), name="users_creditaccount_available_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.available} of {self.granted} {self.currency}"

    @property
    def available(self) -> int:
        return self.granted - self.held - self.captured

    def grant(self, amount: int) -> None:
        """:raises InvalidAmount: if ``amount`` is not positive."""
        if amount <= 0:
            raise InvalidAmount("an amount to grant must be positive")
        self.granted += amount
        self.version += 1

    def reason_against(self, amount: int, currency: str) -> str:
        """Return why so much cannot be held, in the words of ``users.credit_refused``; empty if it can."""
        if not self.customer.is_active:
            return "customer_inactive"
        if currency != self.currency:
            return "currency_mismatch"
        return "credit_exceeded" if amount > self.available else ""

    def hold(self, amount: int) -> None:
        self.held += amount
        self.version += 1

    def refuse(self) -> None:
        """Change no amount, and count the refusal that is announced."""
        self.version += 1

    def release(self, amount: int) -> None:
        self.held -= amount
        self.version += 1

    def capture(self, amount: int) -> None:
        self.held -= amount
        self.captured += amount
        self.version += 1


@announced_by("credit", part=True)
class CreditHold(models.Model):
    """
    What was decided about one order's credit; its order's id is the key, so that it is decided once.

    ``account`` is no constraint in the database: a refusal may name a customer whom nobody knows.
    """

    class Status(models.TextChoices):
        HELD = "held"
        CAPTURED = "captured"
        RELEASED = "released"
        REFUSED = "refused"

    order_id = models.UUIDField(primary_key=True)
    account = models.ForeignKey(
        CreditAccount, on_delete=models.DO_NOTHING, db_constraint=False, related_name="holds", verbose_name="customer"
    )
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=8, choices=Status.choices)
    reason = models.CharField(max_length=32, blank=True, help_text="Why it was refused.")
    decided_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    account_id: UUID

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="users_credithold_amount_not_negative"),
            models.CheckConstraint(
                condition=Q(status="refused", reason__gt="")
                | Q(status__in=["held", "captured", "released"], reason=""),
                name="users_credithold_reason_if_refused",
            ),
        ]
        indexes = [models.Index(fields=["account", "status"], name="users_credithold_by_account")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} {self.status}"

    def release(self, *, at: datetime) -> None:
        """:raises IllegalMove: if nothing is held."""
        self._settle(self.Status.RELEASED, at)

    def capture(self, *, at: datetime) -> None:
        """:raises IllegalMove: if nothing is held."""
        self._settle(self.Status.CAPTURED, at)

    def _settle(self, status: "CreditHold.Status", at: datetime) -> None:
        if self.status != self.Status.HELD:
            raise IllegalMove(
                f"the credit of order {self.order_id} is {self.status}, not held", present=self.status, wanted=status
            )
        self.status, self.settled_at = status, at


@announced_by("credit", part=True)
class CreditEntry(models.Model):
    """
    A line of the ledger; the database refuses to change one.

    ``version`` is the account's version that it led to. ``amount`` is never negative: ``kind`` says what it did.
    """

    class Kind(models.TextChoices):
        GRANTED = "granted"
        HELD = "held"
        RELEASED = "released"
        CAPTURED = "captured"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(CreditAccount, on_delete=models.PROTECT, related_name="entries")
    version = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    amount = models.BigIntegerField()
    order_id = models.UUIDField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    recorded_at = models.DateTimeField()

    account_id: UUID

    class Meta:
        verbose_name_plural = "credit entries"
        constraints = [
            models.UniqueConstraint(fields=["account", "version"], name="users_creditentry_once_per_version"),
            models.UniqueConstraint(fields=["order_id", "kind"], name="users_creditentry_once_per_order_and_kind"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="users_creditentry_amount_not_negative"),
            models.CheckConstraint(
                condition=Q(kind="granted", order_id__isnull=True)
                | Q(kind__in=["held", "released", "captured"], order_id__isnull=False),
                name="users_creditentry_order_unless_granted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.kind}"
