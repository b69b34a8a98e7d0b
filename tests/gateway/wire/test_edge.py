"""Answers at the edge as clients see them: to browsers of other origins, with what they are to refuse, compressed."""

import gzip
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from backports import zstd

from tests.gateway.wire.conftest import Door
from tests.gateway.wire.service import Asked, Connection, FakeService, answer
from tests.gateway.wire.tables import with_routes

SHOP = "Origin: https://shop.test"
ROUTES: dict[str, Any] = {
    "cors": {
        "service": "orders",
        "path": "/cors",
        "methods": ["GET", "PUT"],
        "policies": {"cors": {"origins": ["https://shop.test"], "exposed": ["ETag"]}, "security_headers": {}},
    },
    "packed": {"service": "orders", "path": "/packed", "access": "public", "policies": {"compress": {}}},
}
TEXT = json.dumps([f"line {number}" for number in range(500)]).encode()
JSON = "Content-Type: application/json"


@pytest.fixture(scope="module", autouse=True)
def _routes(_door: Door, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with with_routes(_door, tmp_path_factory.mktemp("tables"), ROUTES, "/packed"):
        yield


@pytest.fixture(autouse=True)
def _begun(orders: FakeService) -> None:
    orders.asked.clear()


class TestOtherOrigins:
    def test_have_preflight_requests_answered_without_asking_the_service(self, door: Door, orders: FakeService) -> None:
        with door.connect() as client:
            answered = client.ask("OPTIONS", "/cors/1", SHOP, "Access-Control-Request-Method: PUT")
            refused = client.ask("OPTIONS", "/cors/1", SHOP, "Access-Control-Request-Method: DELETE")
            other = client.ask("OPTIONS", "/cors/1", "Origin: https://evil.test", "Access-Control-Request-Method: PUT")

        assert (answered.status, answered.body) == (204, b"")
        assert answered.header("content-length") is None
        assert answered.header("access-control-allow-methods") == "GET, PUT"
        assert answered.header("access-control-allow-origin") == "https://shop.test"
        assert refused.status == 405
        assert (other.status, other.json["code"]) == (403, "cross_origin")
        assert other.header("access-control-allow-origin") is None
        assert orders.asked == []

    def test_may_read_a_refusal_too(self, door: Door) -> None:
        answered = door.ask("GET", "/cors/1", SHOP)

        assert (answered.status, answered.json["code"]) == (401, "unauthorized")
        assert answered.header("access-control-allow-origin") == "https://shop.test"
        assert answered.header("access-control-expose-headers") == "ETag"
        assert answered.header("vary") == "Origin"
        assert answered.header("x-content-type-options") == "nosniff"
        assert answered.header("strict-transport-security") is None

    def test_are_no_matter_on_routes_without_the_policy(self, door: Door, orders: FakeService) -> None:
        answered = door.ask("OPTIONS", "/products", SHOP, "Access-Control-Request-Method: GET")

        assert answered.header("access-control-allow-origin") is None
        assert [asked.method for asked in orders.asked] == ["OPTIONS"]


class TestCompression:
    def test_unpacks_to_what_the_service_said(self, door: Door, orders: FakeService) -> None:
        orders.says("/packed/a", answer(200, TEXT, JSON, 'ETag: "a"'))

        with door.connect() as client:
            plain = client.ask("GET", "/packed/a")
            packed = client.ask("GET", "/packed/a", "Accept-Encoding: gzip;q=0.5, br")
            smaller = client.ask("GET", "/packed/a", "Accept-Encoding: gzip, zstd")
            head = client.ask("HEAD", "/packed/a", "Accept-Encoding: gzip")

        assert (plain.body, plain.header("etag"), plain.header("vary")) == (TEXT, '"a"', "Accept-Encoding")
        assert gzip.decompress(packed.body) == TEXT
        assert packed.header("content-encoding") == "gzip"
        assert packed.header("etag") == 'W/"a"'
        assert packed.header("vary") == "Accept-Encoding"
        assert packed.header("transfer-encoding") == "chunked"
        assert zstd.decompress(smaller.body) == TEXT
        assert (head.header("content-encoding"), head.header("content-length")) == ("gzip", None)

    def test_ends_with_the_connection_for_old_clients(self, door: Door, orders: FakeService) -> None:
        orders.says("/packed/old", answer(200, TEXT, JSON))

        with door.connect() as client:
            client.send(b"GET /packed/old HTTP/1.0\r\nHost: ficus.test\r\nAccept-Encoding: gzip\r\n\r\n")
            head, _, body = client.read_to_end().partition(b"\r\n\r\n")

        assert b"\r\ntransfer-encoding" not in head
        assert b"\r\ncontent-length" not in head
        assert gzip.decompress(body) == TEXT

    def test_passes_a_stream_on_as_it_comes(self, door: Door, orders: FakeService) -> None:
        seen = threading.Event()

        def stream(connection: Connection, asked: Asked) -> None:
            connection.send(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/x+json\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
            connection.send(b"8\r\n[1, 2, 3\r\n")
            assert seen.wait(30)
            connection.send(b"1\r\n]\r\n0\r\n\r\n")

        orders.on("/packed/stream", stream)
        with door.connect() as client:
            client.send(b"GET /packed/stream HTTP/1.1\r\nHost: ficus.test\r\nAccept-Encoding: zstd\r\n\r\n")
            client.head()
            unpacker, text = zstd.ZstdDecompressor(), b""
            while text != b"[1, 2, 3":
                size = int(client.read_until(b"\r\n"), 16)
                text += unpacker.decompress(client.read(size))
                client.read(2)
            seen.set()
            while size := int(client.read_until(b"\r\n"), 16):
                text += unpacker.decompress(client.read(size))
                client.read(2)

        assert text == b"[1, 2, 3]"

    def test_of_a_large_body_is_whole(self, door: Door, orders: FakeService) -> None:
        body = TEXT * 400

        orders.says("/packed/large", answer(200, body, JSON))

        assert gzip.decompress(door.ask("GET", "/packed/large", "Accept-Encoding: gzip").body) == body

    def test_leaves_what_is_encoded_already_and_what_is_small(self, door: Door, orders: FakeService) -> None:
        orders.says("/packed/br", answer(200, TEXT, JSON, "Content-Encoding: br"))
        orders.says("/packed/small", answer(200, b"[]", JSON))

        assert door.ask("GET", "/packed/br", "Accept-Encoding: gzip").body == TEXT
        assert door.ask("GET", "/packed/small", "Accept-Encoding: gzip").body == b"[]"
