"""
Says by its exit code whether the container's process does its work. Runs beside it, every few seconds, so it is light.

A process with a port is asked through it. The others are well when they hold the connection they live by: a worker the
one on which Redis gives it work, the relay the one to its database.
"""

import os
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

ESTABLISHED = "01"
SECONDS = 3


def answers_http() -> bool:
    with urllib.request.urlopen("http://127.0.0.1:8000/readyz", timeout=SECONDS) as answer:
        return bool(answer.status == 200)


def answers_rpc() -> bool:
    import grpc
    from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
    from grpc_health.v1.health_pb2_grpc import HealthStub

    with grpc.insecure_channel("127.0.0.1:8011") as channel:
        answer = HealthStub(channel).Check(HealthCheckRequest(), timeout=SECONDS)
    return bool(answer.status == HealthCheckResponse.SERVING)


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
