"""A users service in the test's own process: real messages, made-up credit."""

import time
from typing import Any, ClassVar
from uuid import UUID

from contracts.users.v1 import users_pb2 as messages
from contracts.users.v1.users_pb2_grpc import UsersServicer, add_UsersServicer_to_server
from ficus.errors import NotFound


class FakeUsers(UsersServicer):
    """
    :cvar available: credit by customer; others are unknown.
    :cvar says: fields of the answer about a customer's credit that are otherwise than they should be.
    :cvar holds: what was decided, by order.
    :cvar arriving: decisions that replace those in ``holds``, one each time that they have been listed.
    :cvar seconds: how long each answer takes.
    :cvar asked: names of the methods that were called.
    """

    service_name = "ficus.users.v1.Users"
    add_to_server = staticmethod(add_UsersServicer_to_server)

    available: ClassVar[dict[UUID, int]] = {}
    says: ClassVar[dict[UUID, dict[str, Any]]] = {}
    holds: ClassVar[dict[UUID, Any]] = {}
    arriving: ClassVar[dict[UUID, Any]] = {}
    seconds: ClassVar[float] = 0
    asked: ClassVar[list[str]] = []

    @classmethod
    def forget(cls) -> None:
        cls.available, cls.says, cls.holds, cls.arriving, cls.seconds, cls.asked = {}, {}, {}, {}, 0, []

    def GetCredit(self, request: Any, context: Any) -> Any:
        self.asked.append("GetCredit")
        time.sleep(self.seconds)
        customer_id = UUID(request.customer_id)
        if customer_id not in self.available:
            raise NotFound("no such customer")
        available = self.available[customer_id]
        credit = {"customer_id": request.customer_id, "currency": "EUR", "granted": available, "available": available}
        return messages.Credit(**{**credit, **self.says.get(customer_id, {})})

    def ReserveCredits(self, request: Any, context: Any) -> Any:
        self.asked.append("ReserveCredits")
        return messages.ReserveCreditsResponse(outcomes=[self._reserve(wish) for wish in request.reservations])

    def _reserve(self, wish: Any) -> Any:
        customer_id, order_id = UUID(wish.customer_id), UUID(wish.order_id)
        if order_id not in self.holds:
            enough = self.available.get(customer_id, 0) >= wish.amount
            if enough:
                self.available[customer_id] -= wish.amount
            self.hold(order_id, customer_id, wish.amount, "held" if enough else "refused")
        reserved = self.holds[order_id].status != "refused"
        return messages.Outcome(order_id=wish.order_id, reserved=reserved, reason="" if reserved else "credit_exceeded")

    def ListHolds(self, request: Any, context: Any) -> Any:
        self.asked.append("ListHolds")
        after = UUID(request.after) if request.after else UUID(int=0)
        later = [self.holds[order_id] for order_id in sorted(self.holds) if order_id > after]
        if self.arriving:
            self.holds.update([self.arriving.popitem()])
        return messages.ListHoldsResponse(holds=later[: request.limit])

    @classmethod
    def hold(cls, order_id: UUID, customer_id: UUID, amount: int, status: str) -> None:
        cls.holds[order_id] = messages.Hold(
            order_id=str(order_id), customer_id=str(customer_id), currency="EUR", amount=amount, status=status
        )
