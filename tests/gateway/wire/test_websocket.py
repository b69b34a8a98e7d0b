"""A connection that changes over to WebSocket goes through the gateway as it is; proves RFC 6455, section 4."""

import base64
import hashlib
import json
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.gateway.wire.client import Client
from tests.gateway.wire.conftest import Door, bearer, running_door
from tests.gateway.wire.service import Asked, Connection, FakeService, answer
from tests.gateway.wire.test_streaming import LITTLE, MEGABYTE, memory_of
from tests.gateway.wire.waiting import until

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
HANDSHAKE = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {KEY}")
SECONDS = 60


def accepting(then: Callable[[Connection], None], *fields: str) -> Callable[[Connection, Asked], None]:
    """Return a service that accepts the handshake, and goes on by ``then``."""

    def script(connection: Connection, asked: Asked) -> None:
        key = asked.header("Sec-WebSocket-Key") or ""
        proof = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", *fields]
        head.append(f"Sec-WebSocket-Accept: {base64.b64encode(proof).decode()}")
        connection.send(("\r\n".join(head) + "\r\n\r\n").encode())
        then(connection)
        connection.close()
        raise ConnectionError

    return script


def echo_until_closed(connection: Connection) -> None:
    connection.send(connection.pending)
    while data := connection.socket.recv(65536):
        connection.send(data)


def opened(door: Door, target: str = "/live", *fields: str) -> Client:
    """Return a connection that has asked for WebSocket."""
    client = door.connect()
    client.socket.settimeout(SECONDS)
    lines = (f"GET {target} HTTP/1.1", "Host: ficus.test", *HANDSHAKE, *fields)
    client.send(("\r\n".join(lines) + "\r\n\r\n").encode())
    return client


