"""What users answers over gRPC: how much credit there is, and credit for many orders at once."""

from typing import Any
from uuid import UUID

import grpc
import stamina
from django.db import OperationalError
from django.utils import timezone

from apps.users import queries, services
from apps.users.models import CreditHold
from contracts.users.v1 import users_pb2, users_pb2_grpc
from ficus.errors import Invalid

RESERVATIONS_MAX = 1000
HOLDS_MAX = 5000
HOLDS_BY_DEFAULT = 1000


class UsersServicer(users_pb2_grpc.UsersServicer):  # type: ignore[misc] # generated without types
    service_name = "ficus.users.v1.Users"
    add_to_server = staticmethod(users_pb2_grpc.add_UsersServicer_to_server)

    def GetCredit(self, request: users_pb2.GetCreditRequest, context: grpc.ServicerContext) -> users_pb2.Credit:
        account = queries.get_credit(customer_id=_uuid("customer_id", request.customer_id))
        return users_pb2.Credit(
            customer_id=request.customer_id,
            currency=account.currency,
            granted=account.granted,
            held=account.held,
            captured=account.captured,
            available=account.available,
        )

    def ReserveCredits(
        self, request: users_pb2.ReserveCreditsRequest, context: grpc.ServicerContext
    ) -> users_pb2.ReserveCreditsResponse:
        if len(request.reservations) > RESERVATIONS_MAX:
            raise Invalid(f"at most {RESERVATIONS_MAX} reservations at a time")
        wishes = [_reservation(message) for message in request.reservations]
        decisions = _reserve(wishes)
        return users_pb2.ReserveCreditsResponse(outcomes=[_outcome(decision) for decision in decisions])

    def ListHolds(
        self, request: users_pb2.ListHoldsRequest, context: grpc.ServicerContext
    ) -> users_pb2.ListHoldsResponse:
        if not 0 <= request.limit <= HOLDS_MAX:
            raise Invalid(f"at most {HOLDS_MAX} holds at a time")
        holds = queries.list_holds(after=_uuid("after", request.after) if request.after else None)
        page = holds[: request.limit or HOLDS_BY_DEFAULT]
        return users_pb2.ListHoldsResponse(holds=[_hold(hold) for hold in page])


def _hold(hold: CreditHold) -> users_pb2.Hold:
    return users_pb2.Hold(
        order_id=str(hold.order_id),
        customer_id=str(hold.account_id),
        currency=hold.currency,
        amount=hold.amount,
        status=hold.status,
    )


@stamina.retry(on=OperationalError, attempts=3, timeout=2.0, wait_initial=0.02)
def _reserve(wishes: list[services.Reservation]) -> list[services.Decision]:
    """Reserve; again if PostgreSQL ended a deadlock with the consumer, which locks accounts as its events come."""
    return services.reserve_credits(reservations=wishes, at=timezone.now())


def _reservation(message: Any) -> services.Reservation:
    return services.Reservation(
        order_id=_uuid("order_id", message.order_id),
        customer_id=_uuid("customer_id", message.customer_id),
        currency=message.currency,
        amount=message.amount,
    )


def _outcome(decision: services.Decision) -> users_pb2.Outcome:
    return users_pb2.Outcome(order_id=str(decision.order_id), reserved=decision.reserved, reason=decision.reason)


def _uuid(name: str, text: str) -> UUID:
    """:raises Invalid: if it is no UUID."""
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(f"{name} is no UUID: {text[:40]!r}") from None
