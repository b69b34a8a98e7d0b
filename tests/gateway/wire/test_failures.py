"""What a client sees of services that fail."""

import time

import pytest

from tests.gateway.wire.conftest import Door
from tests.gateway.wire.service import Asked, Connection, FakeService, answer, read_body
from tests.gateway.wire.waiting import PATIENCE_SECONDS


class TestServiceThatFails:
    def test_by_hanging_up_is_a_bad_gateway(self, door: Door, orders: FakeService) -> None:
        orders.on("/products", lambda connection, _: connection.close())

        with door.connect() as client:
            answered = client.ask("POST", "/products", body=b"x")
            following = client.ask("GET", "/products/next")

        assert (answered.status, answered.json["code"]) == (502, "bad_gateway")
        assert answered.header("content-type") == "application/problem+json"
        assert following.status == 200

    def test_by_answering_what_is_no_http_is_a_bad_gateway(self, door: Door, orders: FakeService) -> None:
        for nonsense in (
            b"hello\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nX: 1\r\n 2\r\n\r\n",
            b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000,
        ):
            orders.says("/products", nonsense)

            assert door.ask("GET", "/products").status == 502, nonsense[:40]

    def test_by_falling_silent_in_the_middle_is_broken_off(self, door: Door, orders: FakeService) -> None:
        def fall_silent(connection: Connection, asked: Asked) -> None:
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello")
            connection.wait_until_closed()

        orders.on("/products", fall_silent)
        began = time.monotonic()

        with door.connect() as client:
            client.send(b"GET /products HTTP/1.1\r\nHost: ficus.test\r\n\r\n")
            client.head()

            with pytest.raises(ConnectionError):
                client.read(9)
        assert 4.5 < time.monotonic() - began < PATIENCE_SECONDS

    def test_is_named_with_the_ids_of_the_request(self, door: Door, orders: FakeService) -> None:
        orders.on("/products", lambda connection, _: connection.close())

        answered = door.ask("POST", "/products", "X-Request-ID: mine", body=b"x")

        assert answered.header("x-request-id") == answered.json["request_id"] == "mine"
        assert len(answered.json["trace_id"]) == 32
        assert answered.json["instance"] == "/products"
        assert "orders" in answered.json["detail"]

    def test_with_a_status_of_its_own_is_passed_on(self, door: Door, orders: FakeService) -> None:
        def fail(connection: Connection, asked: Asked) -> None:
            read_body(connection, asked)
            connection.send(answer(500, b'{"status": 500}', "Content-Type: application/problem+json"))

        orders.on("/products", fail)

        assert door.ask("GET", "/products").json == {"status": 500}
