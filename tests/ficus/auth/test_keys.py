"""Proves the keys' part of semantics section 6: one place, one reader at a time, the last good set kept."""

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ficus.auth.keys import KeySet, read_keys, source
from ficus.testing import tokens

KEY = tokens.make_key()


class Place:
    """A place that publishes keys, or fails, and counts how often it is asked."""

    def __init__(self, *kids: str) -> None:
        self.kids = list(kids)
        self.away = False
        self.asked = 0

    def __call__(self) -> Any:
        self.asked += 1
        if self.away:
            raise ConnectionError("away")
        return {"keys": [tokens.jwks(KEY, kid=kid)["keys"][0] for kid in self.kids]}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def until(look: Callable[[], bool]) -> bool:
    """Wait until something is so; say whether it ever was."""
    give_up_at = time.monotonic() + 60
    while not (come := look()) and time.monotonic() < give_up_at:
        time.sleep(0.01)
    return come


class TestReadKeys:
    def test_takes_only_verification_keys_on_p256(self) -> None:
        good = tokens.jwks(KEY, kid="good")["keys"][0]
        others = [
            {**good, "kid": "encryption", "use": "enc"},
            {**good, "kid": "other-algorithm", "alg": "ES512"},
            {**good, "kid": 7},
            {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"},
            {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "rsa"},
            "text",
        ]

        assert list(read_keys({"keys": [*others, good]})) == ["good"]

    def test_keeps_nothing_private(self) -> None:
        private = {**tokens.jwks(KEY, kid="leaked")["keys"][0], "d": "AQAB"}

        assert not hasattr(read_keys({"keys": [private]})["leaked"], "private_numbers")

    @pytest.mark.parametrize("jwks", [None, [], {}, {"keys": None}, {"keys": []}, {"keys": [{}]}, "text"])
    def test_refuses_what_holds_no_key(self, jwks: Any) -> None:
        with pytest.raises(ValueError, match="JWK set"):
            read_keys(jwks)

    def test_refuses_a_point_that_is_not_on_the_curve(self) -> None:
        broken = {**tokens.jwks(KEY)["keys"][0], "x": "AA"}

        with pytest.raises(Exception, match=r"coords|curve"):
            read_keys({"keys": [broken]})


class TestRefresh:
    def test_reads_an_unknown_key_at_most_once_in_thirty_seconds(self, clock: Clock) -> None:
        place = Place("a")
        keys = KeySet(place, clock)
        keys.refresh()
        place.kids = ["a", "b"]

        clock.now += 29.9
        keys.refresh()
        early = keys.find("b")
        clock.now += 0.1
        keys.refresh()

        assert early is None
        assert keys.find("b") is not None
        assert place.asked == 2

    def test_keeps_the_last_good_keys_while_the_place_is_away(self, clock: Clock) -> None:
        place = Place("a")
        keys = KeySet(place, clock)
        keys.refresh()
        place.away = True

        clock.now += 31
        answer = keys.refresh()

        assert answer is True
        assert keys.find("a") is not None
        assert keys.version == 1

    def test_tries_again_after_a_second_when_reading_failed(self, clock: Clock) -> None:
        place = Place("a")
        place.away = True
        keys = KeySet(place, clock)
        first = keys.refresh()
        place.away = False

        at_once = keys.refresh()
        clock.now += 1.0
        later = keys.refresh()

        assert (first, at_once, later) == (False, False, True)
        assert place.asked == 2

    def test_drops_a_key_that_is_no_longer_published(self, clock: Clock) -> None:
        place = Place("a", "b")
        keys = KeySet(place, clock)
        keys.refresh()
        place.kids = ["b"]

        clock.now += 31
        keys.refresh()

        assert keys.find("a") is None
        assert keys.version == 2

    def test_is_done_by_one_of_many_callers(self) -> None:
        entered, go = threading.Event(), threading.Event()
        place = Place("a")

        def slow() -> Any:
            entered.set()
            go.wait(5)
            return place()

        keys = KeySet(slow)
        callers = [threading.Thread(target=keys.refresh) for _ in range(20)]
        for caller in callers:
            caller.start()
        entered.wait(5)
        go.set()
        for caller in callers:
            caller.join(5)

        assert place.asked == 1
        assert keys.find("a") is not None

    def test_in_the_background_does_not_hold_up_the_caller(self) -> None:
        go, done = threading.Event(), threading.Event()

        def slow() -> Any:
            go.wait(5)
            done.set()
            return Place("a")()

        keys = KeySet(slow)
        keys.refresh_in_background()
        before = keys.find("a")
        go.set()

        assert done.wait(5)
        assert before is None
        assert keys.refresh()
        assert keys.find("a") is not None


class TestExpect:
    def test_has_the_keys_read_again_where_others_are_published(self, clock: Clock) -> None:
        place = Place("a")
        keys = KeySet(place, clock)
        keys.refresh()
        place.kids = ["b"]
        clock.now += 1

        keys.expect(["b"])

        assert until(lambda: keys.find("b") is not None)
        assert keys.find("a") is None

    def test_reads_nothing_where_all_are_known_or_it_was_just_done(self, clock: Clock) -> None:
        place = Place("a")
        keys = KeySet(place, clock)
        keys.refresh()

        keys.expect(["b"])
        clock.now += 1
        keys.expect(["a"])

        assert place.asked == 1


class TestPrepare:
    def test_reads_until_keys_are_known(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(KeySet, "RETRY_SECONDS", 0.01)
        answers = iter([OSError, OSError])
        read = threading.Event()

        def place() -> Any:
            for failure in answers:
                raise failure("nobody answers")
            read.set()
            return tokens.jwks(KEY)

        keys = KeySet(place)
        keys.prepare()

        assert read.wait(30)
        assert keys.refresh() is True
        assert keys.find(tokens.KID) is not None


class TestFind:
    def test_has_old_keys_read_again_in_the_background(self, clock: Clock) -> None:
        asked_again = threading.Event()
        place = Place("a")

        def read() -> Any:
            if place.asked:
                asked_again.set()
            return place()

        keys = KeySet(read, clock)
        keys.refresh()
        clock.now += 301

        key = keys.find("a")

        assert key is not None
        assert asked_again.wait(5)


@pytest.fixture
def serve() -> Iterator[Callable[[int, bytes], str]]:
    """Return a function that starts a server with one answer and returns the address."""
    servers = []

    def start(status: int, body: bytes) -> str:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/jwks.json"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


class TestSource:
    def test_reads_a_set_from_its_address(self, serve: Callable[[int, bytes], str]) -> None:
        import json

        address = serve(200, json.dumps(tokens.jwks(KEY, kid="far")).encode())

        assert list(read_keys(source(address)())) == ["far"]

    @pytest.mark.parametrize(("status", "body"), [(302, b"{}"), (500, b"{}"), (200, b"<html>"), (200, b" " * 70_000)])
    def test_refuses_any_other_answer(self, serve: Callable[[int, bytes], str], status: int, body: bytes) -> None:
        read = source(serve(status, body))

        with pytest.raises(ValueError):  # noqa: PT011 - what counts is that it is one
            read()

    def test_calls_a_function_that_is_named(self) -> None:
        assert tokens.KID in read_keys(source("ficus.testing.tokens.trusted_jwks")())
