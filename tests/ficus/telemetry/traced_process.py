"""A process like two services: a view asks over gRPC, and what it announces is handled. Run by a test."""

import sys
from typing import Any

from ficus.telemetry import tracing

tracing.start()

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import path  # noqa: E402

from contracts.users.v1.users_pb2 import GetCreditRequest  # noqa: E402
from contracts.users.v1.users_pb2_grpc import UsersStub  # noqa: E402
from ficus.rpc.client import client  # noqa: E402
from ficus.rpc.server import Server  # noqa: E402


def place(request: HttpRequest) -> HttpResponse:
    client("users", UsersStub).GetCredit(GetCreditRequest(customer_id="rich"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse(tracing.current_traceparent())


FRONT_DOOR = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
STRANGER = "00-11111111111111111111111111111111-2222222222222222-01"
WATCHED = ("livez", ".well-known/revocations.json")
urlpatterns: list[Any] = [path("place", place), *(path(each, lambda request: HttpResponse()) for each in WATCHED)]


def main() -> None:
    settings.ROOT_URLCONF = __name__
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.RPC = {"UPSTREAMS": {}, "SERVICERS": ["tests.ficus.rpc.servicers.Accounts"]}
    server = Server()
    settings.RPC["UPSTREAMS"]["users"] = f"127.0.0.1:{server.start('127.0.0.1:0')}"

    for each in WATCHED:
        Client().get(f"/{each}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 2")
    traceparent = Client().get("/place").content.decode()
    tracing.report("GET orders", FRONT_DOOR, seconds=0.25, caller=STRANGER, **{"http.response.status_code": 201})
    Client().get("/place", headers={"traceparent": FRONT_DOOR})
    with tracing.continued(traceparent, "users receives orders.order_placed"):
        print(tracing.current_traceparent())
    works: list[tuple[str, str, dict[str, Any]]] = [
        (traceparent, "orders receives one", {"event_id": "1"}),
        (FRONT_DOOR, "orders receives another", {"event_id": "2"}),
    ]
    with tracing.continued_together(works) as followed:
        print(*followed)
    server.stop(grace_seconds=0)


if __name__ == "__main__":
    sys.modules["tests.ficus.telemetry.traced_process"] = sys.modules["__main__"]
    main()
