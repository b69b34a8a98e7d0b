"""Requests that this process's own Django answers, through the same connection and the same policies."""

from gateway.compiled import told
from tests.gateway.wire.conftest import Door, bearer
from tests.gateway.wire.service import FakeService


class TestLocalRequest:
    def test_is_answered_by_django_with_the_requests_id(self, door: Door) -> None:
        answered = door.ask("GET", "/livez", "X-Request-ID: mine")

        assert (answered.status, answered.json["status"]) == (200, "pass")
        assert answered.header("x-request-id") == "mine"

    def test_for_a_path_that_nobody_serves_is_not_found(self, door: Door) -> None:
        answered = door.ask("GET", "/nowhere")

        assert (answered.status, answered.json["code"]) == (404, "not_found")
        assert answered.header("content-type") == "application/problem+json"

    def test_takes_its_turn_among_proxied_ones(self, door: Door, orders: FakeService) -> None:
        paths = [b"/livez", b"/products/1", b"/nowhere", b"/products/2", b"/livez/"]

        with door.connect() as client:
            client.send(b"".join(b"GET %b HTTP/1.1\r\nHost: ficus.test\r\n\r\n" % path for path in paths))
            statuses = [client.answer().status for _ in paths]

        assert statuses == [200, 200, 404, 200, 200]
        assert [asked.target for asked in orders.asked] == ["/products/1", "/products/2"]

    def test_to_head_has_no_body(self, door: Door) -> None:
        with door.connect() as client:
            answered = client.ask("HEAD", "/")

            assert (answered.status, answered.body) == (200, b"")
            assert client.ask("GET", "/livez").status == 200

    def test_ends_the_connection_that_asks_for_it(self, door: Door) -> None:
        with door.connect() as client:
            answered = client.ask("GET", "/livez", "Connection: close")

            assert answered.header("connection") == "close"
            assert client.is_closed()

    def test_with_a_large_body_is_read_as_django_takes_it(self, door: Door) -> None:
        body = b"username=" + b"a" * 1024 * 1024

        with door.connect() as client:
            answered = client.ask("POST", "/login", "Content-Type: application/x-www-form-urlencoded", body=body)

            assert answered.status == 403
            assert client.ask("GET", "/livez").status == 200

    def test_with_a_body_over_the_limit_is_refused_before_it_is_read(self, door: Door) -> None:
        with door.connect() as client:
            client.send(b"POST /login HTTP/1.1\r\nHost: ficus.test\r\nContent-Length: 20000000\r\n\r\n")

            assert client.answer().status == 413

    def test_does_not_see_who_the_client_claims_to_be(self, door: Door) -> None:
        claims = ("X-Forwarded-Host: evil.test", "X-Forwarded-Proto: https", "X_Forwarded_Host: evil.test")

        answered = door.ask("GET", "/admin/login/", *claims, "Host-: x")

        assert answered.header("location") == f"{door.environment['PUBLIC_URL']}/login?next=/"

    def test_with_a_token_that_does_not_hold_is_refused_too(self, door: Door) -> None:
        assert door.ask("GET", "/nowhere", "Authorization: Bearer x").status == 401
        assert door.ask("GET", "/nowhere", bearer()).status == 404


class TestLog:
    def test_says_which_data_path_serves(self, door: Door) -> None:
        assert f"the data path is {told()}" in door.log.read_text()


class TestClientThatLeavesDjango:
    def test_harms_nobody(self, door: Door) -> None:
        for _ in range(20):
            with door.connect() as client:
                client.send(b"GET /docs HTTP/1.1\r\nHost: ficus.test\r\n\r\n")

        assert door.ask("GET", "/livez").status == 200
        assert "Traceback" not in door.log.read_text()
