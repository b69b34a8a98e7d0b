import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from prometheus_client import REGISTRY

from ficus.auth import listening
from ficus.auth import verifier as verifier_module
from ficus.auth.listening import WHOLE_SECONDS, Ear, Listener, reader
from ficus.auth.revocations import SESSION, mark
from ficus.auth.verifier import InvalidToken
from ficus.testing import tokens
from tests.ficus.auth.test_verifier import Clock, make_verifier

PATIENCE_SECONDS = 30.0


class Heard:
    """Notes what is revoked."""

    def __init__(self) -> None:
        self.marks: dict[str, float] = {}

    def __call__(self, marks: Mapping[str, float], *, token_seconds: float) -> None:
        self.marks |= dict(marks.items())


class Issuer:
    """Tells what it is made to, or fails; ``asked`` are the times since when it was asked."""

    def __init__(self) -> None:
        self.revoked: dict[str, float] = {}
        self.is_away = False
        self.asked: list[float] = []

    def __call__(self, since: float) -> dict[str, Any]:
        self.asked.append(since)
        if self.is_away:
            raise OSError("nobody answers")
        return told(**self.revoked)


def told(until: float = 12.5, **revoked: float) -> dict[str, Any]:
    return {"until": until, "token_seconds": 300, "revoked": revoked}


def comes(look: Callable[[], bool]) -> bool:
    """Wait until something is so; say whether it ever was."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not (come := look()) and time.monotonic() < until:
        time.sleep(0.01)
    return come


def is_refused(verifier: verifier_module.Verifier, token: str) -> bool:
    try:
        verifier.verify(token)
    except InvalidToken:
        return True
    return False


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is laden may take longer for a first answer than clients are made to wait."""
    monkeypatch.setattr(listening, "FIRST_SECONDS", PATIENCE_SECONDS)


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def verifier(issuer: Issuer) -> Iterator[verifier_module.Verifier]:
    made = make_verifier(revoked=issuer)
    yield made
    made.close()


class TestEar:
    def test_goes_on_from_where_it_was_and_now_and_then_asks_for_all(self) -> None:
        clock = Clock(1000)
        ear = Ear(Heard(), clock)

        seen = [ear.since()]
        ear.learn(told(until=12.5))
        seen.append(ear.since())
        clock.now += int(WHOLE_SECONDS)
        seen += [ear.since(), ear.since()]

        assert seen == [0.0, 12.5, 0.0, 12.5]

    @pytest.mark.parametrize("answer", [None, [], {}, {**told(), "until": None}, {**told(), "revoked": ["a"]}], ids=str)
    def test_takes_no_answer_that_makes_no_sense(self, answer: Any) -> None:
        clock, heard = Clock(1000), Heard()
        ear = Ear(heard, clock)
        ear.since()
        clock.now += 5

        with pytest.raises(ValueError, match="no sense"):
            ear.learn(answer)

        assert (ear.heard_at, ear.since(), heard.marks) == (1000, 0.0, {})

    def test_says_under_which_keys_tokens_are_good_if_the_issuer_does(self) -> None:
        seen: list[set[str]] = []
        ear = Ear(Heard(), Clock(1000), lambda kids: seen.append(set(kids)))

        ear.learn(told())
        ear.learn({**told(), "keys": ["a", "b"]})

        assert seen == [{"a", "b"}]


class TestVerifier:
    def test_knows_what_is_revoked_before_it_takes_its_first_token(
        self, verifier: verifier_module.Verifier, issuer: Issuer
    ) -> None:
        issuer.revoked = {mark(SESSION, "a"): time.time() + 1}

        assert is_refused(verifier, tokens.token(sid="a"))
        assert issuer.asked[0] == 0.0

    def test_hears_of_what_is_revoked_after_that(self, verifier: verifier_module.Verifier, issuer: Issuer) -> None:
        token, other = tokens.token(sid="a"), tokens.token(sid="b")
        assert not is_refused(verifier, token)

        issuer.revoked = {mark(SESSION, "a"): time.time() + 1}

        assert comes(lambda: is_refused(verifier, token))
        assert not is_refused(verifier, other)
        assert 12.5 in issuer.asked
        age = REGISTRY.get_sample_value("revocations_age_seconds")
        assert age is not None
        assert age < PATIENCE_SECONDS

    def test_forgets_nothing_while_nobody_answers_and_says_so_once(
        self, verifier: verifier_module.Verifier, issuer: Issuer, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.WARNING, "ficus.auth.listening")
        ended, good = tokens.token(sid="a"), tokens.token(sid="b")
        issuer.revoked = {mark(SESSION, "a"): time.time() + 1}
        assert is_refused(verifier, ended)

        issuer.is_away = True
        asked = len(issuer.asked)

        assert comes(lambda: len(issuer.asked) >= asked + 3)
        assert is_refused(verifier, ended)
        assert not is_refused(verifier, good)
        assert [record.getMessage() for record in caplog.records] == ["revoked tokens are not known: nobody answers"]

    def test_takes_tokens_if_it_never_hears_anything(self, verifier: verifier_module.Verifier, issuer: Issuer) -> None:
        issuer.is_away = True

        assert not is_refused(verifier, tokens.token())

    def test_asks_in_one_thread_whoever_comes_first(self, issuer: Issuer) -> None:
        begun, go_on = threading.Event(), threading.Event()

        def slow(since: float) -> dict[str, Any]:
            begun.set()
            go_on.wait(PATIENCE_SECONDS)
            return issuer(since)

        listener = Listener(Heard(), slow, pause_seconds=PATIENCE_SECONDS)
        callers = [threading.Thread(target=listener.listen, daemon=True) for _ in range(8)]
        for caller in callers:
            caller.start()
        assert begun.wait(PATIENCE_SECONDS)
        go_on.set()
        for caller in callers:
            caller.join(PATIENCE_SECONDS)
        listener.stop()

        assert len(issuer.asked) == 1
        assert not any(caller.is_alive() for caller in callers)

    def test_of_the_process_asks_where_the_settings_say(self, settings: Any) -> None:
        settings.TOKENS = {**settings.TOKENS, "REVOCATIONS": f"{__name__}.revoked_since"}

        assert is_refused(verifier_module.default(), tokens.token(sid="ended"))
        settings.TOKENS = {**settings.TOKENS, "REVOCATIONS": ""}
        assert not is_refused(verifier_module.default(), tokens.token(sid="ended"))


def revoked_since(since: float) -> dict[str, Any]:
    return told(**{mark(SESSION, "ended"): time.time() + 1})


class TestReader:
    @pytest.fixture
    def server(self) -> Iterator[ThreadingHTTPServer]:
        class Answering(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                since = parse_qs(urlsplit(self.path).query)["since"][0]
                body = json.dumps(told(until=float(since) + 1)).encode()
                self.send_response(200 if float(since) < 100 else 503)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Be silent."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
        server.server_close()

    def test_asks_over_http(self, server: ThreadingHTTPServer) -> None:
        read = reader(f"http://127.0.0.1:{server.server_address[1]}/revocations.json")

        assert [read(since)["until"] for since in (7.25, 8.5)] == [8.25, 9.5]
        with pytest.raises(ValueError, match="503"):
            read(100.0)
