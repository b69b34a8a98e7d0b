"""The engines, each started with the one table that all areas make up."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ficus.testing.processes import free_ports
from gateway.control.compiling import compile_document
from gateway.rendering.engines import RENDERERS
from gateway.rendering.plan import Plan
from tests.gateway.behaviour.areas import AREAS
from tests.gateway.behaviour.services import Services
from tests.gateway.wire.conftest import PATIENT, running_door

ISSUER = "http://ficus.test"
TRUSTED = "127.0.0.2"  # a client from there is a proxy that is believed
START_SECONDS = 60
APPLY = """
import json
from pathlib import Path
from django.utils import timezone
from gateway.control import services
services.apply(json.loads(Path({file!r}).read_text()), by="test", reason="test", at=timezone.now())
"""
NGINX = """
daemon off;
master_process off;
worker_processes 1;
pid {state}/nginx.pid;
error_log {state}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {state}/body;
    proxy_temp_path {state}/proxy;
    fastcgi_temp_path {state}/fastcgi;
    uwsgi_temp_path {state}/uwsgi;
    scgi_temp_path {state}/scgi;
    include {state}/table.conf;
}}
"""


def table(services: Services) -> dict[str, Any]:
    """Return the table of all areas."""
    routes = {name: route for area in AREAS for name, route in area.table().items()}
    return {"services": services.table(), "routes": routes}


def plan(services: Services, port: int) -> Plan:
    compiled = compile_document(table(services)).table(1)
    return Plan(
        routes=compiled.routes,
        services=compiled.services,
        terms=compiled.terms,
        version=1,
        port=port,
        trusted_hops=(f"{TRUSTED}/32",),
        issuer=ISSUER,
        audience="ficus",
        keys_url=f"{services['users'].url}/.well-known/jwks.json",
    )


def find(engine: str) -> str:
    """Return the engine's program, or nothing if this machine has none."""
    beside = Path(sys.executable).parent / engine
    return (
        str(beside) if beside.exists() else shutil.which(engine, path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""
    )


@contextmanager
def ficus(state: Path, services: Services) -> Iterator[int]:
    import json

    file = state / "table.json"
    file.write_text(json.dumps(table(services)))
    more = {
        "PUBLIC_URL": ISSUER,
        "GATEWAY_TRUSTED_HOPS": f"{TRUSTED}/32",
        "LOG_LEVEL": "WARNING",
        "ALLOWED_HOSTS": "127.0.0.1,.test",
    }
    with running_door(
        state, services["users"], services["orders"], setup=APPLY.format(file=str(file)), script=PATIENT, **more
    ) as door:
        yield door.port


@contextmanager
def nginx(state: Path, services: Services) -> Iterator[int]:
    [port] = free_ports(1)
    (state / "table.conf").write_text(RENDERERS["nginx"](plan(services, port)).text)
    (state / "nginx.conf").write_text(NGINX.format(state=state))
    command = [find("nginx"), "-p", str(state), "-e", str(state / "error.log"), "-c", str(state / "nginx.conf")]
    with _running(command, port, state):
        yield port


@contextmanager
def envoy(state: Path, services: Services) -> Iterator[int]:
    [port] = free_ports(1)
    (state / "table.yaml").write_text(RENDERERS["envoy"](plan(services, port)).text)
    command = [find("envoy"), "-c", str(state / "table.yaml"), "--concurrency", "1", "--disable-hot-restart"]
    with _running([*command, "--log-level", "warn"], port, state):
        yield port


ENGINES: dict[str, Callable[[Path, Services], Any]] = {"ficus": ficus, "nginx": nginx, "envoy": envoy}


@contextmanager
def _running(command: list[str], port: int, state: Path) -> Iterator[None]:
    log = state / "output.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT)
    try:
        _wait_until_it_listens(port, process, log)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_listens(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"{command_of(process)} does not start:\n{log.read_text()}")


def command_of(process: subprocess.Popen[bytes]) -> str:
    return str(process.args)
