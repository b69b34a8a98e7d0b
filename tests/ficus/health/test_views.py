"""``/livez`` and ``/readyz``; semantics section 11."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.urls("ficus.health.urls")
NOBODY = "127.0.0.1:1"


@pytest.fixture
def redis_that_is_gone(settings: Any) -> None:
    settings.REDIS_URL = f"redis://{NOBODY}/0"


@pytest.fixture
def no_peers(settings: Any) -> None:
    settings.RPC = {**settings.RPC, "UPSTREAMS": {}}


@pytest.fixture
def peer() -> Iterator[str]:
    """The address of something that takes connections."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def database_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError
    from django.db.backends.base.base import BaseDatabaseWrapper

    def refuse(self: BaseDatabaseWrapper) -> None:
        raise OperationalError("connection to server at 10.0.0.7 failed: password=hunter2")

    monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", refuse)


class TestHealth:
    @pytest.mark.parametrize("path", ["/livez", "/readyz"])
    def test_is_there_to_be_read_alone(self, path: str) -> None:
        answer = Client(enforce_csrf_checks=True).post(path)

        assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")


class TestLive:
    @pytest.mark.parametrize("path", ["/livez", "/livez/"])
    def test_answers_without_touching_anything(self, client: Client, database_that_is_gone: None, path: str) -> None:
        answer = client.get(path)

        assert answer.status_code == 200
        assert answer["Content-Type"] == "application/health+json"
        assert answer["Cache-Control"] == "no-store"
        assert answer.json().keys() == {"status", "version", "serviceId", "time"}
        assert answer.json()["status"] == "pass"

    def test_is_read_only(self, client: Client) -> None:
        assert client.post("/livez").status_code == 405


@pytest.mark.django_db
class TestReady:
    @pytest.mark.parametrize("path", ["/readyz", "/readyz/"])
    def test_passes_when_everything_answers(
        self, client: Client, settings: Any, peer: str, path: str, redis_that_answers: str
    ) -> None:
        settings.REDIS_URL = redis_that_answers
        settings.RPC = {**settings.RPC, "UPSTREAMS": {"elsewhere": peer}}

        answer = client.get(path)

        assert answer.status_code == 200
        assert answer["Content-Type"] == "application/health+json"
        assert {name: checks[0]["status"] for name, checks in answer.json()["checks"].items()} == {
            "database": "pass",
            "redis": "pass",
            "configuration": "pass",
            "rpc:elsewhere": "pass",
        }

    def test_only_warns_when_redis_is_gone(self, client: Client, no_peers: None, redis_that_is_gone: None) -> None:
        answer = client.get("/readyz")

        assert answer.status_code == 200
        assert answer.json()["status"] == "warn"
        assert answer.json()["checks"]["redis"][0]["status"] == "warn"
        assert answer.json()["checks"]["redis"][0]["output"] == "Warning: no answer: ConnectionError"

    def test_only_warns_when_a_peer_is_gone(self, client: Client, settings: Any, redis_that_is_gone: None) -> None:
        settings.RPC = {**settings.RPC, "UPSTREAMS": {"elsewhere": NOBODY}}

        answer = client.get("/readyz")

        assert answer.status_code == 200
        assert answer.json()["checks"]["rpc:elsewhere"][0]["status"] == "warn"

    def test_asks_no_peer_in_its_own_process(self, client: Client, settings: Any, redis_that_is_gone: None) -> None:
        settings.RPC = {**settings.RPC, "UPSTREAMS": {"elsewhere": "local"}}

        assert client.get("/readyz").json()["checks"].keys() == {"database", "redis", "configuration"}

    def test_fails_when_its_database_is_gone_and_keeps_its_secrets(
        self, client: Client, no_peers: None, redis_that_is_gone: None, database_that_is_gone: None
    ) -> None:
        answer = client.get("/readyz")

        assert answer.status_code == 503
        assert answer.json()["status"] == "fail"
        assert answer.json()["checks"]["database"][0]["status"] == "fail"
        assert b"hunter2" not in answer.content
