import threading
import time
from typing import Any

import pytest

from ficus.auth import verifier as verifier_module
from ficus.auth.principal import Principal
from ficus.auth.revocations import SESSION, SUBJECT, Marks, Revocations, mark
from ficus.auth.verifier import InvalidToken, Verifier
from ficus.testing import tokens
from tests.ficus.auth.test_verifier import Clock, make_verifier

NOW = 1_790_000_000


@pytest.fixture
def verifier() -> Verifier:
    made = make_verifier()
    made.keys.refresh()
    return made


class TestMark:
    def test_tells_sessions_from_subjects_and_nothing_else(self) -> None:
        assert mark(SESSION, "a") != mark(SUBJECT, "a")
        assert len(mark(SESSION, "a" * 1000)) == 22


class TestRevocations:
    def test_cover_what_was_issued_up_to_that_second(self) -> None:
        revocations = Revocations(Clock(NOW))

        revocations.add({"session": NOW + 0.5}, keep_seconds=300)

        covered = [revocations.cover(Marks("session", "somebody", NOW + second)) for second in (-1, 0, 1)]
        assert covered == [True, True, False]
        assert not revocations.cover(Marks("other", "somebody", NOW))

    def test_never_go_back(self) -> None:
        revocations = Revocations(Clock(NOW))

        assert revocations.add({"s": NOW}, keep_seconds=300) == {"s"}
        assert revocations.add({"s": NOW - 10}, keep_seconds=300) == set()
        assert revocations.add({"s": NOW + 10}, keep_seconds=300) == {"s"}
        assert revocations.cover(Marks("s", "", NOW + 5))

    def test_are_forgotten_once_no_token_is_as_old(self) -> None:
        clock = Clock(NOW)
        revocations = Revocations(clock)
        revocations.add({"old": NOW}, keep_seconds=300)

        clock.now += 301
        revocations.add({"new": NOW + 301}, keep_seconds=300)

        assert len(revocations) == 1


class TestVerifier:
    def test_refuses_a_token_of_a_session_that_has_ended_though_it_had_taken_it(self, verifier: Verifier) -> None:
        token, other = tokens.token(sid="a"), tokens.token(sid="b")
        verifier.check(token)
        verifier.check(other)

        assert verifier.revoke({mark(SESSION, "a"): time.time()}, token_seconds=300) == 1

        with pytest.raises(InvalidToken, match="session has ended"):
            verifier.check(token)
        assert verifier.check(other).session_id == "b"

    def test_refuses_every_token_of_a_subject_issued_before(self, verifier: Verifier) -> None:
        then = int(time.time()) - 10
        old = tokens.sign(tokens.claims(sub="ada", iat=then, nbf=then))
        verifier.check(old)

        verifier.revoke({mark(SUBJECT, "ada"): then + 5.0}, token_seconds=300)

        with pytest.raises(InvalidToken):
            verifier.check(old)
        assert verifier.check(tokens.sign(tokens.claims(sub="ada"))).subject == "ada"

    def test_keeps_no_token_that_was_revoked_while_it_was_examined(
        self, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        looked, go_on = threading.Event(), threading.Event()

        def principal_of(claims: dict[str, Any]) -> Principal:
            looked.set()
            assert go_on.wait(30)
            return Principal(claims["sub"])

        monkeypatch.setattr(verifier_module, "principal_of", principal_of)
        token = tokens.token(sid="a")
        examining = threading.Thread(target=verifier.check, args=(token,), daemon=True)
        examining.start()
        assert looked.wait(30)

        verifier.revoke({mark(SESSION, "a"): time.time()}, token_seconds=300)
        go_on.set()
        examining.join(30)

        with pytest.raises(InvalidToken):
            verifier.check(token)
