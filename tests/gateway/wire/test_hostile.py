"""What the gateway says to messages that two parsers could read differently; proves semantics, section 10."""

import time

import pytest

from tests.gateway.hostile import CASES, HOST, REFUSED, UNFINISHED, Case
from tests.gateway.wire.conftest import Door
from tests.gateway.wire.service import FakeService

SMUGGLED = b"GET /products/smuggled HTTP/1.1\r\n" + HOST + b"\r\n"


def named(case: Case) -> str:
    return case.name


class TestHostileRequests:
    @pytest.mark.parametrize("case", [*CASES, *UNFINISHED], ids=named)
    def test_are_refused_and_the_connection_ends(self, door: Door, case: Case) -> None:
        with door.connect() as client:
            client.send(case.sent)
            answer = client.answer()

            assert (answer.status, answer.json["status"]) == (case.status, case.status)
            assert answer.header("content-type") == "application/problem+json"
            assert answer.header("connection") == "close"
            assert client.is_closed()

    @pytest.mark.parametrize("case", CASES, ids=named)
    def test_bring_no_other_request_through(self, door: Door, orders: FakeService, case: Case) -> None:
        with door.connect() as client:
            client.send(case.sent + SMUGGLED)
            client.answer()
            rest = client.read_to_end()

        assert rest == b""
        assert [asked.target for asked in orders.asked if asked.target == "/products/smuggled"] == []

    def test_end_the_same_way_byte_by_byte(self, door: Door, orders: FakeService) -> None:
        with door.connect() as client:
            for byte in b"POST /products HTTP/1.1\r\n" + HOST + b"Content-Length: +5\r\n\r\n":
                client.send(bytes((byte,)))

            assert client.answer().status == 400
            assert client.is_closed()
        assert orders.asked == []

    def test_are_refused_once_however_much_is_wrong(self, door: Door) -> None:
        with door.connect() as client:
            client.send(b"POST /products HTTP/1.1\r\nHost: a/b\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n")

            assert client.answer().json["code"] == "bad_host"
            assert client.is_closed()

    def test_are_answered_though_the_rest_comes_later(self, door: Door) -> None:
        with door.connect() as client:
            client.send(b"GET /products\r\n\r\n")
            time.sleep(0.1)
            client.send(b"what was to follow")

            assert client.answer().status == 400
            assert client.is_closed()


class TestRefusedRequests:
    @pytest.mark.parametrize("case", REFUSED, ids=named)
    def test_leave_the_connection_to_the_next(self, door: Door, orders: FakeService, case: Case) -> None:
        with door.connect() as client:
            client.send(case.sent)
            refused = client.answer()
            following = client.ask("GET", "/products")

        assert (refused.status, following.status) == (case.status, 200)
        assert len(orders.asked) == 1

    def test_are_answered_in_order_when_thousands_come_at_once(self, door: Door) -> None:
        with door.connect() as client:
            client.send(REFUSED[-1].sent * 3000)
            statuses = {client.answer().status for _ in range(3000)}

        assert statuses == {401}
