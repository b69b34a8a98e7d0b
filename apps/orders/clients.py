"""What orders asks of the users service, in words of our own. Nothing of gRPC leaves this module."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from prometheus_client import Counter

from apps.orders.exceptions import CustomerUnknown
from contracts.users.v1 import users_pb2 as messages
from contracts.users.v1.users_pb2_grpc import UsersStub
from ficus.errors import NotFound
from ficus.rpc.client import client

CREDIT_TIMEOUT_SECONDS = 0.15
RESERVE_TIMEOUT_SECONDS = 30.0
PAGE_TIMEOUT_SECONDS = 10.0
HOLDS_AT_ONCE = 5000

credit_checks = Counter(
    "orders_credit_checks_total",
    "Questions to users for a customer's credit, before an order is placed",
    ["outcome"],
)


@dataclass(frozen=True, slots=True)
class Credit:
    """What a customer may still spend, in minor units of ``currency``."""

    currency: str
    available: int


def find_credit(customer_id: UUID) -> Credit | None:
    """
    Return the customer's credit, or None if users does not answer in time, or with nonsense; either is counted.

    :raises CustomerUnknown: if users answers that there is no such customer.
    """
    try:
        answer = client("users", UsersStub).GetCredit(
            messages.GetCreditRequest(customer_id=str(customer_id)), timeout=CREDIT_TIMEOUT_SECONDS, otherwise=None
        )
    except NotFound:
        credit_checks.labels("unknown").inc()
        raise CustomerUnknown from None
    if answer is None:
        credit_checks.labels("unanswered").inc()
        return None
    if not _makes_sense(answer, customer_id):
        credit_checks.labels("nonsense").inc()
        return None
    credit_checks.labels("answered").inc()
    return Credit(answer.currency, answer.available)


def _makes_sense(answer: messages.Credit, customer_id: UUID) -> bool:
    """Say whether it is this customer's credit and adds up; no order is refused on the word of one that is confused."""
    amounts = (answer.available, answer.held, answer.captured)
    return (
        answer.customer_id == str(customer_id)
        and bool(answer.currency)
        and min(amounts) >= 0
        and sum(amounts) == answer.granted
    )


@dataclass(frozen=True, slots=True)
class Reservation:
    order_id: UUID
    customer_id: UUID
    currency: str
    amount: int


@dataclass(frozen=True, slots=True)
class ReservationOutcome:
    """:ivar reason: why it was refused, in the words of ``users.credit_refused``; empty when reserved."""

    reserved: bool
    reason: str


def reserve_credits(reservations: Sequence[Reservation]) -> dict[UUID, ReservationOutcome]:
    """
    Have users hold credit for up to 1000 orders, and return what became of each; asking again changes nothing.

    :raises Unavailable: if users does not answer.
    """
    request = messages.ReserveCreditsRequest(
        reservations=[
            messages.Reservation(
                order_id=str(wanted.order_id),
                customer_id=str(wanted.customer_id),
                currency=wanted.currency,
                amount=wanted.amount,
            )
            for wanted in reservations
        ]
    )
    answer = client("users", UsersStub).ReserveCredits(request, timeout=RESERVE_TIMEOUT_SECONDS)
    return {UUID(outcome.order_id): ReservationOutcome(outcome.reserved, outcome.reason) for outcome in answer.outcomes}


@dataclass(frozen=True, slots=True)
class Hold:
    """
    What users decided about an order's credit, and what became of it.

    :ivar status: ``held``, ``captured``, ``released`` or ``refused``.
    """

    order_id: UUID
    customer_id: UUID
    currency: str
    amount: int
    status: str


def list_holds() -> Iterator[Hold]:
    """
    Yield every decision that users has on record, by order id.

    :raises Unavailable: if users does not answer.
    """
    after = ""
    while True:
        request = messages.ListHoldsRequest(after=after, limit=HOLDS_AT_ONCE)
        page = client("users", UsersStub).ListHolds(request, timeout=PAGE_TIMEOUT_SECONDS)
        for hold in page.holds:
            yield Hold(UUID(hold.order_id), UUID(hold.customer_id), hold.currency, hold.amount, hold.status)
        if len(page.holds) < HOLDS_AT_ONCE:
            return
        after = page.holds[-1].order_id
