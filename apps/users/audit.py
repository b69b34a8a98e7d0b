"""
What is always true of people and their credit (`semantics` section 9), as queries for whatever breaks it.

Each compares sums made by the database, so that a hundred thousand accounts are checked in a few seconds.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from apps.users.models import CreditAccount, CreditEntry, CreditHold, User
from ficus.events import histories

HOLD, KIND = CreditHold.Status, CreditEntry.Kind
KINDS_OF_AN_ORDER = (KIND.HELD, KIND.RELEASED, KIND.CAPTURED)


@dataclass(frozen=True, slots=True)
class Check:
    """
    :ivar says: what is wrong with what ``find`` returns.
    :ivar find: returns ids.
    """

    says: str
    find: Callable[[], Iterable[UUID]]


def broken_balances() -> Iterable[UUID]:
    """The database refuses these; a dump loaded without its constraints may hold them."""
    negative = Q(granted__lt=0) | Q(held__lt=0) | Q(captured__lt=0) | Q(granted__lt=F("held") + F("captured"))
    return _ids(CreditAccount.objects.filter(negative))


def balances_that_the_holds_do_not_bear_out() -> Iterable[UUID]:
    held, captured = _sum("holds", status=HOLD.HELD), _sum("holds", status=HOLD.CAPTURED)
    accounts = CreditAccount.objects.annotate(by_holds_held=held, by_holds_captured=captured)
    return _ids(accounts.exclude(held=F("by_holds_held"), captured=F("by_holds_captured")))


def balances_that_the_ledger_does_not_bear_out() -> Iterable[UUID]:
    granted, held = _sum("entries", kind=KIND.GRANTED), _sum("entries", kind=KIND.HELD)
    released, captured = _sum("entries", kind=KIND.RELEASED), _sum("entries", kind=KIND.CAPTURED)
    accounts = CreditAccount.objects.annotate(
        by_ledger_granted=granted, by_ledger_held=held - released - captured, by_ledger_captured=captured
    )
    agreeing = Q(granted=F("by_ledger_granted"), held=F("by_ledger_held"), captured=F("by_ledger_captured"))
    return _ids(accounts.exclude(agreeing))


def holds_that_the_ledger_does_not_bear_out() -> Iterable[UUID]:
    """Each hold has its line, and the line of its end if it has ended; a refusal has none."""
    lines = {f"{kind}_{how}": line for kind in KINDS_OF_AN_ORDER for how, line in _lines(kind).items()}
    right = Q(status=HOLD.REFUSED, held_any=False, released_any=False, captured_any=False)
    right |= Q(status=HOLD.HELD, held_right=True, released_any=False, captured_any=False)
    right |= Q(status=HOLD.RELEASED, held_right=True, released_right=True, captured_any=False)
    right |= Q(status=HOLD.CAPTURED, held_right=True, released_any=False, captured_right=True)
    return _ids(CreditHold.objects.annotate(**lines).exclude(right))


def lines_without_a_hold() -> Iterable[UUID]:
    holds = CreditHold.objects.filter(pk=OuterRef("order_id"))
    return _ids(CreditEntry.objects.filter(~Exists(holds), order_id__isnull=False))


def people_without_an_account() -> Iterable[UUID]:
    return _ids(User.objects.filter(credit__isnull=True))


def people_whose_events_disagree() -> Iterable[UUID]:
    return _disagreeing(User.objects.all(), "user")


def accounts_whose_events_disagree() -> Iterable[UUID]:
    return _disagreeing(CreditAccount.objects.all(), "credit")


CHECKS = (
    Check("credit account out of balance", broken_balances),
    Check("credit account differs from its holds", balances_that_the_holds_do_not_bear_out),
    Check("credit account differs from its ledger", balances_that_the_ledger_does_not_bear_out),
    Check("hold of an order differs from the ledger", holds_that_the_ledger_does_not_bear_out),
    Check("line of the ledger without a hold", lines_without_a_hold),
    Check("person without a credit account", people_without_an_account),
    Check("person whose version is not that of the log", people_whose_events_disagree),
    Check("credit account whose version is not that of the log", accounts_whose_events_disagree),
)


def _sum(rows: str, **of: str) -> Coalesce:
    """Return the sum of the amounts of an account's holds or entries of one kind."""
    condition = Q(**{f"{rows}__{field}": value for field, value in of.items()})
    return Coalesce(Sum(f"{rows}__amount", filter=condition), 0)


def _lines(kind: str) -> dict[str, Exists]:
    """Return whether a hold has ``any`` line of that kind, and whether it has the ``right`` one."""
    lines = CreditEntry.objects.filter(order_id=OuterRef("pk"), kind=kind)
    return {
        "any": Exists(lines),
        "right": Exists(lines.filter(amount=OuterRef("amount"), account_id=OuterRef("account_id"))),
    }


def _disagreeing(rows: QuerySet[Any], aggregate: str) -> Iterable[UUID]:
    """Return the rows whose version is not that of their last event."""
    return _ids(rows.annotate(last_event=histories.last_version(aggregate)).exclude(version=F("last_event")))


def _ids(rows: QuerySet[Any]) -> Iterable[UUID]:
    return rows.values_list("pk", flat=True).iterator()
