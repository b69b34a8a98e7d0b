"""How long a request may take and what ends it; proves semantics, section 3."""

import threading
import time
from contextlib import suppress

from tests.gateway.wire.client import Client
from tests.gateway.wire.conftest import Door, bearer
from tests.gateway.wire.service import Asked, Connection, FakeService, answer, read_body
from tests.gateway.wire.waiting import PATIENCE_SECONDS

LATE_MS = 2800  # that a busy machine may take until the request goes on; less than lies between any two limits


def passed_on(service: FakeService) -> list[int]:
    """Return how much time the service was given for each request, in milliseconds."""
    return [int(asked.header("x-request-timeout-ms") or 0) for asked in service.asked]


def never(connection: Connection, asked: Asked) -> None:
    """Take the request and say nothing."""
    read_body(connection, asked)
    connection.wait_until_closed()


class TestTimePassedOn:
    def test_is_the_default_less_the_hop(self, door: Door, orders: FakeService) -> None:
        door.ask("GET", "/products")

        assert 4980 - LATE_MS < passed_on(orders)[0] <= 4980

    def test_is_what_the_client_allows_less_the_hop(self, door: Door, orders: FakeService) -> None:
        door.ask("GET", "/products", "X-Request-Timeout-Ms: 3000")

        assert 2980 - LATE_MS < passed_on(orders)[0] <= 2980

    def test_cannot_be_raised_by_the_client(self, door: Door, orders: FakeService) -> None:
        door.ask("GET", "/products", "X-Request-Timeout-Ms: 60000")

        assert passed_on(orders)[0] <= 4980

    def test_is_longer_where_the_route_waits(self, door: Door, orders: FakeService) -> None:
        door.ask("POST", "/orders", "Prefer: respond-async, wait=7", bearer(), body=b"{}")
        door.ask("POST", "/orders", "Prefer: wait=600", bearer(), body=b"{}")
        door.ask("GET", "/products", "Prefer: wait=7")

        first, second, third = passed_on(orders)
        assert 11_980 - LATE_MS < first <= 11_980
        assert 14_980 - LATE_MS < second <= 14_980
        assert 4_980 - LATE_MS < third <= 4_980


class TestTimeThatIsUp:
    def test_is_answered_with_504_and_the_service_is_let_go(self, door: Door, orders: FakeService) -> None:
        let_go = threading.Event()

        def wait(connection: Connection, asked: Asked) -> None:
            never(connection, asked)
            let_go.set()

        orders.on("/patient", wait)
        began = time.monotonic()

        answered = door.ask("GET", "/patient", "X-Request-Timeout-Ms: 300")

        assert (answered.status, answered.json["code"]) == (504, "deadline_exceeded")
        assert 0.25 < time.monotonic() - began < 20  # the route has 30 seconds
        assert let_go.wait(PATIENCE_SECONDS)

    def test_is_two_seconds_for_one_try(self, door: Door, orders: FakeService) -> None:
        orders.on("/products", never)
        began = time.monotonic()

        answered = door.ask("POST", "/products", body=b"x")

        assert answered.status == 504
        assert 1.9 < time.monotonic() - began < 4.9  # the time for all

    def test_is_more_for_a_request_that_prefers_to_wait(self, door: Door, orders: FakeService) -> None:
        def late(connection: Connection, asked: Asked) -> None:
            read_body(connection, asked)
            time.sleep(2.5)
            connection.send(answer(201, b"waited"))

        orders.on("/orders", late)

        assert door.ask("POST", "/orders", "Prefer: wait=3", bearer(), body=b"{}").body == b"waited"


class TestClientThatLeaves:
    def test_ends_the_services_work(self, door: Door, orders: FakeService) -> None:
        asked_for, let_go = threading.Event(), threading.Event()

        def wait(connection: Connection, asked: Asked) -> None:
            asked_for.set()
            never(connection, asked)
            let_go.set()

        orders.on("/patient", wait)

        with door.connect() as client:
            client.send(b"GET /patient HTTP/1.1\r\nHost: ficus.test\r\n\r\n")
            assert asked_for.wait(PATIENCE_SECONDS)

        assert let_go.wait(20)  # the route has 30 seconds


def send_if_possible(client: Client, data: bytes) -> None:
    """Send it, though a busy machine may be so late with it that the connection is closed already."""
    with suppress(OSError):
        client.send(data)


class TestClientThatIsSlow:
    def test_with_its_head_is_refused_after_five_seconds(self, door: Door) -> None:
        with door.connect() as client:
            began = time.monotonic()
            client.send(b"GET /products HTTP/1.1\r\nHost:")
            threading.Timer(3, send_if_possible, (client, b" ficus")).start()
            answered = client.answer()

            assert answered.status == 408
            assert 4.5 < time.monotonic() - began < PATIENCE_SECONDS
            assert client.is_closed()

    def test_with_its_body_is_refused_after_five_idle_seconds(self, door: Door, orders: FakeService) -> None:
        with door.connect() as client:
            began = time.monotonic()
            client.send(b"POST /products HTTP/1.1\r\nHost: ficus.test\r\nContent-Length: 9\r\n\r\nhello")
            answered = client.answer()

            assert answered.status == 408
            assert 4.5 < time.monotonic() - began < PATIENCE_SECONDS
            assert client.is_closed()
