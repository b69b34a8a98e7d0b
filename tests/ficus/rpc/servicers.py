"""Servicers that do what the customer's id says, so that a test can ask for any behaviour over a real socket."""

import itertools
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import grpc

from contracts.users.v1 import users_pb2 as users
from contracts.users.v1 import users_pb2_grpc as users_grpc
from ficus import context, deadline
from ficus.errors import Conflict, NotFound, Refused
from ficus.events.v1 import event_log_pb2 as events
from ficus.events.v1 import event_log_pb2_grpc as events_grpc


class CustomerNotFound(NotFound):
    code, title = "customer_not_found", "There is no such customer"


class CreditExceeded(Refused):
    code, title = "credit_exceeded", "The order is over the credit"


class IllegalMove(Conflict):
    code, title = "illegal_move", "Not in this state"


class Accounts(users_grpc.UsersServicer):
    service_name = "ficus.users.v1.Users"
    add_to_server = staticmethod(users_grpc.add_UsersServicer_to_server)
    asked: ClassVar[list[str]] = []
    go_on: ClassVar[threading.Event] = threading.Event()

    def GetCredit(self, request: Any, rpc: Any) -> Any:
        type(self).asked.append(request.customer_id)
        behaviour = getattr(self, request.customer_id.partition("-")[0])
        return users.Credit(customer_id=request.customer_id, **(behaviour(rpc) or {}))

    def rich(self, rpc: Any) -> dict[str, Any]:
        return {"currency": "EUR", "granted": 100_000, "available": 75_000, "held": 25_000}

    def missing(self, rpc: Any) -> None:
        raise CustomerNotFound("nobody by that name")

    def over(self, rpc: Any) -> None:
        raise CreditExceeded("asked for 700, has 500", available=500)

    def moved(self, rpc: Any) -> None:
        raise IllegalMove("already captured", present="captured")

    def broken(self, rpc: Any) -> None:
        raise ValueError("password=hunter2")

    def aborted(self, rpc: Any) -> None:
        rpc.abort(grpc.StatusCode.INVALID_ARGUMENT, "no such shape")

    def slow(self, rpc: Any) -> None:
        self.go_on.wait(30)

    def away(self, rpc: Any) -> None:
        rpc.abort(grpc.StatusCode.UNAVAILABLE, "not now")

    def flaky(self, rpc: Any) -> dict[str, Any]:
        if len(self.asked) < 3:
            rpc.abort(grpc.StatusCode.UNAVAILABLE, "not yet")
        return self.rich(rpc)

    def deadline(self, rpc: Any) -> dict[str, Any]:
        return {"available": round((deadline.remaining() or 0) * 1000)}

    def context(self, rpc: Any) -> dict[str, Any]:
        return {"currency": context.current().correlation_id}


class Log(events_grpc.EventLogServicer):
    service_name = "ficus.events.v1.EventLog"
    add_to_server = staticmethod(events_grpc.add_EventLogServicer_to_server)
    ended: ClassVar[list[str]] = []

    def Read(self, request: Any, rpc: Any) -> Iterator[Any]:
        positions = range(request.after, request.limit) if request.limit else itertools.count(request.after)
        try:
            for position in positions:
                if position == 13:
                    raise CustomerNotFound("an unlucky position")
                yield events.Batch(previous=position, events=[events.Recorded(position=position + 1)])
        finally:
            self.ended.append(context.current().correlation_id)
