"""One gateway before services that fail, are slow or are gone, and what they do when they are asked."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from ficus.testing.processes import free_ports
from tests.gateway.wire.client import Answer
from tests.gateway.wire.conftest import Door, running_door
from tests.gateway.wire.service import Asked, Connection, FakeService, answer, echo, read_body
from tests.gateway.wire.waiting import until

IN_FLIGHT_LIMIT = 40
APPLY = """
import json
from django.utils import timezone
from gateway.control import document, services
table, more = document.current(), json.loads({more!r})
for section in table:
    table[section] |= more[section]
services.apply(table, by="tests", reason="Services that fail", at=timezone.now())
"""
STATUSES = (502, 503, 504)  # that another try may follow
PLAIN = (
    *(f"says-{status}" for status in STATUSES),
    "broken",
    "gone",
    "hurried",
    "late",
    "many",
    "ordered",
    "fixed",
    "composed",
    "single",
)
PAIRS = ("pair", "ejected", "writes")


@dataclass
class Scene:
    """A gateway, and the services behind it by name; a pair is two instances of one service."""

    door: Door
    services: dict[str, FakeService]

    def ask(self, method: str, target: str, *fields: str, body: bytes = b"") -> Answer:
        return self.door.ask(method, target, *fields, body=body)

    def comes_to_count(self, name: str, labels: str, least: float = 1) -> bool:
        """Wait until so much has been counted, by the labels as /metrics writes them."""
        until(lambda: self.door.counted(name).get(f"{{{labels}}}", 0) >= least)
        return True


@pytest.fixture(scope="package")
def _scene(tmp_path_factory: pytest.TempPathFactory, _services: tuple[FakeService, FakeService]) -> Iterator[Scene]:
    names = [*PLAIN, *(f"{name}-{number}" for name in (*PAIRS, "half") for number in (1, 2)), "narrow"]
    made = {name: FakeService().__enter__() for name in names}
    [dead] = free_ports(1)
    nobody = f"http://127.0.0.1:{dead}"
    instances = {name: [made[name].url] for name in (*PLAIN, "narrow")}
    instances |= {name: [made[f"{name}-1"].url, made[f"{name}-2"].url] for name in PAIRS}
    instances |= {"gone": [nobody], "half": [nobody, made["half-1"].url]}
    more = {"services": {name: _service(name, urls) for name, urls in instances.items()}}
    more["routes"] = {name: _route(name) for name in instances}
    script = APPLY.format(more=json.dumps(more))
    state = tmp_path_factory.mktemp("resilience")
    with running_door(state, *_services, script=script, GATEWAY_IN_FLIGHT_LIMIT=str(IN_FLIGHT_LIMIT)) as door:
        yield Scene(door, made)
    for service in made.values():
        service.stop()


def _service(name: str, urls: list[str]) -> dict[str, Any]:
    terms = {"narrow": {"in_flight": 2, "waiting": 20}}.get(name, {})
    return {"instances": [{"address": url} for url in urls], "terms": terms}


def _route(name: str) -> dict[str, Any]:
    policies: dict[str, Any] = {
        "writes": {"retry": {"unsafe": True}},
        "single": {"retry": {"attempts": 1}},
        "fixed": {"fallback": {"body": "[]"}},
        "composed": {"fallback": {"parts": {"user": "users /users/me", "stock": "gone /stock"}, "body": "none"}},
    }
    timeout = {"late": 1500}.get(name, 30_000)
    return {
        "service": name,
        "path": f"/{name}",
        "access": "public",
        "timeout_ms": timeout,
        "policies": policies.get(name, {}),
    }


@pytest.fixture
def scene(_scene: Scene, users: FakeService) -> Iterator[Scene]:
    yield _scene
    for service in _scene.services.values():
        service.forget()


def times(number: int, first: Callable[[Connection, Asked], None]) -> Callable[[Connection, Asked], None]:
    """Return a script that does ``first`` so many times, and then answers as usual."""
    left = [number]

    def script(connection: Connection, asked: Asked) -> None:
        left[0] -= 1
        (first if left[0] >= 0 else echo)(connection, asked)

    return script


def says(status: int, *fields: str) -> Callable[[Connection, Asked], None]:
    def script(connection: Connection, asked: Asked) -> None:
        read_body(connection, asked)
        connection.send(answer(status, b"no", *fields))

    return script


def hang_up(connection: Connection, asked: Asked) -> None:
    """Read the request whole and close without a word."""
    read_body(connection, asked)
    connection.close()


def never(connection: Connection, asked: Asked) -> None:
    read_body(connection, asked)
    connection.wait_until_closed()
