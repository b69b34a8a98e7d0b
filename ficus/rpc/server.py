"""Serves this process's servicers on a pool of threads until it is told to stop."""

import logging
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from ficus.rpc import security
from ficus.rpc.interceptors import Surround
from ficus.rpc.servicers import servicers
from ficus.tls.files import BadCertificates

logger = logging.getLogger(__name__)
THREADS = 8
GRACE_SECONDS = 20.0
OPTIONS = (
    # A port that is taken is an error, not a port that is shared.
    ("grpc.so_reuseport", 0),
    # Clients come back after a while and so find new instances.
    ("grpc.max_connection_age_ms", 300_000),
    ("grpc.max_connection_age_grace_ms", 30_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
)


class CannotListen(Exception):
    """The address is taken, or is none of this machine's; or there is nothing to show by TLS."""


class Server:
    """This process's gRPC server: the servicers of ``settings.RPC``, the standard health service, and reflection."""

    def __init__(self, *, threads: int = THREADS) -> None:
        pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="rpc")
        self._server = grpc.server(pool, interceptors=[Surround()], options=OPTIONS)
        self._health = health.HealthServicer()
        self.services = [_add(servicer, self._server) for servicer in servicers()]
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflected = (*self.services, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(reflected, self._server)

    def start(self, bind: str) -> int:
        """
        Listen on ``host:port`` and return the port, which gRPC chooses if it is 0.

        :raises CannotListen: if the address cannot be had, or the certificates cannot be used.
        """
        try:
            shown = security.credentials()
            port: int = (
                self._server.add_insecure_port(bind) if shown is None else self._server.add_secure_port(bind, shown)
            )
        except BadCertificates as error:
            raise CannotListen(f"{bind}: the certificates cannot be used: {error}") from None
        except RuntimeError:
            raise CannotListen(f"{bind}: the address is taken or not this machine's") from None
        self._server.start()
        for name in ("", *self.services):
            self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        return port

    def stop(self, grace_seconds: float = GRACE_SECONDS) -> None:
        """Tell health watchers, take no more calls, and return when those that run have ended."""
        self._health.enter_graceful_shutdown()
        self._server.stop(grace_seconds).wait()


def serve(bind: str) -> None:
    """Serve on ``host:port`` until SIGTERM or SIGINT, then finish the calls that run."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    server = Server()
    server.start(bind)
    logger.info("gRPC listens on %s: %s", bind, ", ".join(server.services))
    told.wait()
    server.stop()


def _add(servicer: Any, server: Any) -> str:
    servicer.add_to_server(servicer, server)
    name: str = servicer.service_name
    return name