class TestHandshake:
    def test_goes_to_the_service_and_back(self, door: Door, orders: FakeService) -> None:
        orders.on("/live/1", accepting(echo_until_closed, "Sec-WebSocket-Protocol: chat", "Server: x"))

        with opened(door, "/live/1?a=b", "Origin: https://app.test", "Sec-WebSocket-Protocol: chat, other") as client:
            status, headers = client.head()

        said = dict(headers)
        assert status == 101
        assert (said["connection"], said["upgrade"], said["sec-websocket-protocol"]) == ("Upgrade", "websocket", "chat")
        assert said["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        assert "server" not in said
        assert [asked.target for asked in orders.asked] == ["/live/1?a=b"]
        (asked,) = orders.asked
        assert (asked.header("Upgrade"), asked.header("Connection")) == ("websocket", "Upgrade")
        assert (asked.header("Sec-WebSocket-Key"), asked.header("Origin")) == (KEY, "https://app.test")

    @pytest.mark.parametrize(
        ("lines", "status"),
        [
            (["GET /live HTTP/1.1", *HANDSHAKE[:2], HANDSHAKE[3]], 426),
            (["GET /live HTTP/1.1", *HANDSHAKE[:2], "Sec-WebSocket-Version: 8", HANDSHAKE[3]], 426),
            (["GET /live HTTP/1.1", *HANDSHAKE[:3]], 400),
            (["GET /live HTTP/1.1", *HANDSHAKE[:3], "Sec-WebSocket-Key: short"], 400),
            (["GET /live HTTP/1.1", *HANDSHAKE[:3], "Sec-WebSocket-Key: " + "!" * 24], 400),
            (["GET /live HTTP/1.1", *HANDSHAKE, HANDSHAKE[3]], 400),
            (["POST /live HTTP/1.1", *HANDSHAKE], 400),
            (["GET /live HTTP/1.0", *HANDSHAKE], 400),
            (["GET /live HTTP/1.1", *HANDSHAKE, "Content-Length: 2", "", "hi"], 400),
            (["GET /live HTTP/1.1", *HANDSHAKE, "Connection: Sec-WebSocket-Key"], 400),
            (["GET /live HTTP/1.1", *HANDSHAKE, "Origin: https://evil.test"], 403),
            (["GET /live HTTP/1.1", *HANDSHAKE, "Origin: null"], 403),
            (["GET /own HTTP/1.1", *HANDSHAKE], 401),
            (["GET /own HTTP/1.1", *HANDSHAKE, "Authorization: Bearer x"], 401),
        ],
    )
    def test_that_may_not_be_reaches_no_service(
        self, door: Door, orders: FakeService, lines: list[str], status: int
    ) -> None:
        with door.connect() as client:
            client.send("\r\n".join([lines[0], "Host: ficus.test", *lines[1:]]).encode() + b"\r\n\r\n")

            assert client.answer().status == status
        assert orders.asked == []

    @pytest.mark.parametrize("target", ["/products", "/live"])
    def test_to_h2c_is_an_ordinary_request(self, door: Door, orders: FakeService, target: str) -> None:
        answered = door.ask(
            "GET", target, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMA"
        )

        assert answered.status == 200
        assert (orders.asked[0].header("Upgrade"), orders.asked[0].header("HTTP2-Settings")) == (None, None)

    def test_on_another_route_is_an_ordinary_request(self, door: Door, orders: FakeService) -> None:
        assert door.ask("GET", "/products", *HANDSHAKE).status == 200
        assert orders.asked[0].header("Upgrade") is None

    def test_of_somebody_signed_in_is_let_through(self, door: Door, orders: FakeService) -> None:
        orders.on("/own", accepting(echo_until_closed))

        with opened(door, "/own", bearer()) as client:
            assert client.head()[0] == 101

    def test_that_the_service_declines_is_an_ordinary_answer(self, door: Door, orders: FakeService) -> None:
        orders.says("/live", answer(403, b"not now"))

        with opened(door) as client:
            declined = client.answer()
            following = client.ask("GET", "/products")

        assert (declined.status, declined.body, following.status) == (403, b"not now", 200)

    @pytest.mark.parametrize(
        "fields",
        [
            "Sec-WebSocket-Accept: c29tZXRoaW5nIGVsc2UgYnkgYW5vdGhlcg==",
            "",
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: unasked",
        ],
    )
    def test_that_the_service_answers_wrongly_is_a_502(self, door: Door, orders: FakeService, fields: str) -> None:
        head = f"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX: y\r\n{fields}\r\n\r\n"
        orders.says("/live", head.replace("\r\n\r\n\r\n", "\r\n\r\n").encode())

        with opened(door) as client:
            assert client.answer().status == 502


class TestTunnel:
    def test_passes_on_every_byte_both_ways(self, door: Door, orders: FakeService) -> None:
        orders.on("/live", accepting(echo_until_closed))
        sent = bytes(range(256)) * 4096

        with opened(door) as client:
            client.head()
            sender = threading.Thread(target=client.send, args=(sent,))
            sender.start()
            received = client.read(len(sent))
            sender.join()

        assert received == sent

    def test_passes_on_what_either_says_before_the_other_has_answered(self, door: Door, orders: FakeService) -> None:
        def greet(connection: Connection) -> None:
            assert connection.read(5) == b"early"
            connection.send(b"seen")

        orders.on("/live", accepting(greet))

        with opened(door) as client:
            client.send(b"early")
            client.head()

            assert client.read(4) == b"seen"

    def test_tells_the_other_that_one_has_said_all(self, door: Door, orders: FakeService) -> None:
        def answer_at_the_end(connection: Connection) -> None:
            said = connection.pending
            while data := connection.socket.recv(65536):
                said += data
            connection.send(b"all of " + said)

        orders.on("/live", accepting(answer_at_the_end))

        with opened(door) as client:
            client.head()
            client.send(b"it")
            client.socket.shutdown(socket.SHUT_WR)

            assert client.read_to_end() == b"all of it"

    def test_ends_for_the_service_when_the_client_is_gone(self, door: Door, orders: FakeService) -> None:
        gone = threading.Event()

        def wait(connection: Connection) -> None:
            connection.wait_until_closed()
            gone.set()

        orders.on("/live", accepting(wait))

        with opened(door) as client:
            client.head()

        assert gone.wait(SECONDS)

    def test_holds_back_a_service_whose_client_does_not_read(self, door: Door, orders: FakeService) -> None:
        sent = 0

        def pour(connection: Connection) -> None:
            nonlocal sent
            for _ in range(50):
                connection.send(bytes(MEGABYTE))
                sent += 1

        orders.on("/live", accepting(pour))
        door.ask("GET", "/products")
        before = memory_of(door.worker)

        with opened(door) as client:
            client.head()
            first = client.read(MEGABYTE)
            held_back = sent
            received = len(first) + sum(len(client.read(MEGABYTE)) for _ in range(49))

        assert received == 50 * MEGABYTE
        assert held_back < 30
        assert memory_of(door.worker) - before < LITTLE

    def test_that_is_silent_is_closed(self, door: Door, orders: FakeService) -> None:
        orders.on("/brief", accepting(echo_until_closed))

        with opened(door, "/brief") as client:
            client.head()

            assert client.is_closed()

    def test_is_closed_at_the_end_of_its_time_however_busy(self, door: Door, orders: FakeService) -> None:
        orders.on("/brief", accepting(echo_until_closed))

        with opened(door, "/brief") as client:
            client.head()
            echoed = _echoed_until_closed(client)

        assert echoed > 0

    def test_counts_as_under_way_until_it_is_over(self, door: Door, orders: FakeService) -> None:
        orders.on("/live-alone", accepting(echo_until_closed))
        request = ("/live-alone", *HANDSHAKE)

        with opened(door, "/live-alone") as client:
            assert client.head()[0] == 101
            assert door.ask("GET", *request).status == 429
        orders.says("/live-alone", answer(200))

        until(lambda: door.ask("GET", *request).status == 200)

    def test_is_recorded_once_it_is_over(self, door: Door, orders: FakeService) -> None:
        orders.on("/live/recorded", accepting(echo_until_closed))

        with opened(door, "/live/recorded") as client:
            client.head()
            client.send(b"hello")
            client.read(5)

        line = _recorded(door, "/live/recorded")
        assert (line["status"], line["bytes"], line["route"], line["upstream"]) == (101, 5, "live", "orders")


class TestStoppingGateway:
    def test_leaves_a_tunnel_some_time_and_then_ends_it(
        self, tmp_path: Path, users: FakeService, orders: FakeService
    ) -> None:
        orders.on("/live", accepting(echo_until_closed))

        with running_door(tmp_path, users, orders) as door, opened(door) as client:
            client.head()
            door.process.send_signal(signal.SIGTERM)
            threading.Event().wait(1)
            client.send(b"still here")
            echoed = client.read(10)
            closed = client.is_closed()
            code = door.process.wait(timeout=SECONDS)

        assert (echoed, closed, code) == (b"still here", True, 0)


def _echoed_until_closed(client: Client) -> int:
    """Keep saying something, and return how often it was echoed before the connection ended."""
    echoed = 0
    with suppress(OSError):
        while True:
            client.send(b"x")
            client.read(1)
            echoed += 1
            threading.Event().wait(0.2)
    return echoed


def _recorded(door: Door, path: str) -> dict[str, object]:
    """Return the access log's line of a request; it is written a little later."""
    for _ in range(SECONDS * 10):
        for line in door.log.read_text().splitlines():
            if '"answered"' in line and path in line:
                return dict(json.loads(line))
        threading.Event().wait(0.1)
    pytest.fail(f"nothing was recorded of {path}")
