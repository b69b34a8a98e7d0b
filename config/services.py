"""The services that there are, each named once; where they listen and who hears whom follow from this."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Service:
    """
    One app that can be deployed by itself: ``apps/<name>``, with its settings in ``config/<name>``.

    :ivar port: where its HTTP server listens on this machine, unless ``<NAME>_PORT`` says otherwise.
    :ivar rpc_port: likewise its gRPC server and ``<NAME>_RPC_PORT``.
    :ivar seeds: what its command ``seed`` makes, and how many of them an empty system is filled with.
    :ivar scopes: what a token may be allowed here, as a person is asked for it.
    :ivar hears: the services whose events it follows.
    :ivar servicers: what it answers over gRPC, beside its event log.
    """

    name: str
    port: int
    rpc_port: int
    seeds: tuple[str, int]
    scopes: Mapping[str, str] = field(default_factory=dict)
    hears: tuple[str, ...] = ()
    servicers: tuple[str, ...] = ()


# In the order in which a system is filled: orders are for customers that users has.
SERVICES = (
    Service(
        "users",
        port=8001,
        rpc_port=8011,
        seeds=("customers", 50),
        scopes={
            "users:read": "See your account and your credit",
            "users:write": "Change your account",
        },
        hears=("orders",),
        servicers=("apps.users.rpc.UsersServicer",),
    ),
    Service(
        "orders",
        port=8002,
        rpc_port=8012,
        seeds=("orders", 200),
        scopes={
            "orders:read": "See your orders",
            "orders:write": "Place and cancel orders for you",
        },
        hears=("users",),
    ),
)
NAMES = tuple(service.name for service in SERVICES)
SCOPES = {scope: meaning for service in SERVICES for scope, meaning in service.scopes.items()}


def named(name: str) -> Service | None:
    """Return the service of that name; None for the gateway and the monolith."""
    return next((service for service in SERVICES if service.name == name), None)


def listeners_of(name: str) -> list[str]:
    """Return the services that follow the events of the one of that name."""
    return [service.name for service in SERVICES if name in service.hears]
