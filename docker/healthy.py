"""
Says by its exit code whether the container's process does its work. Runs beside it, every few seconds, so it is light.

A process with a port is asked through it. The others are well when they hold the connection they live by: a worker the
one on which Redis gives it work, the relay the one to its database.
"""

import os
import ssl
import sys
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ESTABLISHED = "01"
SECONDS = 3


def answers_http() -> bool:
    context = own_tls()
    url = "http://127.0.0.1:8000/readyz" if context is None else "https://127.0.0.1:8000/readyz"
    with urllib.request.urlopen(url, timeout=SECONDS, context=context) as answer:  # noqa: S310 - one of two
        return bool(answer.status == 200)


def own_tls() -> ssl.SSLContext | None:
    """Return by what this container asks itself under FICUS_TLS=mutual, whoever answers on its own loopback."""
    if os.environ.get("FICUS_TLS") != "mutual":
        return None
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(os.environ["TLS_CERTIFICATE"], os.environ["TLS_KEY"])
    return context


def answers_rpc() -> bool:
    import grpc
    from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
    from grpc_health.v1.health_pb2_grpc import HealthStub

    with rpc_channel(grpc) as channel:
        answer = HealthStub(channel).Check(HealthCheckRequest(), timeout=SECONDS)
    return bool(answer.status == HealthCheckResponse.SERVING)


def rpc_channel(grpc: Any) -> Any:
    address, service = "127.0.0.1:8011", os.environ["SERVICE"]
    if own_tls() is None:
        return grpc.insecure_channel(address)
    ca, key, certificate = (Path(os.environ[name]).read_bytes() for name in ("TLS_CA", "TLS_KEY", "TLS_CERTIFICATE"))
    shown = grpc.ssl_channel_credentials(ca, key, certificate)
    return grpc.secure_channel(address, shown, options=[("grpc.ssl_target_name_override", service)])


def holds_connection_to(url: str, default_port: int) -> bool:
    """Return whether something in this container is connected to the port that ``url`` names (proc(5))."""
    port = urlsplit(url).port or default_port
    lines = [
        line.split() for table in ("tcp", "tcp6") for line in Path("/proc/net", table).read_text().splitlines()[1:]
    ]
    return any(line[3] == ESTABLISHED and int(line[2].rpartition(":")[2], 16) == port for line in lines)


def healthy(process: str, service: str) -> bool:
    match process:
        case "web":
            return answers_http()
        case "rpc":
            return answers_rpc()
        case "worker":
            return holds_connection_to(os.environ["REDIS_URL"], 6379)
        case "relay":
            return holds_connection_to(os.environ[f"{service.upper()}_DATABASE_URL"], 5432)
        case _:
            return True


if __name__ == "__main__":
    try:
        sys.exit(not healthy(os.environ["PROCESS"], os.environ["SERVICE"]))
    except Exception as error:  # whatever it is, the process did not answer
        sys.exit(f"{type(error).__name__}: {error}")
