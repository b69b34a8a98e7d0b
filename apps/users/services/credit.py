"""What can happen to a customer's credit. Each effect on an order's credit happens once, however often it is asked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.users import queries
from apps.users.exceptions import CreditNotFound, InvalidAmount
from apps.users.models import CreditAccount, CreditEntry, CreditHold
from contracts.users.events import CreditCaptured, CreditGranted, CreditRefused, CreditReleased, CreditReserved
from ficus import rows
from ficus.events import log
from ficus.events.announced import unannounced


@dataclass(frozen=True, slots=True)
class Reservation:
    """
    A wish to hold a customer's credit for an order.

    :ivar amount: in minor units of ``currency``; not negative.
    :ivar caused_by: the event that led to it, where many are handled together.
    """

    order_id: UUID
    customer_id: UUID
    currency: str
    amount: int
    caused_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """:ivar reason: why the credit was refused, in the words of ``users.credit_refused``; empty when reserved."""

    order_id: UUID
    reserved: bool
    reason: str


@transaction.atomic
def grant_credit(*, customer_id: UUID, amount: int, reason: str, at: datetime) -> CreditEntry:
    """
    Let a customer owe us so much more. Announces ``CreditGranted``.

    :raises CreditNotFound: if the customer has no account.
    :raises InvalidAmount: if ``amount`` is not positive.
    """
    account = _locked_account(customer_id)
    account.grant(amount)
    account.save(update_fields=["granted", "version"])
    entry = _entry(account, CreditEntry.Kind.GRANTED, amount, at, reason=reason)
    entry.save(force_insert=True)
    granted = CreditGranted(customer_id=customer_id, amount=amount, currency=account.currency, reason=reason)
    log.append(granted, version=account.version)
    return entry


def reserve_credit(*, reservation: Reservation, at: datetime) -> Decision:
    """Decide about one order's credit, like :func:`reserve_credits`."""
    return reserve_credits(reservations=[reservation], at=at)[0]


@transaction.atomic
def reserve_credits(*, reservations: Sequence[Reservation], at: datetime) -> list[Decision]:
    """
    Hold credit for orders, or refuse, in the order given; a handful of queries for any number.

    An order that was decided before keeps its decision, and nothing is announced about it again. Locks the accounts.
    Announces ``CreditReserved`` or ``CreditRefused`` for each order decided now.

    :raises InvalidAmount: if any amount is negative; then nothing is decided.
    """
    if any(reservation.amount < 0 for reservation in reservations):
        raise InvalidAmount("an amount to reserve must not be negative")
    customers = {reservation.customer_id for reservation in reservations}
    accounts = queries.lock_credit(customer_ids=customers)
    decided = queries.find_holds(order_ids={reservation.order_id for reservation in reservations})
    refusals = queries.count_refusals(customer_ids=customers - accounts.keys())
    round = _Round(accounts=accounts, decided=decided, refusals=refusals, at=at)
    decisions = [round.decide(reservation) for reservation in reservations]
    round.save()
    return decisions


@transaction.atomic
def release_credit(*, order_id: UUID, customer_id: UUID, at: datetime) -> None:
    """
    Let go of what is held for an order; if nothing is, because it was released or refused, do nothing.

    An order that was never decided is refused from now on: its reservation may still be on its way.
    Announces ``CreditReleased`` if credit was held.

    :raises IllegalMove: if the credit is captured.
    """
    account = queries.lock_credit(customer_ids=[customer_id]).get(customer_id)
    hold = queries.find_holds(order_ids=[order_id]).get(order_id)
    if hold is None:
        _refuse_beforehand(order_id, customer_id, at)
    elif account is not None and hold.status not in (CreditHold.Status.RELEASED, CreditHold.Status.REFUSED):
        hold.release(at=at)
        account.release(hold.amount)
        _settle(account, hold, CreditEntry.Kind.RELEASED, at)
        released = CreditReleased(
            customer_id=customer_id, order_id=order_id, amount=hold.amount, currency=hold.currency
        )
        log.append(released, version=account.version)


@transaction.atomic
def capture_credit(*, order_id: UUID, customer_id: UUID, at: datetime) -> None:
    """
    Make due what is held for an order; if it is captured already, do nothing. Announces ``CreditCaptured``.

    :raises CreditNotFound: if nothing was ever decided about the order.
    :raises IllegalMove: if the credit was released or refused.
    """
    account = _locked_account(customer_id)
    hold = queries.find_holds(order_ids=[order_id]).get(order_id)
    if hold is None:
        raise CreditNotFound(f"nothing is held for order {order_id}")
    if hold.status == CreditHold.Status.CAPTURED:
        return
    hold.capture(at=at)
    account.capture(hold.amount)
    _settle(account, hold, CreditEntry.Kind.CAPTURED, at)
    captured = CreditCaptured(customer_id=customer_id, order_id=order_id, amount=hold.amount, currency=hold.currency)
    log.append(captured, version=account.version)


