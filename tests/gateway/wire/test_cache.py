"""Answers kept and given again, as clients and services see it; proves semantics, section 10, "Cache"."""

import gzip
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from tests.gateway.wire.client import Client
from tests.gateway.wire.conftest import Door, bearer
from tests.gateway.wire.service import Asked, Connection, FakeService, answer
from tests.gateway.wire.tables import with_routes
from tests.gateway.wire.waiting import until

ROUTES: dict[str, Any] = {
    "kept": {"service": "orders", "path": "/kept", "access": "public", "policies": {"cache": {}, "compress": {}}},
    "stale": {
        "service": "orders",
        "path": "/stale",
        "access": "public",
        "policies": {"cache": {"stale_if_error_seconds": 3600, "stale_while_revalidate_seconds": 3600}},
    },
    "failing": {
        "service": "orders",
        "path": "/failing",
        "access": "public",
        "policies": {"cache": {"stale_if_error_seconds": 3600}},
    },
    "own": {"service": "orders", "path": "/own", "policies": {"cache": {}}},
    "slow": {
        "service": "orders",
        "path": "/slow",
        "access": "public",
        "timeout_ms": 30_000,
        "policies": {"cache": {}},
    },
}
MINUTE = "Cache-Control: max-age=60"
OLD = "Cache-Control: max-age=1"
AGED = "Age: 100"


