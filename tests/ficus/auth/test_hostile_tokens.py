"""Hostile tokens are 401 and have nobody asked; proves semantics, section 6. The gateway's side: test_authenticate."""

import socket
from collections.abc import Iterator

import pytest
from rest_framework.test import APIClient

from ficus.auth import verifier
from ficus.testing import tokens
from tests.ficus.auth.hostile import CASES, Case
from tests.outbound import trap, was_entered, watched

LEAST = 60


@pytest.fixture(scope="module")
def attacker() -> Iterator[socket.socket]:
    with trap() as server:
        yield server


def address(server: socket.socket) -> str:
    return f"http://127.0.0.1:{server.getsockname()[1]}"


class TestCases:
    def test_are_many_and_each_is_one(self) -> None:
        assert len(CASES) >= LEAST
        assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.urls("tests.ficus.auth.urls")
class TestService:
    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
    def test_refuses_and_asks_nobody(self, case: Case, attacker: socket.socket) -> None:
        client = APIClient()
        assert client.get("/who", **tokens.bearer()).status_code == 200  # so the keys are known
        token = case.make(address(attacker))

        with watched() as reached:
            answer = client.get("/who", HTTP_AUTHORIZATION=f"Bearer {token}")

        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
        assert answer["WWW-Authenticate"] == 'Bearer realm="ficus", error="invalid_token"'
        assert reached == []
        assert not was_entered(attacker)

    def test_keeps_none_of_them(self, attacker: socket.socket) -> None:
        for case in CASES:
            with pytest.raises(verifier.InvalidToken):
                verifier.default().verify(case.make(address(attacker)))

        assert verifier.default()._kept == {}


class TestWatch:
    def test_would_see_a_connection(self, attacker: socket.socket) -> None:
        with watched() as reached:
            socket.create_connection(attacker.getsockname()[:2]).close()

        assert any(note.startswith("socket.connect") for note in reached)
        assert was_entered(attacker)