@dataclass(slots=True)
class _Round:
    """
    Decides reservations in memory, on locked accounts, and then writes everything at once.

    :ivar refusals: by customer without an account, how many events already say so.
    """

    accounts: dict[UUID, CreditAccount]
    decided: dict[UUID, CreditHold]
    refusals: dict[UUID, int]
    at: datetime
    changed: dict[UUID, CreditAccount] = field(default_factory=dict)
    holds: list[CreditHold] = field(default_factory=list)
    entries: list[CreditEntry] = field(default_factory=list)
    facts: list[log.Fact] = field(default_factory=list)

    def decide(self, wish: Reservation) -> Decision:
        hold = self.decided.get(wish.order_id)
        if hold is None:
            hold = self.decided[wish.order_id] = self._decide(wish)
            self.holds.append(hold)
        refused = hold.status == CreditHold.Status.REFUSED
        return Decision(order_id=wish.order_id, reserved=not refused, reason=hold.reason)

    def _decide(self, wish: Reservation) -> CreditHold:
        account = self.accounts.get(wish.customer_id)
        if account is None:
            version = self.refusals[wish.customer_id] = self.refusals.get(wish.customer_id, 0) + 1
            return self._refuse(wish, "customer_unknown", version)
        self.changed[account.customer_id] = account
        if reason := account.reason_against(wish.amount, wish.currency):
            account.refuse()
            return self._refuse(wish, reason, account.version)
        return self._hold(wish, account)

    def _refuse(self, wish: Reservation, reason: str, version: int) -> CreditHold:
        refused = CreditRefused(
            customer_id=wish.customer_id,
            order_id=wish.order_id,
            amount=wish.amount,
            currency=wish.currency,
            reason=reason,
        )
        self.facts.append(log.Fact(refused, version, caused_by=wish.caused_by))
        return _decision(wish, CreditHold.Status.REFUSED, self.at, reason=reason)

    def _hold(self, wish: Reservation, account: CreditAccount) -> CreditHold:
        account.hold(wish.amount)
        self.entries.append(_entry(account, CreditEntry.Kind.HELD, wish.amount, self.at, order_id=wish.order_id))
        reserved = CreditReserved(
            customer_id=wish.customer_id, order_id=wish.order_id, amount=wish.amount, currency=wish.currency
        )
        self.facts.append(log.Fact(reserved, account.version, caused_by=wish.caused_by))
        return _decision(wish, CreditHold.Status.HELD, self.at)

    def save(self) -> None:
        # An upsert of rows that are all there: bulk_update writes a CASE for each row, at five times the cost.
        CreditAccount.objects.bulk_create(
            self.changed.values(), update_conflicts=True, unique_fields=["customer"], update_fields=["held", "version"]
        )
        rows.insert(self.holds)
        rows.insert(self.entries)
        if self.facts:
            log.append_many(self.facts)


def _locked_account(customer_id: UUID) -> CreditAccount:
    account = queries.lock_credit(customer_ids=[customer_id]).get(customer_id)
    if account is None:
        raise CreditNotFound
    return account


def _refuse_beforehand(order_id: UUID, customer_id: UUID, at: datetime) -> None:
    wish = Reservation(order_id=order_id, customer_id=customer_id, currency="", amount=0)
    refusal = _decision(wish, CreditHold.Status.REFUSED, at, reason=queries.ORDER_CANCELLED)
    with unannounced("whoever would hear of it has cancelled the order"):
        refusal.save(force_insert=True)


def _settle(account: CreditAccount, hold: CreditHold, kind: CreditEntry.Kind, at: datetime) -> None:
    hold.save(update_fields=["status", "settled_at"])
    account.save(update_fields=["held", "captured", "version"])
    _entry(account, kind, hold.amount, at, order_id=hold.order_id).save(force_insert=True)


def _entry(
    account: CreditAccount,
    kind: CreditEntry.Kind,
    amount: int,
    at: datetime,
    *,
    order_id: UUID | None = None,
    reason: str = "",
) -> CreditEntry:
    return CreditEntry(
        account=account,
        version=account.version,
        kind=kind,
        amount=amount,
        order_id=order_id,
        reason=reason,
        recorded_at=at,
    )


def _decision(wish: Reservation, status: CreditHold.Status, at: datetime, *, reason: str = "") -> CreditHold:
    return CreditHold(
        order_id=wish.order_id,
        account_id=wish.customer_id,
        amount=wish.amount,
        currency=wish.currency,
        status=status,
        reason=reason,
        decided_at=at,
    )
