"""Which processes each shape of the system has. Keeping them alive is ficus.supervisor's."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

from config.addresses import ROOT, Addresses
from ficus.supervisor.probes import accepts, answers
from ficus.supervisor.process import Process

MANAGE = (sys.executable, str(ROOT / "manage.py"))
GUNICORN = (sys.executable, "-m", "gunicorn", "--chdir", str(ROOT), "--config", str(ROOT / "config" / "gunicorn.py"))
CELERY = (sys.executable, "-m", "celery", "--quiet", "--app", "config.celery", "--workdir", str(ROOT))

# How many workers a deployable has.
Workers = Callable[[str], int]


def one_each(deployable: str) -> int:
    return 1


@dataclass(frozen=True)
class Shape:
    """
    One way to run the same apps.

    :ivar deployables: the settings that run, each with a database of its own.
    :ivar issuer: the deployable that signs tokens and needs a key for that.
    :ivar seeds: commands that fill an empty system with demo data, in this order, once the processes run.
    :ivar audits: commands that verify, between them, everything that is always true.
    """

    deployables: tuple[str, ...]
    issuer: str
    processes: tuple[Process, ...]
    seeds: tuple[Process, ...]
    audits: tuple[Process, ...]

    @property
    def key_maker(self) -> Process:
        """Return the command that makes the key unless there is one."""
        return command(self.issuer, "create_signing_key")


def command(deployable: str, *arguments: str) -> Process:
    """Describe a management command."""
    return Process(f"{deployable}-{arguments[0]}", [*MANAGE, deployable, *arguments])


def services(at: Addresses, workers: Workers = one_each) -> Shape:
    """Three projects, each with its own database; users and orders speak gRPC and events."""
    return Shape(
        deployables=("users", "orders", "gateway"),
        issuer="users",
        processes=(
            web("users", at.users),
            rpc("users", at.users_rpc),
            *workers_of("users", workers),
            relay("users"),
            web("orders", at.orders),
            rpc("orders", at.orders_rpc),
            *workers_of("orders", workers),
            relay("orders"),
            gateway(at.gateway, users=at.users, orders=at.orders),
        ),
        seeds=(command("users", "seed", "--customers", "50"), command("orders", "seed", "--orders", "200")),
        audits=(command("users", "audit"), command("orders", "audit"), command("orders", "audit", "--across")),
    )


def monolith(at: Addresses, workers: Workers = one_each) -> Shape:
    """The same apps in one project with one database, behind the same gateway."""
    return Shape(
        deployables=("monolith", "gateway"),
        issuer="monolith",
        processes=(
            web("monolith", at.monolith),
            *workers_of("monolith", workers),
            relay("monolith"),
            gateway(at.gateway, users=at.monolith, orders=at.monolith),
        ),
        seeds=(command("monolith", "seed", "--customers", "50", "--orders", "200"),),
        audits=(command("monolith", "audit", "--across"),),
    )


SHAPES: dict[str, Callable[[Addresses, Workers], Shape]] = {"services": services, "monolith": monolith}


def web(service: str, address: str) -> Process:
    """The HTTP server of a service."""
    return Process(
        f"{service}-web",
        [*GUNICORN, "--bind", address, f"config.{service}.wsgi"],
        ready=answers(address, "/readyz"),
        listens=[address],
    )


def rpc(service: str, address: str) -> Process:
    """The gRPC server of a service."""
    return Process(
        f"{service}-rpc",
        [*MANAGE, service, "serve_rpc", "--bind", address],
        ready=accepts(address),
        listens=[address],
    )


def workers_of(service: str, workers: Workers) -> list[Process]:
    """The workers of a service, as many as are asked for: ``users-worker``, ``users-worker-2`` and so on."""
    return [worker(service, number) for number in range(1, workers(service) + 1)]


def worker(service: str, number: int = 1) -> Process:
    """The Celery worker that receives what other services' relays push; several share the parts of what is pushed."""
    return Process(
        f"{service}-worker" if number == 1 else f"{service}-worker-{number}",
        [*CELERY, "worker", "--without-gossip", "--without-mingle", "--without-heartbeat"],
        environment={
            "DJANGO_SETTINGS_MODULE": f"config.{service}.settings",
            # Containers and CI have no other user; the worker loads JSON alone, which is what the warning is about.
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
        },
    )


def relay(service: str) -> Process:
    """The process that pushes the service's own log, pulls the others', and keeps the clock."""
    return Process(f"{service}-relay", [*MANAGE, service, "relay"])


def gateway(address: str, *, users: str, orders: str) -> Process:
    """The front door before the services at ``users`` and ``orders``."""
    return Process(
        "gateway",
        [*GUNICORN, "--worker-class", "gateway.data.worker.GatewayWorker", "--bind", address, "config.gateway.asgi"],
        environment={"USERS_URL": f"http://{users}", "ORDERS_URL": f"http://{orders}"},
        ready=answers(address, "/readyz"),
        listens=[address],
    )
