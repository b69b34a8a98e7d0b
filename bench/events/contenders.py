"""Which processes each contender runs, beside its producer, in the project's one role or in the saga's two."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from bench.events.plan import ONE_WAY
from bench.events.servers import POSTGRESQL
from ficus.supervisor.probes import accepts
from ficus.supervisor.process import Process

DEFAULT, TUNED, OUTBOX, FICUS = "delay_default", "delay_tuned", "django_celery_outbox", "ficus"
CONTENDERS = (DEFAULT, TUNED, OUTBOX, FICUS)
TITLES = {
    DEFAULT: "task.delay(), defaults",
    TUNED: "task.delay(), tuned",
    OUTBOX: "django-celery-outbox",
    FICUS: "ficus",
}

_CELERY = (sys.executable, "-m", "celery", "--quiet", "-A")
_DJANGO = (sys.executable, "-m", "django")
_LEAN = ("--without-gossip", "--without-mingle", "--without-heartbeat")
_PROJECT = "bench.events.project.celery_app"


@dataclass(frozen=True, slots=True)
class Role:
    """
    One deployment of the scratch project.

    :ivar rpc: ``host:port`` at which it answers for its log; empty where nobody asks.
    """

    name: str
    rpc: str = ""


def roles(kind: str, ports: Sequence[int]) -> list[Role]:
    """Return who takes part; the first begins, and its producer does the business."""
    if kind == ONE_WAY:
        return [Role("shop")]
    return [Role(name, f"127.0.0.1:{port}") for name, port in zip(("orders", "users"), ports, strict=True)]


def refusal(contender: str, database: str) -> str:
    """Return why a contender does not run on a database, in its own words; empty if it does."""
    if contender == OUTBOX and database != POSTGRESQL:
        return "its relay refuses SQLite: it needs SELECT FOR UPDATE SKIP LOCKED"
    return ""


def processes(contender: str, role: Role) -> list[Process]:
    """Return what runs for one role, under names that begin with the part they play: ``worker-orders``."""
    found = [Process(f"worker-{role.name}", worker(contender))]
    if contender == OUTBOX:
        found.append(Process(f"relay-{role.name}", [*_DJANGO, "celery_outbox_relay"], ready=at_once))
    if contender == FICUS:
        found.append(Process(f"relay-{role.name}", [*_DJANGO, "relay"]))
        if role.rpc:
            serve = [*_DJANGO, "serve_rpc", "--bind", role.rpc]
            found.append(Process(f"rpc-{role.name}", serve, ready=accepts(role.rpc), listens=[role.rpc]))
    return found


def worker(contender: str) -> list[str]:
    if contender == DEFAULT:
        return [*_CELERY, _PROJECT, "worker"]
    return [*_CELERY, "ficus.events.worker" if contender == FICUS else _PROJECT, "worker", *_LEAN]


async def at_once() -> bool:
    """Count a process as ready that cannot say so; the warm-up shows whether it works."""
    return True
