"""A client that does not take its answer is closed, not waited for; proves semantics, section 10."""

import threading
import time

from tests.gateway.wire.conftest import Door
from tests.gateway.wire.service import Asked, Connection, FakeService
from tests.gateway.wire.waiting import PATIENCE_SECONDS

MEGABYTE = 1024 * 1024


class TestClientThatDoesNotRead:
    def test_is_closed_and_the_service_let_go(self, door: Door, orders: FakeService) -> None:
        let_go = threading.Event()

        def pour(connection: Connection, asked: Asked) -> None:
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (500 * MEGABYTE))
            try:
                while True:
                    connection.send(bytes(MEGABYTE))
            except OSError:
                let_go.set()

        orders.on("/products", pour)
        began = time.monotonic()

        with door.connect() as client:
            client.send(b"GET /products HTTP/1.1\r\nHost: ficus.test\r\n\r\n")

            assert let_go.wait(PATIENCE_SECONDS)
        assert 9 < time.monotonic() - began < PATIENCE_SECONDS
