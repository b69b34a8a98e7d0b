"""What of a request reaches a service, and what of its answer reaches the client; proves semantics, section 10."""

import re
from pathlib import Path

import pytest

from ficus.testing import tokens
from tests.gateway.wire.conftest import Door, bearer, running_door
from tests.gateway.wire.service import Asked, Connection, FakeService, answer, read_body


class TestRequestPassedOn:
    def test_keeps_method_path_query_and_body(self, door: Door, orders: FakeService) -> None:
        answered = door.ask("POST", "/products/a?b=c&d=%2F;e", "Content-Type: text/plain", body=b"hello")

        assert answered.status == 200
        assert answered.json == {"method": "POST", "target": "/products/a?b=c&d=%2F;e", "body": "hello"}
        assert orders.asked[0].header("content-type") == "text/plain"
        assert orders.asked[0].header("host") == "ficus.test"

    @pytest.mark.parametrize(
        ("sent", "seen"),
        [
            ("/products//a", "/products/a"),
            ("/products/./a/.", "/products/a/"),
            ("/products/%7euser/%41", "/products/~user/A"),
            ("/products/caf%c3%a9", "/products/caf%C3%A9"),
            ("/products/%252e%252e", "/products/%252e%252e"),
            ("/products/a|b", "/products/a%7Cb"),
            ("http://ficus.test/products?x", "/products?x"),
            ("HTTP://FICUS.TEST/products/", "/products/"),
        ],
    )
    def test_has_the_canonical_path(self, door: Door, orders: FakeService, sent: str, seen: str) -> None:
        door.ask("GET", sent)

        assert [asked.target for asked in orders.asked] == [seen]

    @pytest.mark.parametrize(
        "field",
        [
            "X-User-Id: 1",
            "X-Ficus-Roles: admin",
            "X_User_Id: 1",
            "X-User_Id: 1",
            "X_Forwarded_For: 10.0.0.1",
            "Content_Length: 0",
            "X-Real-IP: 10.0.0.1",
            "X-Original-URL: /orders/admin/",
            "X-Forwarded-Prefix: /a",
            "Keep-Alive: timeout=5",
            "Proxy-Authorization: Basic x",
            "Proxy-Connection: keep-alive",
            "TE: trailers",
            "Trailer: X",
        ],
    )
    def test_loses_what_goes_no_further(self, door: Door, orders: FakeService, field: str) -> None:
        door.ask("GET", "/products", field)

        assert orders.asked[0].header(field.partition(":")[0]) is None

    def test_loses_what_connection_names_but_never_who_asks(self, door: Door, orders: FakeService) -> None:
        credential = bearer(username="ada")
        door.ask(
            "GET",
            "/products",
            "Connection: x-hop, authorization, x-forwarded-for, x-request-id, cookie",
            "X-Hop: 1",
            "X-Request-ID: abc",
            "Cookie: a=b",
            credential,
        )

        asked = orders.asked[0]
        assert asked.header("x-hop") is None
        assert asked.header("connection") is None
        assert f"Authorization: {asked.header('authorization')}" == credential
        assert asked.header("x-forwarded-for") == "127.0.0.1"
        assert asked.header("x-request-id") == "abc"
        assert asked.header("cookie") == "a=b"

    def test_says_who_asked_and_not_what_the_client_claims(self, door: Door, orders: FakeService) -> None:
        door.ask(
            "GET",
            "/products",
            "X-Forwarded-For: 10.0.0.1",
            "X-Forwarded-Proto: https",
            "X-Forwarded-Host: evil.test",
            "Forwarded: for=10.0.0.1",
        )

        asked = orders.asked[0]
        assert asked.header("x-forwarded-for") == "127.0.0.1"
        assert asked.header("x-forwarded-proto") == "http"
        assert asked.header("x-forwarded-host") == "ficus.test"
        assert asked.header("forwarded") == "for=127.0.0.1;host=ficus.test;proto=http"

    def test_carries_a_request_id_and_a_trace(self, door: Door, orders: FakeService) -> None:
        answered = door.ask("GET", "/products")

        asked = orders.asked[0]
        parent = re.fullmatch(r"00-([0-9a-f]{32})-[0-9a-f]{16}-01", asked.header("traceparent") or "")
        assert parent is not None
        assert asked.header("x-request-id") == answered.header("x-request-id") == parent[1]

    def test_keeps_the_callers_request_id_and_begins_a_fresh_trace(self, door: Door, orders: FakeService) -> None:
        theirs = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
        answered = door.ask("GET", "/products", "X-Request-ID: order.7", f"traceparent: {theirs}")

        assert answered.header("x-request-id") == orders.asked[0].header("x-request-id") == "order.7"
        assert "a" * 32 not in (orders.asked[0].header("traceparent") or "")

    def test_replaces_a_request_id_that_could_be_taken_for_something_else(
        self, door: Door, orders: FakeService
    ) -> None:
        door.ask("GET", "/products", 'X-Request-ID: "}<script>')

        assert re.fullmatch("[0-9a-f]{32}", orders.asked[0].header("x-request-id") or "")

    def test_shows_each_service_its_own_cookies_alone(self, door: Door, orders: FakeService) -> None:
        door.ask(
            "GET", "/products", "Cookie: gateway_session=s; a=b; users_session=u; orders_session=o; gateway_csrf=c"
        )

        assert orders.asked[0].header("cookie") == "a=b; orders_session=o"

    def test_goes_ahead_of_its_body_though_keys_and_connection_are_waited_for(
        self, tmp_path: Path, users: FakeService, orders: FakeService
    ) -> None:
        smuggled = b"DELETE /orders/1 HTTP/1.1\r\nHost: orders\r\n\r\n"

        with running_door(tmp_path, users, orders) as door:
            credential = tokens.token(iss=door.environment["PUBLIC_URL"])
            answered = door.ask("POST", "/orders", f"Authorization: Bearer {credential}", body=smuggled)

        assert answered.status == 200
        assert [(asked.method, asked.target, asked.body) for asked in orders.asked] == [("POST", "/orders", smuggled)]

    def test_answers_in_http_1_1_whoever_asks_for_an_upgrade(self, door: Door, orders: FakeService) -> None:
        upgrade = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")

        with door.connect() as client:
            bare = client.ask("GET", "/products", *upgrade)
            with_body = client.ask("POST", "/products", *upgrade, body=b"hello")
            following = client.ask("GET", "/products")

        assert (bare.status, with_body.status, following.status) == (200, 200, 200)
        assert with_body.json["body"] == "hello"
        assert [asked.header("upgrade") for asked in orders.asked] == [None, None, None]

    def test_is_chunked_if_it_came_chunked_without_extensions_and_trailers(
        self, door: Door, orders: FakeService
    ) -> None:
        with door.connect() as client:
            client.send(b"POST /products HTTP/1.1\r\nHost: ficus.test\r\nTransfer-Encoding: chunked\r\n\r\n")
            client.send(b"5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n")
            answered = client.answer()

        assert answered.json["body"] == "hello world"
        assert orders.asked[0].header("transfer-encoding") == "chunked"
        assert orders.asked[0].header("content-length") is None

    def test_is_answered_in_order_when_pipelined(self, door: Door, orders: FakeService) -> None:
        with door.connect() as client:
            client.send(
                b"".join(b"GET /products/%d HTTP/1.1\r\nHost: ficus.test\r\n\r\n" % number for number in range(20))
            )
            targets = [client.answer().json["target"] for _ in range(20)]

        assert targets == [f"/products/{number}" for number in range(20)]

    def test_may_follow_a_body_in_the_same_packet(self, door: Door) -> None:
        with door.connect() as client:
            client.send(
                b"POST /products HTTP/1.1\r\nHost: ficus.test\r\nContent-Length: 5\r\n\r\nhello"
                b"GET /products/next HTTP/1.1\r\nHost: ficus.test\r\n\r\n"
            )

            assert client.answer().json["body"] == "hello"
            assert client.answer().json["target"] == "/products/next"


