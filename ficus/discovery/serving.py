"""Has a process that gunicorn serves registered for as long as it does, by ``settings.DISCOVERY``."""

import signal
import socket
from datetime import datetime
from types import FrameType
from typing import Any

from django.conf import settings
from gunicorn.workers.base import Worker

from ficus import service
from ficus.discovery.instance import Instance
from ficus.discovery.registrar import Registrar
from ficus.discovery.registry import registry_at

LEAVE_SECONDS = 1.0
WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 - looked for, not bound to

_registrar: Registrar | None = None


def register(worker: Worker, since: datetime) -> None:
    """
    Register where the worker's server listens, from its first worker on; each worker renews it, so that any may end.

    On SIGTERM it is deregistered at once, before what is under way has been answered.
    """
    global _registrar
    instances = _instances(worker, since)
    if not instances or not settings.DISCOVERY["URL"]:
        return
    _registrar = registrar = Registrar(registry_at(settings.DISCOVERY["URL"]), instances)
    before: Any = signal.getsignal(signal.SIGTERM)

    def leave(number: int, frame: FrameType | None) -> None:
        registrar.leave()
        before(number, frame)

    signal.signal(signal.SIGTERM, leave)
    signal.siginterrupt(signal.SIGTERM, False)  # as gunicorn has it
    registrar.start()


def leave() -> None:
    """Deregister, if that has not been done, and wait for it a moment; the worker is ending."""
    if _registrar is not None:
        _registrar.leave()
        _registrar.wait(LEAVE_SECONDS)


def _instances(worker: Worker, since: datetime) -> list[Instance]:
    """Return one instance for each name; none where it listens on no port."""
    bound = worker.sockets[0].getsockname()
    if not isinstance(bound, tuple):
        return []
    host = advertised(str(bound[0]))
    scheme = "https" if worker.cfg.is_ssl else "http"
    return [Instance(name, host, bound[1], scheme, service.version(), since) for name in settings.DISCOVERY["AS"]]


def advertised(bound: str) -> str:
    """Return the host under which others reach what is bound there: as settings say, or the machine's own address."""
    if settings.DISCOVERY["HOST"]:
        return str(settings.DISCOVERY["HOST"])
    return socket.gethostbyname(socket.gethostname()) if bound in WILDCARDS else bound
