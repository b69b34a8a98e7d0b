"""A real gateway worker in a process of its own, with two services behind it that do as they are told."""

import os
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from ficus.testing import tokens
from ficus.testing.processes import free_ports
from tests.gateway.wire.client import Answer, Client
from tests.gateway.wire.service import FakeService
from tests.gateway.wire.waiting import PATIENCE_SECONDS

WORKER = "gateway.data.worker.GatewayWorker"
ROOT = Path(__file__).resolve().parents[3]
GUNICORN = (sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", "--worker-class", WORKER)
START_SECONDS = 90
NO_REDIS = "redis://127.0.0.1:1/0"  # a test that names none must not meet that of a system that runs on this machine
# A gateway that many tests share must not leave a service alone since one of them had it fail.
PATIENT = """
from django.utils import timezone
from gateway.control import upstreams
from gateway.control.models import Service
from gateway.data.operations import Action
for service in Service.objects.values_list("name", flat=True):
    upstreams.order(service, Action.FORCE_CLOSE, by="tests", reason="Shared by many", at=timezone.now())
"""
# One route that lets through more than the sockets' buffers on the way can hold, and those of long answers and tunnels.
UPLOADS = """
from gateway.control.models import Route, Service
def route(path, access="public", **more):
    service = Service.objects.get(name="orders")
    Route.objects.create(name=path[1:], path=path, service=service, access=access, **more)
websocket = {"websocket": {"origins": ["https://app.test"]}}
route("/uploads", body_limit=64 << 20, timeout_ms=30_000)
route("/patient", timeout_ms=30_000)
route("/live", policies=websocket)
route("/live-alone", policies={**websocket, "concurrency": {"most": 1, "by": "route"}})
route("/own", "signed in", policies=websocket)
route("/brief", policies={"websocket": {"idle_seconds": 1, "lifetime_seconds": 3}, "stream": {"idle_seconds": 3}})
route("/events", policies={"stream": {"idle_seconds": 600}})
"""


@dataclass
class Door:
    """
    A running gateway.

    :ivar environment: what it was started with, for commands that act on its database.
    """

    port: int
    process: subprocess.Popen[bytes]
    environment: dict[str, str]
    log: Path

    def connect(self) -> Client:
        return Client(self.port)

    def ask(self, method: str, target: str, *fields: str, body: bytes = b"") -> Answer:
        """Ask once over a connection of its own."""
        with self.connect() as client:
            return client.ask(method, target, *fields, body=body)

    def counted(self, name: str) -> dict[str, float]:
        """Return the samples of that name at /metrics, by their labels as they are written."""
        lines = self.ask("GET", "/metrics").body.decode().splitlines()
        pairs = [line.removeprefix(name).rpartition(" ") for line in lines if re.match(rf"{name}[ {{]", line)]
        return {labels: float(number) for labels, _, number in pairs}

    def manage(self, *arguments: str) -> str:
        """Run a management command on its database."""
        command = [sys.executable, str(ROOT / "manage.py"), "gateway", *arguments]
        return subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True).stdout

    @property
    def worker(self) -> int:
        """The process id of its one worker."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[-1])


@contextmanager
def running_door(
    state: Path,
    users: FakeService,
    orders: FakeService,
    *,
    setup: str = UPLOADS,
    script: str = "",
    scheme: str = "http",
    **more: str,
) -> Iterator[Door]:
    """
    Start a gateway with a database of its own and ``more`` in its environment, and stop it afterwards.

    :param setup: Python that is run on the database first.
    :param script: more of it.
    """
    port = free_ports(1)[0]
    inherited = {name: value for name, value in os.environ.items() if not name.endswith("_DATABASE_URL")}
    environment = (
        {"REDIS_URL": NO_REDIS}
        | inherited
        | {
            "FICUS_ENV": "development",
            "FICUS_STATE": str(state),
            "GATEWAY_PORT": str(port),
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "ALLOWED_HOSTS": "127.0.0.1,ficus.test",
            "USERS_URL": users.url,
            "ORDERS_URL": orders.url,
            "LOG_JSON": "true",
            **more,
        }
    )
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    migrate = [sys.executable, str(ROOT / "manage.py"), "gateway", "migrate", "--verbosity=0"]
    subprocess.run(migrate, env=environment, check=True)
    prepare = [sys.executable, str(ROOT / "manage.py"), "gateway", "shell", "--verbosity=0", "-c", setup + script]
    subprocess.run(prepare, env=environment, check=True)
    log = state / "gateway.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [*GUNICORN, "--bind", f"127.0.0.1:{port}", "config.gateway.asgi"],
            cwd=ROOT,
            env=environment,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_ready(f"{scheme}://127.0.0.1:{port}/livez", log)
        yield Door(port, process, environment, log)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=PATIENCE_SECONDS)


def _wait_until_ready(url: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            with urlopen(url, timeout=1, context=ssl._create_unverified_context()):
                return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"the gateway does not start:\n{log.read_text()}")


@pytest.fixture(scope="session")
def _services() -> Iterator[tuple[FakeService, FakeService]]:
    with FakeService() as users, FakeService() as orders:
        yield users, orders


@pytest.fixture(scope="session")
def _door(tmp_path_factory: pytest.TempPathFactory, _services: tuple[FakeService, FakeService]) -> Iterator[Door]:
    with running_door(tmp_path_factory.mktemp("gateway"), *_services, script=PATIENT) as door:
        yield door


@pytest.fixture
def users(_services: tuple[FakeService, FakeService]) -> FakeService:
    _services[0].forget()
    return _services[0]


@pytest.fixture
def orders(_services: tuple[FakeService, FakeService]) -> FakeService:
    _services[1].forget()
    return _services[1]


@pytest.fixture
def door(_door: Door, users: FakeService, orders: FakeService) -> Door:
    return _door


@pytest.fixture(autouse=True)
def _issuer(_door: Door, settings: Any) -> None:
    """Let test tokens name the issuer that the running gateway believes."""
    settings.TOKENS = {**settings.TOKENS, "ISSUER": _door.environment["PUBLIC_URL"]}


def bearer(**person: Any) -> str:
    """Return the header field of a request by that person."""
    return f"Authorization: Bearer {tokens.token(**person)}"
