"""Bodies go through as they come, both ways, in bounded memory; proves semantics, section 10."""

import threading
import time
from pathlib import Path

import pytest

from tests.gateway.wire.conftest import Door
from tests.gateway.wire.service import Asked, Connection, FakeService, answer
from tests.gateway.wire.waiting import PATIENCE_SECONDS

MEGABYTE = 1024 * 1024
SIZE = 50 * MEGABYTE
LITTLE = 12 * MEGABYTE  # with what a worker may happen to need for itself meanwhile


def memory_of(pid: int) -> int:
    """Return the resident memory of a process in bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096


class TestDownload:
    def test_is_passed_on_before_it_is_complete(self, door: Door, orders: FakeService) -> None:
        seen = threading.Event()

        def in_two_parts(connection: Connection, asked: Asked) -> None:
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
            assert seen.wait(PATIENCE_SECONDS)
            connection.send(b"6\r\nsecond\r\n0\r\n\r\n")

        orders.on("/products", in_two_parts)

        with door.connect() as client:
            client.send(b"GET /products HTTP/1.1\r\nHost: ficus.test\r\n\r\n")
            client.head()
            assert client.read(10) == b"5\r\nfirst\r\n"
            seen.set()
            assert client.read(16) == b"6\r\nsecond\r\n0\r\n\r\n"[:16]

    def test_of_50_megabytes_waits_for_a_slow_reader_in_little_memory(self, door: Door, orders: FakeService) -> None:
        sent = 0

        def pour(connection: Connection, asked: Asked) -> None:
            nonlocal sent
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
            for _ in range(SIZE // MEGABYTE):
                connection.send(bytes(MEGABYTE))
                sent += MEGABYTE

        orders.on("/products", pour)
        door.ask("GET", "/products/before")
        before = memory_of(door.worker)

        with door.connect() as client:
            client.send(b"GET /products HTTP/1.1\r\nHost: ficus.test\r\n\r\n")
            client.head()
            time.sleep(1)
            held_back = sent
            received = sum(len(client.read(MEGABYTE)) for _ in range(SIZE // MEGABYTE))

        assert received == SIZE
        assert held_back < SIZE / 2
        assert memory_of(door.worker) - before < LITTLE

    def test_that_breaks_off_is_not_taken_for_complete(self, door: Door, orders: FakeService) -> None:
        def break_off(connection: Connection, asked: Asked) -> None:
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
            connection.close()

        orders.on("/products", break_off)

        with door.connect() as client, pytest.raises(ConnectionError):
            client.ask("GET", "/products")


class TestUpload:
    def test_is_passed_on_before_it_is_complete(self, door: Door, orders: FakeService) -> None:
        first = threading.Event()

        def note_first(connection: Connection, asked: Asked) -> None:
            assert connection.read(5) == b"first"
            first.set()
            assert connection.read(6) == b"second"
            connection.send(answer(200, b"both"))

        orders.on("/products", note_first)

        with door.connect() as client:
            client.send(b"POST /products HTTP/1.1\r\nHost: ficus.test\r\nContent-Length: 11\r\n\r\nfirst")
            assert first.wait(PATIENCE_SECONDS)
            client.send(b"second")

            assert client.answer().body == b"both"

    def test_waits_for_a_slow_service_in_little_memory(self, door: Door, orders: FakeService) -> None:
        go_on = threading.Event()
        door.ask("GET", "/uploads/before")

        def read_late(connection: Connection, asked: Asked) -> None:
            assert go_on.wait(PATIENCE_SECONDS)
            connection.discard(SIZE)
            connection.send(answer(200, b"read it all"))

        orders.on("/uploads", read_late)
        before = memory_of(door.worker)

        with door.connect() as client:
            head = b"POST /uploads HTTP/1.1\r\nHost: ficus.test\r\nContent-Length: %d\r\n\r\n" % SIZE
            sender = threading.Thread(target=client.send, args=(head + bytes(SIZE),))
            sender.start()
            time.sleep(1)
            held_back = sender.is_alive()
            during = memory_of(door.worker)
            go_on.set()
            answered = client.answer()
            sender.join()

        assert held_back
        assert answered.body == b"read it all"
        assert during - before < LITTLE

    def test_in_chunks_is_cut_off_at_the_routes_limit(self, door: Door, orders: FakeService) -> None:
        chunk = b"100000\r\n" + bytes(MEGABYTE) + b"\r\n"

        with door.connect() as client:
            client.send(b"POST /products HTTP/1.1\r\nHost: ficus.test\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(11):
                client.send(chunk)
            answered = client.answer()

        assert (answered.status, answered.json["code"]) == (413, "body_too_large")
        assert answered.header("connection") == "close"
