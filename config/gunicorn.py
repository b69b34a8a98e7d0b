"""How gunicorn serves every HTTP process; application, address and special workers come by the command line."""

import os
import sys
from datetime import UTC, datetime

from gunicorn import glogging
from gunicorn.arbiter import Arbiter
from gunicorn.config import Config
from gunicorn.workers.base import Worker

from config.addresses import ROOT, own_identity
from config.log import log_options
from config.tls import front_door
from ficus.configuration import following
from ficus.configuration.environment import Environment
from ficus.discovery import serving
from ficus.supervisor.lifeline import die_with_parent
from ficus.telemetry import metric_files
from ficus.telemetry.logs import formatter
from ficus.tls.accepting import doors
from ficus.tls.files import BadCertificates
from ficus.tls.identity import server_context

metric_files.prepare()
since = datetime.now(UTC)  # of this server, whose workers come and go

bind = "127.0.0.1:8000"  # whatever PORT says: to be heard elsewhere takes a --bind
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "1"))
threads = int(os.environ.get("WEB_THREADS", "16"))
timeout = 60
graceful_timeout = 20  # seconds; the whole stop has to fit into the 25 that an orchestrator grants
keepalive = 75  # seconds; longer than the gateway keeps an idle connection, so that it is never the one surprised
# Bytes; the gateway lets through targets of 4096 and heads of 16384, and what it lets through a service must take.
limit_request_line = 8190
limit_request_field_size = 16384
control_socket_disable = True  # it wants a writable home, which a container does not have


def service_of(cfg: Config) -> str:
    """Return which service is served, ``config.<service>.wsgi``."""
    return str(cfg.default_proc_name).split(".")[1]


class Logger(glogging.Logger):  # type: ignore[misc]
    """Writes gunicorn's own lines as the service that it serves, ``config.<service>.wsgi``, writes its."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        service = service_of(cfg)
        for handler in (*self.error_log.handlers, *self.access_log.handlers):
            handler.setFormatter(formatter(**log_options(Environment(ROOT), service)))


logger_class = Logger


def on_starting(server: Arbiter) -> None:
    """End here, by 2, where nobody could connect; later on the last good certificates serve."""
    try:
        _look_at_front_door(server)
    except BadCertificates as error:
        server.log.error("the gateway cannot speak TLS (GATEWAY_TLS_CERTIFICATES): %s", error)
        sys.exit(2)
    try:
        on_reload(server)
    except BadCertificates as error:
        server.log.error("%s cannot speak TLS: %s", service_of(server.cfg), error)
        sys.exit(2)


def on_reload(server: Arbiter) -> None:
    """Have a service speak TLS, with those alone who show who they are; the gateway's worker sees to its own."""
    identity = own_identity(Environment(ROOT), service_of(server.cfg))
    if identity is None or service_of(server.cfg) == "gateway":
        return
    server_context(identity)
    server.cfg.set("certfile", identity.certificate)
    server.cfg.set("keyfile", identity.key)
    server.cfg.set("ssl_context", doors(identity))


def _look_at_front_door(server: Arbiter) -> None:
    if service_of(server.cfg) != "gateway":
        return
    from gateway.data.certificates import Files, loaded  # which the other services need not load

    env = Environment(ROOT)
    said = front_door(env, own_identity(env, "gateway"))
    loaded([Files(*pair.split(":")) for pair in said if pair.count(":") == 1])  # settings refuse any other


def post_fork(server: Arbiter, worker: Worker) -> None:
    """Leave no worker behind when the process that manages it is killed."""
    die_with_parent(worker.ppid)


def post_worker_init(worker: Worker) -> None:
    """Have the worker follow the configuration and know whose tokens to believe, and the registry where it serves."""
    from ficus.auth import verifier  # in the worker: the server itself checks no tokens

    following.start()
    serving.register(worker, since)
    verifier.prepare()


def worker_exit(server: Arbiter, worker: Worker) -> None:
    serving.leave()


def child_exit(server: Arbiter, worker: Worker) -> None:
    """Count a worker that has ended among the living no longer."""
    metric_files.forget(worker.pid)


def on_exit(server: Arbiter) -> None:
    metric_files.remove()