@pytest.fixture(scope="module", autouse=True)
def _routes(_door: Door, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with with_routes(_door, tmp_path_factory.mktemp("tables"), ROUTES, "/kept"):
        yield


@pytest.fixture(autouse=True)
def _begun(orders: FakeService) -> None:
    orders.asked.clear()


def counting(service: FakeService, target: str, *fields: str) -> None:
    """Have the service answer with the number of requests it has had, from 1 on."""
    service.on(target, lambda connection, _: connection.send(answer(200, b"%d" % len(service.asked), *fields)))


def held(service: FakeService, target: str, *fields: str) -> threading.Event:
    """Have the service answer only when the event is set."""
    go = threading.Event()

    def script(connection: Connection, asked: Asked) -> None:
        number = len(service.asked)
        assert go.wait(60)
        connection.send(answer(200, b"%d" % number, *fields))

    service.on(target, script)
    return go


def asking(door: Door, stack: ExitStack, target: str, *fields: str) -> Client:
    """Return a connection that has asked for it, until the stack ends."""
    client = stack.enter_context(door.connect())
    client.send("\r\n".join([f"GET {target} HTTP/1.1", "Host: ficus.test", *fields, "", ""]).encode())
    return client


def all_have_been_heard(door: Door) -> None:
    """Wait until the worker has read what was sent before: it takes connections, and reads, in the order of coming."""
    assert {door.ask("GET", "/livez").status for _ in range(3)} == {200}


class TestKeptAnswer:
    def test_is_given_again_without_asking_the_service(self, door: Door, orders: FakeService) -> None:
        counting(orders, "/kept/a", MINUTE, "Content-Type: text/plain", "X-Own: 1", 'ETag: "a"')

        with door.connect() as client:
            first, second = client.ask("GET", "/kept/a?x=1"), client.ask("GET", "/kept/a?x=1")
            head = client.ask("HEAD", "/kept/a?x=1")
            unchanged = client.ask("GET", "/kept/a?x=1", 'If-None-Match: W/"a"')
            other = client.ask("GET", "/kept/a?x=2")

        assert (first.body, second.body, other.body) == (b"1", b"1", b"2")
        assert first.header("cache-status") == "Ficus; fwd=uri-miss; stored"
        assert (second.header("cache-status") or "").startswith("Ficus; hit; ttl=")
        assert second.header("age") is not None
        assert second.header("x-own") == "1"
        assert second.header("x-request-id") != first.header("x-request-id")
        assert (head.status, head.header("content-length")) == (200, "1")
        assert (unchanged.status, unchanged.body, unchanged.header("etag")) == (304, b"", '"a"')
        assert len(orders.asked) == 2

    def test_fills_from_a_question_whether_something_changed(self, door: Door, orders: FakeService) -> None:
        counting(orders, "/kept/conditional", MINUTE, 'ETag: "a"')

        first = door.ask("GET", "/kept/conditional", 'If-None-Match: "a"')
        second = door.ask("GET", "/kept/conditional")

        assert (first.status, first.body) == (304, b"")
        assert (second.status, second.body) == (200, b"1")
        assert [asked.header("if-none-match") for asked in orders.asked] == [None]

    def test_is_known_to_be_unchanged_although_the_rest_of_it_never_comes(
        self, door: Door, orders: FakeService
    ) -> None:
        def script(connection: Connection, asked: Asked) -> None:
            connection.send(b'HTTP/1.1 200 OK\r\nETag: "a"\r\nContent-Length: 100\r\n\r\nnot all')
            connection.wait_until_closed()

        orders.on("/kept/stuck", script)

        assert door.ask("GET", "/kept/stuck", 'If-None-Match: "a"').status == 304

    def test_is_packed_once_for_all_who_can_unpack_it(self, door: Door, orders: FakeService) -> None:
        text = b"again and " * 500
        orders.says("/kept/packed", answer(200, text, MINUTE, "Content-Type: text/plain"))

        plain, packed, again = (
            door.ask("GET", "/kept/packed", f"Accept-Encoding: {coding}") for coding in ("identity", "gzip", "gzip")
        )

        assert plain.body == gzip.decompress(packed.body) == gzip.decompress(again.body) == text
        assert again.header("content-length") == str(len(again.body))
        assert again.header("vary") == "Accept-Encoding"
        assert len(orders.asked) == 1

    def test_is_chosen_by_what_it_varies_by(self, door: Door, orders: FakeService) -> None:
        counting(orders, "/kept/vary", MINUTE, "Vary: Accept-Language")

        said = [
            door.ask("GET", "/kept/vary", f"Accept-Language: {each}").body for each in ("de", "en", "de", "en", "fr")
        ]

        assert said == [b"1", b"2", b"1", b"2", b"3"]

    @pytest.mark.parametrize(
        "field",
        [
            "Cache-Control: no-store",
            "Cache-Control: private, max-age=60",
            "Cache-Control: max-age=60\r\nSet-Cookie: a=b",
            "Cache-Control: max-age=60\r\nVary: *",
            "X-Says-Nothing: about itself",
            "Expires: 0",
        ],
    )
    def test_is_none_that_is_for_one_alone(self, door: Door, orders: FakeService, field: str) -> None:
        target = f"/kept/alone-{abs(hash(field))}"
        counting(orders, target, field)

        assert [door.ask("GET", target).body for _ in range(3)] == [b"1", b"2", b"3"]

    def test_is_forgotten_when_somebody_changes_it(self, door: Door, orders: FakeService) -> None:
        counting(orders, "/kept/changed", MINUTE)
        with door.connect() as client:
            first, second = client.ask("GET", "/kept/changed"), client.ask("GET", "/kept/changed")
            client.ask("PUT", "/kept/changed", body=b"new")
            third = client.ask("GET", "/kept/changed")

        assert (first.body, second.body, third.body) == (b"1", b"1", b"3")

    def test_is_each_person_s_own_where_somebody_is_signed_in(self, door: Door, orders: FakeService) -> None:
        counting(orders, "/own/shared", "Cache-Control: public, max-age=60")
        counting(orders, "/own/plain", MINUTE)
        ada, bob = bearer(username="ada"), bearer(username="bob")

        said = [door.ask("GET", "/own/shared", who).body for who in (ada, bob, ada, bob)]
        plain = [door.ask("GET", "/own/plain", who).body for who in (ada, ada)]

        assert said == [b"1", b"2", b"1", b"2"]
        assert plain == [b"3", b"4"]
        assert door.ask("GET", "/own/shared").status == 401


class TestStaleAnswer:
    def test_is_confirmed_by_the_service(self, door: Door, orders: FakeService) -> None:
        def script(connection: Connection, asked: Asked) -> None:
            if asked.header("if-none-match") == '"a"':
                connection.send(b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nX-News: 1\r\n\r\n')
            else:
                connection.send(answer(200, b"whole", "Cache-Control: no-cache", 'ETag: "a"'))

        orders.on("/kept/confirmed", script)
        with door.connect() as client:
            client.ask("GET", "/kept/confirmed")
            again = client.ask("GET", "/kept/confirmed")
            unchanged = client.ask("GET", "/kept/confirmed", 'If-None-Match: "b", "a"')

        assert (again.status, again.body, again.header("x-news")) == (200, b"whole", "1")
        assert again.header("cache-status") == "Ficus; fwd=stale; fwd-status=304"
        assert unchanged.status == 304
        assert len(orders.asked) == 3

    @pytest.mark.parametrize("failure", ["says so", "breaks off"])
    def test_is_better_than_an_error(self, door: Door, orders: FakeService, failure: str) -> None:
        target = f"/failing/{failure.replace(' ', '-')}"
        orders.says(target, answer(200, b"old", OLD, AGED))
        fresh = door.ask("GET", target)
        if failure == "says so":
            orders.says(target, answer(503, b"sorry", "Content-Type: text/plain"))
        else:
            orders.on(target, lambda connection, _: connection.close())

        stale = door.ask("GET", target)

        assert (fresh.body, stale.status, stale.body) == (b"old", 200, b"old")
        assert (stale.header("cache-status") or "").endswith("; fwd=stale; detail=error")
        assert int(stale.header("age") or 0) >= 100

    def test_is_not_given_where_the_service_forbids_it(self, door: Door, orders: FakeService) -> None:
        orders.says("/failing/strict", answer(200, b"old", "Cache-Control: max-age=1, must-revalidate", AGED))
        door.ask("GET", "/failing/strict")
        orders.says("/failing/strict", answer(503, b"sorry"))

        assert door.ask("GET", "/failing/strict").status == 503

    def test_is_given_while_the_service_is_asked_anew(self, door: Door, orders: FakeService) -> None:
        counting(orders, "/stale/meanwhile", OLD, AGED)
        door.ask("GET", "/stale/meanwhile")
        go = held(orders, "/stale/meanwhile", MINUTE)

        meanwhile = [door.ask("GET", "/stale/meanwhile").body for _ in range(3)]
        go.set()
        until(lambda: door.ask("GET", "/stale/meanwhile").body == b"2")

        assert meanwhile == [b"1", b"1", b"1"]
        assert len(orders.asked) == 2


class TestOneRequestForAllWhoWait:
    def test_answers_them_all(self, door: Door, orders: FakeService) -> None:
        go = held(orders, "/slow/together", MINUTE)

        with ExitStack() as stack:
            clients = [asking(door, stack, "/slow/together") for _ in range(20)]
            until(lambda: orders.asked)
            all_have_been_heard(door)
            go.set()
            said = [each.answer() for each in clients]

        assert [each.body for each in said] == [b"1"] * 20
        assert len(orders.asked) == 1
        assert sum("collapsed" in (each.header("cache-status") or "") for each in said) == 19

    def test_is_one_for_each_selection_even_if_nobody_knew_that_answers_vary(
        self, door: Door, orders: FakeService
    ) -> None:
        go = held(orders, "/slow/vary", MINUTE, "Vary: Accept-Language")
        languages = ["de", "en"] * 5

        with ExitStack() as stack:
            first = asking(door, stack, "/slow/vary", "Accept-Language: de")
            until(lambda: orders.asked)
            clients = [asking(door, stack, "/slow/vary", f"Accept-Language: {each}") for each in languages]
            all_have_been_heard(door)
            go.set()
            said = {(each, client.answer().body) for each, client in zip(languages, clients, strict=True)}
            first_said = first.answer().body

        assert first_said == b"1"
        assert said == {("de", b"1"), ("en", b"2")}
        assert len(orders.asked) == 2

    def test_goes_over_to_the_next_when_the_first_leaves(self, door: Door, orders: FakeService) -> None:
        go = held(orders, "/slow/left", MINUTE)

        with ExitStack() as stack:
            first = asking(door, stack, "/slow/left")
            until(lambda: len(orders.asked) == 1)
            clients = [asking(door, stack, "/slow/left") for _ in range(3)]
            all_have_been_heard(door)
            first.socket.close()
            until(lambda: len(orders.asked) == 2)
            go.set()
            said = {each.answer().body for each in clients}

        assert said == {b"2"}
        assert len(orders.asked) == 2

    def test_that_fails_fails_the_first_alone(self, door: Door, orders: FakeService) -> None:
        go = threading.Event()

        def script(connection: Connection, asked: Asked) -> None:
            number = len(orders.asked)
            assert go.wait(60)
            connection.send(answer(500 if number == 1 else 200, b"%d" % number, MINUTE))

        orders.on("/slow/failing", script)
        with ExitStack() as stack:
            clients = [asking(door, stack, "/slow/failing") for _ in range(4)]
            until(lambda: orders.asked)
            all_have_been_heard(door)
            go.set()
            said = sorted(each.answer().status for each in clients)

        assert said == [200, 200, 200, 500]
        assert len(orders.asked) == 2

    def test_is_waited_for_no_longer_than_each_has_time(self, door: Door, orders: FakeService) -> None:
        go = held(orders, "/slow/hurry", MINUTE)

        with ThreadPoolExecutor(1) as clients:
            patient = clients.submit(door.ask, "GET", "/slow/hurry")
            until(lambda: orders.asked)
            hurried = door.ask("GET", "/slow/hurry", "X-Request-Timeout-Ms: 300")
            go.set()
            first = patient.result()

        assert (hurried.status, hurried.json["code"]) == (504, "deadline_exceeded")
        assert (first.status, first.body) == (200, b"1")
        assert len(orders.asked) == 1

    def test_is_none_where_answers_are_for_one_alone(self, door: Door, orders: FakeService) -> None:
        counting(orders, "/slow/alone", "Cache-Control: private")
        door.ask("GET", "/slow/alone")
        go = held(orders, "/slow/alone", "Cache-Control: private")

        with ThreadPoolExecutor(5) as clients:
            answers = [clients.submit(door.ask, "GET", "/slow/alone") for _ in range(5)]
            until(lambda: len(orders.asked) == 6)
            go.set()
            said = [each.result().status for each in answers]

        assert said == [200] * 5

    def test_is_read_although_the_first_is_slow_to_take_it(self, door: Door, orders: FakeService) -> None:
        body = b"x" * 250_000
        orders.says("/slow/reader", answer(200, body, MINUTE))

        with door.connect() as slow:
            slow.send(b"GET /slow/reader HTTP/1.1\r\nHost: ficus.test\r\n\r\n")
            until(lambda: orders.asked)
            assert door.ask("GET", "/slow/reader").body == body

        assert len(orders.asked) == 1


class TestPurge:
    @pytest.mark.parametrize("by", ["tag", "key", "route"])
    def test_reaches_a_running_worker(self, door: Door, orders: FakeService, by: str) -> None:
        target = f"/kept/purged-by-{by}"
        counting(orders, target, MINUTE, f"Surrogate-Key: goods by-{by}", "Cache-Tag: other")
        kept = door.ask("GET", target)
        assert door.ask("GET", target).body == kept.body
        named = {"tag": f"by-{by}", "key": target, "route": "kept"}[by]

        said = door.manage("cache", "purge", f"--{by}", named, "--reason", "Wrong price")
        until(lambda: door.ask("GET", target).body != kept.body)

        assert said == f"purged {by} {named}\n"
        assert (kept.header("surrogate-key"), kept.header("cache-tag")) == (None, None)

    def test_and_hits_are_counted_for_operators(self, door: Door) -> None:
        counted = _stats(door)
        until(lambda: _stats(door).get(("kept", "hit"), 0) > 0)

        assert ("all routes", "hit") not in counted


def _stats(door: Door) -> dict[tuple[str, str], int]:
    rows = [line.split("  ") for line in door.manage("cache", "stats").splitlines()]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    return {(row[0], row[1]): int(row[2]) for row in cells if len(row) == 3}
