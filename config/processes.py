"""Which processes each shape of the system has. Keeping them alive is ficus.supervisor's."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from config.addresses import ROOT, Addresses
from config.services import NAMES, SERVICES, Service
from ficus.supervisor.probes import Secure, accepts, answers
from ficus.supervisor.process import Process
from ficus.tls.following import client

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
    """A project for each service and one for the gateway, each with its own database; they speak gRPC and events."""
    return Shape(
        deployables=(*NAMES, "gateway"),
        issuer="users",
        processes=(
            *(process for name in NAMES for process in processes_of(name, at, workers)),
            gateway(at.gateway, {name: at.web(name) for name in NAMES}, _secure(at)),
        ),
        seeds=tuple(command(service.name, "seed", *wanted(service)) for service in SERVICES),
        audits=(command("users", "audit"), command("orders", "audit"), command("orders", "audit", "--across")),
    )


def monolith(at: Addresses, workers: Workers = one_each) -> Shape:
    """The same apps in one project with one database, behind the same gateway."""
    return Shape(
        deployables=("monolith", "gateway"),
        issuer="monolith",
        processes=(
            web("monolith", at.web("monolith"), _secure(at)),
            *workers_of("monolith", workers),
            relay("monolith"),
            gateway(at.gateway, dict.fromkeys(NAMES, at.web("monolith")), _secure(at)),
        ),
        seeds=(command("monolith", "seed", *(word for service in SERVICES for word in wanted(service))),),
        audits=(command("monolith", "audit", "--across"),),
    )


SHAPES: dict[str, Callable[[Addresses, Workers], Shape]] = {"services": services, "monolith": monolith}


def processes_of(name: str, at: Addresses, workers: Workers) -> tuple[Process, ...]:
    """All processes of a service."""
    secure = _secure(at)
    servers = web(name, at.web(name), secure), rpc(name, at.rpc(name), secure)
    return (*servers, *workers_of(name, workers), relay(name))


def wanted(service: Service) -> tuple[str, str]:
    """The words by which a command is told how much of a service's to make."""
    what, how_many = service.seeds
    return f"--{what}", str(how_many)


def web(service: str, address: str, secure: Secure | None = None) -> Process:
    """The HTTP server of a service."""
    return Process(
        f"{service}-web",
        [*GUNICORN, "--bind", address, f"config.{service}.wsgi"],
        ready=answers(address, "/readyz", secure),
        listens=[address],
    )


def rpc(service: str, address: str, secure: Secure | None = None) -> Process:
    """The gRPC server of a service."""
    return Process(
        f"{service}-rpc",
        [*MANAGE, service, "serve_rpc", "--bind", address],
        ready=accepts(address, secure),
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


def gateway(address: str, behind: Mapping[str, str], secure: Secure | None = None) -> Process:
    """
    The front door.

    :param behind: the address of each service.
    """
    scheme = "http" if secure is None else "https"
    return Process(
        "gateway",
        [*GUNICORN, "--worker-class", "gateway.data.worker.GatewayWorker", "--bind", address, "config.gateway.asgi"],
        environment={f"{name.upper()}_URL": f"{scheme}://{at}" for name, at in behind.items()},
        ready=answers(address, "/readyz", secure),
        listens=[address],
    )


def _secure(at: Addresses) -> Secure | None:
    """Return by which TLS the processes are asked whether they are ready; None without."""
    return None if at.asking_as is None else client(at.asking_as).get
