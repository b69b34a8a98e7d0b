"""Takes in many customers in one transaction, with the same rows and events as one by one."""

from collections.abc import Sequence

from django.conf import settings
from django.db import transaction

from apps.users import queries
from apps.users.models import CreditAccount, CreditEntry, Role, User
from apps.users.seeding.plan import PlannedCustomer
from apps.users.services.people import JOINING
from contracts.users.events import CreditGranted, UserRegistered
from ficus.events import log


@transaction.atomic
def register_missing(plans: Sequence[PlannedCustomer], *, password_hash: str) -> int:
    """
    Take in those of the planned customers who are not there, and return how many they were.

    A planned name or address that somebody has registered meanwhile is left to that person.
    """
    taken = queries.list_taken(
        ids=[plan.id for plan in plans],
        usernames=[plan.username for plan in plans],
        emails=[plan.email for plan in plans],
    )
    missing = [plan for plan in plans if taken.isdisjoint({plan.id, plan.username, plan.email})]
    User.objects.bulk_create([_user(plan, password_hash) for plan in missing])
    CreditAccount.objects.bulk_create([_account(plan) for plan in missing])
    if settings.CREDIT_GRANT_ON_JOINING:
        CreditEntry.objects.bulk_create([_grant(plan) for plan in missing])
    log.append_many(fact for plan in missing for fact in _facts(plan))
    return len(missing)


def _user(plan: PlannedCustomer, password_hash: str) -> User:
    return User(
        id=plan.id,
        username=plan.username,
        email=plan.email,
        password=password_hash,
        first_name=plan.first_name,
        last_name=plan.last_name,
        joined_at=plan.joined_at,
        version=1,
    )


def _account(plan: PlannedCustomer) -> CreditAccount:
    granted = settings.CREDIT_GRANT_ON_JOINING
    return CreditAccount(
        customer_id=plan.id, currency=settings.CREDIT_CURRENCY, granted=granted, version=1 if granted else 0
    )


def _grant(plan: PlannedCustomer) -> CreditEntry:
    return CreditEntry(
        account_id=plan.id,
        version=1,
        kind=CreditEntry.Kind.GRANTED,
        amount=settings.CREDIT_GRANT_ON_JOINING,
        reason=JOINING,
        recorded_at=plan.joined_at,
    )


def _facts(plan: PlannedCustomer) -> list[log.Fact]:
    registered = UserRegistered(user_id=plan.id, username=plan.username, email=plan.email, roles=[Role.CUSTOMER.value])
    facts = [log.Fact(registered, 1, plan.joined_at)]
    if amount := settings.CREDIT_GRANT_ON_JOINING:
        currency = settings.CREDIT_CURRENCY
        granted = CreditGranted(customer_id=plan.id, amount=amount, currency=currency, reason=JOINING)
        facts.append(log.Fact(granted, 1, plan.joined_at))
    return facts