class TestAnswerPassedBack:
    def test_keeps_status_fields_and_body(self, door: Door, orders: FakeService) -> None:
        orders.says("/products", answer(418, b"short", "Content-Type: text/tea", "ETag: x", "Set-Cookie: a=b"))

        answered = door.ask("GET", "/products")

        assert (answered.status, answered.body) == (418, b"short")
        assert (answered.header("content-type"), answered.header("etag")) == ("text/tea", "x")
        assert answered.header("set-cookie") == "a=b"

    def test_loses_hop_by_hop_fields_and_the_services_software(self, door: Door, orders: FakeService) -> None:
        orders.says("/products", answer(200, b"", "Connection: x-hop", "X-Hop: 1", "Server: gunicorn", "Keep-Alive: 5"))

        answered = door.ask("GET", "/products")

        assert [name for name, _ in answered.headers] == ["content-length", "x-request-id"]

    def test_cannot_set_the_gateways_own_cookies_nor_another_services(self, door: Door, orders: FakeService) -> None:
        planted = ("gateway_session", "gateway_csrf", "users_session", "orders_session")
        orders.says("/products", answer(200, b"", *(f"Set-Cookie: {name}=planted" for name in planted)))

        answered = door.ask("GET", "/products")

        assert answered.header("set-cookie") == "orders_session=planted"

    def test_has_no_body_for_head_nor_with_204_and_304(self, door: Door, orders: FakeService) -> None:
        orders.says("/products/none", b"HTTP/1.1 204 No Content\r\n\r\n")
        orders.says("/products/same", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n")
        orders.says("/products/head", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")

        with door.connect() as client:
            none = client.ask("GET", "/products/none")
            same = client.ask("GET", "/products/same")
            head = client.ask("HEAD", "/products/head")
            following = client.ask("GET", "/products")

        assert (none.status, none.header("content-length")) == (204, None)
        assert (same.status, same.header("content-length")) == (304, "9")
        assert (head.status, head.header("content-length")) == (200, "9")
        assert following.status == 200

    def test_that_ends_with_the_services_connection_is_chunked(self, door: Door, orders: FakeService) -> None:
        def until_close(connection: Connection, asked: Asked) -> None:
            connection.send(b"HTTP/1.1 200 OK\r\n\r\nall of it")
            connection.close()

        orders.on("/products", until_close)

        with door.connect() as client:
            answered = client.ask("GET", "/products")
            following = client.ask("GET", "/products/next")

        assert (answered.body, answered.header("transfer-encoding")) == (b"all of it", "chunked")
        assert following.status == 200

    def test_of_unknown_length_ends_the_connection_of_an_old_client(self, door: Door, orders: FakeService) -> None:
        orders.says("/products", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")

        with door.connect() as client:
            client.send(b"GET /products HTTP/1.0\r\nHost: ficus.test\r\n\r\n")
            answered = client.answer()

            assert (answered.body, answered.header("transfer-encoding")) == (b"hello", None)
            assert answered.header("connection") == "close"

    def test_comes_after_interim_answers(self, door: Door, orders: FakeService) -> None:
        orders.says("/products", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + answer(200, b"final"))

        assert door.ask("GET", "/products").body == b"final"

    def test_before_the_body_was_read_ends_the_connection(self, door: Door, orders: FakeService) -> None:
        orders.says("/products", answer(403, b"no"))

        with door.connect() as client:
            client.send(b"POST /products HTTP/1.1\r\nHost: ficus.test\r\nContent-Length: 100000\r\n\r\nfirst")
            answered = client.answer()

            assert (answered.status, answered.header("connection")) == (403, "close")
            client.send(b"x" * 50_000)
            assert client.is_closed()

    def test_to_head_with_a_body_has_none(self, door: Door, orders: FakeService) -> None:
        with door.connect() as client:
            client.send(b"HEAD /products HTTP/1.1\r\nHost: ficus.test\r\nContent-Length: 1\r\n\r\nx")
            answered = client.answer("HEAD")
            following = client.ask("GET", "/products")

        assert (answered.status, following.status) == (200, 200)


class TestExpectation:
    def test_is_met_once_the_request_is_admitted(self, door: Door, orders: FakeService) -> None:
        with door.connect() as client:
            client.send(
                b"POST /products HTTP/1.1\r\nHost: ficus.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
            )
            interim, _ = client.head()
            client.send(b"hello")
            answered = client.answer()

        assert interim == 100
        assert answered.json["body"] == "hello"
        assert orders.asked[0].header("expect") is None

    def test_is_not_met_where_the_request_is_refused(self, door: Door, orders: FakeService) -> None:
        with door.connect() as client:
            client.send(
                b"POST /orders HTTP/1.1\r\nHost: ficus.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
            )
            status, headers = client.head()

        assert (status, dict(headers)["connection"]) == (401, "close")
        assert orders.asked == []


class TestServiceConnections:
    def test_are_kept_for_the_next_request(self, door: Door, orders: FakeService) -> None:
        door.ask("GET", "/products")
        before = orders.connections

        for _ in range(10):
            door.ask("POST", "/products", body=b"x")

        assert orders.connections == before

    def test_are_not_kept_if_the_service_says_more_than_it_was_asked(self, door: Door, orders: FakeService) -> None:
        orders.says("/products/more", answer(200, b"first") + answer(200, b"planted"))

        with door.connect() as client:
            first = client.ask("GET", "/products/more")
            second = client.ask("GET", "/products")

        assert first.body == b"first"
        assert second.json["target"] == "/products"

    def test_that_went_stale_are_replaced_for_a_safe_request(self, door: Door, orders: FakeService) -> None:
        def hang_up(connection: Connection, asked: Asked) -> None:
            orders.forget()
            connection.close()

        door.ask("GET", "/products")
        orders.on("/products/stale", hang_up)

        answered = door.ask("GET", "/products/stale")

        assert answered.json["target"] == "/products/stale"

    def test_that_went_stale_are_not_replaced_for_an_unsafe_one(self, door: Door, orders: FakeService) -> None:
        def hang_up(connection: Connection, asked: Asked) -> None:
            read_body(connection, asked)
            connection.close()

        door.ask("GET", "/products")
        orders.on("/products/stale", hang_up)

        answered = door.ask("POST", "/products/stale", body=b"once")

        assert (answered.status, answered.json["code"]) == (502, "bad_gateway")
        assert [asked.body for asked in orders.asked if asked.target == "/products/stale"] == [b"once"]
