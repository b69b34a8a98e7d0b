"""Rewriting, splitting and mirroring as clients and services see them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.wire.conftest import Door
from tests.gateway.wire.service import Asked, Connection, FakeService, answer, read_body
from tests.gateway.wire.waiting import until

ROUTES: dict[str, Any] = {
    "shop": {"service": "orders", "path": "/shop", "access": "public", "policies": {"rewrite": {"prefix": "/v2"}}},
    "items": {
        "service": "orders",
        "path": "/items",
        "match": "pattern",
        "pattern": "/[0-9]+",
        "access": "public",
        "policies": {"rewrite": {"pattern": "^/items/([0-9]+)$", "to": "/goods/\\1/item"}},
    },
    "header": {
        "service": "users",
        "path": "/shop",
        "access": "public",
        "headers": {"X-Canary": "yes"},
        "policies": {},
    },
    "split": {
        "service": "orders",
        "path": "/split",
        "access": "public",
        "policies": {"split": {"weights": {"users": 1}}},
    },
    "mirrored": {
        "service": "orders",
        "path": "/mirrored",
        "access": "public",
        "timeout_ms": 20_000,
        "policies": {"mirror": {"to": "users", "ignore_fields": ["at"], "ignore_headers": ["X-Node"]}},
    },
    "slow": {"service": "orders", "path": "/slow", "access": "public", "policies": {"mirror": {"to": "users"}}},
    "mirrored-posts": {
        "service": "orders",
        "path": "/mirrored/posts",
        "access": "public",
        "timeout_ms": 20_000,
        "policies": {"mirror": {"to": "users", "unsafe": True, "body_limit": 1000}},
    },
}
COUNTS = """
import json
from gateway.control.models import MirrorCount, MirrorDifference
print(json.dumps({
    "counts": {each.outcome: each.requests for each in MirrorCount.objects.filter(route="ROUTE")},
    "found": [[each.method, each.path, each.found] for each in MirrorDifference.objects.order_by("pk")],
}))
"""


@pytest.fixture(scope="module")
def _routes(_door: Door, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    usual, more = (tmp_path_factory.mktemp("tables") / name for name in ("usual.yaml", "more.yaml"))
    _door.manage("table", "export", str(usual))
    more.write_text(_with_routes(usual))
    _door.manage("table", "apply", str(more))
    until(lambda: _door.ask("GET", "/shop/x").status == 200)
    yield
    _door.manage("table", "apply", str(usual))
    until(lambda: _door.ask("GET", "/shop/x").status == 404)


@pytest.fixture(autouse=True)
def _begun(_routes: None, users: FakeService, orders: FakeService) -> None:
    users.asked.clear()
    orders.asked.clear()


def said(door: Door, route: str, requests: int) -> Any:
    """Return what the gateway has counted of mirroring on that route, once so many requests have been handed over."""

    def look() -> Any:
        return json.loads(door.manage("shell", "--verbosity=0", "-c", COUNTS.replace("ROUTE", route)))

    return until(look, lambda seen: sum(seen["counts"].values()) >= requests)


class TestRewriting:
    def test_sends_another_path_on_and_keeps_the_query(self, door: Door, orders: FakeService) -> None:
        assert door.ask("GET", "/shop/a%20b?x=1").json["target"] == "/v2/a%20b?x=1"
        assert door.ask("POST", "/items/7", body=b"new").json == {
            "method": "POST",
            "target": "/goods/7/item",
            "body": "new",
        }
        assert door.ask("GET", "/items/x").status == 404

    def test_is_asked_for_by_header_alone_where_a_route_says_so(self, door: Door, users: FakeService) -> None:
        assert door.ask("GET", "/shop/x", "X-Canary: yes").json["target"] == "/shop/x"
        assert [asked.target for asked in users.asked] == ["/shop/x"]


class TestSplitting:
    def test_asks_the_service_that_was_drawn(self, door: Door, users: FakeService, orders: FakeService) -> None:
        assert door.ask("GET", "/split/x").status == 200

        assert [asked.target for asked in users.asked] == ["/split/x"]
        assert orders.asked == []


class TestMirroring:
    def test_compares_the_answers_and_counts_what_came_of_it(
        self, door: Door, users: FakeService, orders: FakeService
    ) -> None:
        json_type = "Content-Type: application/json"
        orders.says("/mirrored/same", answer(200, b'{"a": 1, "at": 1}', json_type, "X-Node: 1"))
        users.says("/mirrored/same", answer(200, b'{"at": 2, "a":1}', json_type, "X-Node: 2"))
        orders.says("/mirrored/other", answer(200, b'{"a": 1}', json_type, "ETag: 1"))
        users.says("/mirrored/other", answer(404, b'{"a": 2}', json_type))

        assert door.ask("GET", "/mirrored/same").json == {"a": 1, "at": 1}
        assert door.ask("GET", "/mirrored/other", "Authorization: Bearer mine").json == {"a": 1}
        assert door.ask("POST", "/mirrored/once", body=b"x").status == 200
        until(lambda: len(users.asked) == 2)

        assert {asked.target for asked in users.asked} == {"/mirrored/same", "/mirrored/other"}
        assert all(asked.header("X-Ficus-Mirrored") == "true" for asked in users.asked)
        assert all(asked.header("X-Ficus-Mirrored") is None for asked in orders.asked)
        assert said(door, "mirrored", 2) == {
            "counts": {"same": 1, "different": 1},
            "found": [["GET", "/mirrored/other", ["status 200, 404", "header etag", "body a"]]],
        }

    def test_sends_unsafe_requests_twice_only_where_the_route_consents(
        self, door: Door, users: FakeService, orders: FakeService
    ) -> None:
        assert door.ask("POST", "/mirrored/posts", body=b"small").status == 200
        with door.connect() as client:
            client.send(b"POST /mirrored/posts HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            client.send(b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n")
            assert client.answer().json["body"] == "abcdef"
        assert door.ask("POST", "/mirrored/posts", body=b"x" * 1001).status == 200
        until(lambda: len(users.asked) == 2 and all(asked.body for asked in users.asked))

        assert {asked.body for asked in users.asked} == {b"small", b"abcdef"}
        assert said(door, "mirrored-posts", 3)["counts"] == {"same": 2, "request too large to mirror": 1}

    def test_neither_delays_nor_fails_the_client_s_answer(
        self, door: Door, users: FakeService, orders: FakeService, tmp_path: Path
    ) -> None:
        def never(connection: Connection, asked: Asked) -> None:
            read_body(connection, asked)
            connection.wait_until_closed()

        users.on("/slow", never)
        with door.connect() as client:
            statuses = [client.ask("GET", "/slow").status for _ in range(60)]

        assert statuses == [200] * 60
        counts = said(door, "slow", 60)["counts"]
        assert sum(counts.values()) == 60
        assert counts["no answer from the mirror"] >= 32
        assert set(counts) <= {"no answer from the mirror", "left out, too many at once"}


def _with_routes(usual: Path) -> str:
    import yaml

    table = yaml.safe_load(usual.read_text())
    table["routes"].update(ROUTES)
    return yaml.safe_dump(table)
