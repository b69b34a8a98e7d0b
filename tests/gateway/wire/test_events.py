"""Server-sent events go on for as long as anything of them comes, each at once; proves semantics, section 10."""

import signal
import threading
import time
from pathlib import Path

import pytest

from tests.gateway.wire.conftest import Door, running_door
from tests.gateway.wire.service import Asked, Connection, FakeService

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"
SECONDS = 60


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def ask(target: bytes) -> bytes:
    return b"GET %b HTTP/1.1\r\nHost: ficus.test\r\n\r\n" % target


class TestEvents:
    def test_are_passed_on_one_by_one(self, door: Door, orders: FakeService) -> None:
        seen = [threading.Event() for _ in range(5)]

        def tell(connection: Connection, asked: Asked) -> None:
            connection.send(HEAD)
            for number, each in enumerate(seen):
                connection.send(chunk(b"data: %d\n\n" % number))
                assert each.wait(SECONDS)
            connection.send(LAST)

        orders.on("/events", tell)

        with door.connect() as client:
            client.send(ask(b"/events"))
            client.head()
            for number, each in enumerate(seen):
                assert client.read_until(b"\r\n") == b"9"
                assert client.read_until(b"\r\n") == b"data: %d\n\n" % number
                each.set()
            assert client.read(5) == LAST

    def test_may_be_silent_for_longer_than_other_answers(self, door: Door, orders: FakeService) -> None:
        def tell(connection: Connection, asked: Asked) -> None:
            connection.send(HEAD + chunk(b"data: 1\n\n"))
            time.sleep(6)
            connection.send(chunk(b"data: 2\n\n") + LAST)

        orders.on("/events", tell)

        assert door.ask("GET", "/events").body == b"data: 1\n\ndata: 2\n\n"

    def test_live_on_comments(self, door: Door, orders: FakeService) -> None:
        def tell(connection: Connection, asked: Asked) -> None:
            connection.send(HEAD)
            for _ in range(9):
                connection.send(chunk(b":\n\n"))
                time.sleep(0.5)
            connection.send(chunk(b"data: 1\n\n") + LAST)

        orders.on("/brief", tell)

        assert door.ask("GET", "/brief").body == b":\n\n" * 9 + b"data: 1\n\n"

    def test_are_broken_off_after_the_routes_silence(self, door: Door, orders: FakeService) -> None:
        let_go = threading.Event()

        def tell(connection: Connection, asked: Asked) -> None:
            connection.send(HEAD + chunk(b"data: 1\n\n"))
            connection.wait_until_closed()
            let_go.set()

        orders.on("/brief", tell)

        with pytest.raises(ConnectionError):
            door.ask("GET", "/brief")
        assert let_go.wait(SECONDS)


class TestStoppingGateway:
    def test_ends_a_stream_of_events_so_that_its_client_asks_again(
        self, tmp_path: Path, users: FakeService, orders: FakeService
    ) -> None:
        def tell(connection: Connection, asked: Asked) -> None:
            connection.send(HEAD + chunk(b"data: 1\n\n"))
            connection.wait_until_closed()

        orders.on("/events", tell)

        with running_door(tmp_path, users, orders) as door, door.connect() as client:
            client.send(ask(b"/events"))
            client.head()
            client.read_until(b"data: 1\n\n\r\n")
            door.process.send_signal(signal.SIGTERM)
            end = client.read_to_end()
            code = door.process.wait(timeout=SECONDS)

        assert (end, code) == (LAST, 0)
