import asyncio
import json
import time
from typing import Any

import pytest

from ficus.auth.listening import Ear
from ficus.auth.revocations import SESSION, mark
from ficus.testing import tokens
from gateway.data import revoking
from gateway.data.message.refusal import Refusal
from gateway.data.runtime import Gateway
from gateway.data.upstream.question import Reply, Unanswered
from gateway.data.upstream.upstream import Upstream
from tests.gateway.making import gateway


@pytest.fixture
def door() -> Gateway:
    made = gateway()
    made.upstreams = {"users": Upstream("users", ["http://127.0.0.1:1"])}
    return made


def answering(monkeypatch: pytest.MonkeyPatch, status: int, body: Any) -> list[str]:
    """Have the users service answer so; return what it is asked."""
    asked: list[str] = []

    async def ask(upstream: Upstream, method: str, target: str, *, seconds: float) -> Reply:
        asked.append(f"{method} {target}")
        return Reply(status, body if isinstance(body, bytes) else json.dumps(body).encode())

    monkeypatch.setattr(revoking, "ask", ask)
    return asked


class TestLearn:
    def test_refuses_what_is_revoked_and_goes_on_from_there(
        self, door: Gateway, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        token = tokens.token(sid="a").encode()
        door.tokens.check(token)
        told = {"until": 12.5, "token_seconds": 300, "revoked": {mark(SESSION, "a"): time.time()}}
        asked = answering(monkeypatch, 200, told)

        ear = Ear(door.tokens.revoke)
        for _ in range(2):
            asyncio.run(revoking.learn(door, ear))

        first, second = "since=0.000", "since=12.500"
        assert asked == [f"GET /.well-known/revocations.json?{since}" for since in (first, second)]
        with pytest.raises(Refusal) as refused:
            door.tokens.check(token)
        assert (refused.value.status, refused.value.code) == (401, "invalid_token")
        assert door.tokens.revoked == 1

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (404, {}),
            (503, b""),
            (200, b"no JSON"),
            (200, []),
            (200, {}),
            (200, {"until": 1, "token_seconds": 300, "revoked": ["a"]}),
            (200, {"until": 1, "token_seconds": 300, "revoked": {"a": "b"}}),
            (200, {"until": None, "token_seconds": 300, "revoked": {}}),
        ],
        ids=str,
    )
    def test_says_so_when_the_answer_is_none(
        self, door: Gateway, monkeypatch: pytest.MonkeyPatch, status: int, body: Any
    ) -> None:
        answering(monkeypatch, status, body)

        with pytest.raises(Unanswered):
            asyncio.run(revoking.learn(door, Ear(door.tokens.revoke)))

    def test_says_so_when_there_is_nobody_to_ask(self, door: Gateway) -> None:
        with pytest.raises(Unanswered):
            asyncio.run(revoking.learn(gateway(), Ear(door.tokens.revoke)))
