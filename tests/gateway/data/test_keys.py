import asyncio
from typing import Any

import pytest

from ficus.testing import tokens
from gateway.data import keys
from gateway.data.upstream.question import Reply, Unanswered
from gateway.data.upstream.upstream import Upstream
from tests.gateway.making import gateway

URL = "https://users.internal/.well-known/jwks.json"
SET = tokens.jwks(tokens.own_key())


def read(users: str, status: int, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, list[str]]:
    """Return what is read from another thread than the loop's, and what the service was asked."""
    asked: list[str] = []

    async def answer(upstream: Upstream, method: str, target: str, *, seconds: float) -> Reply:
        asked.append(f"{upstream.name} {method} {target}")
        return Reply(status, b'{"keys": []}')

    async def reading() -> Any:
        within = gateway()
        within.upstreams = {"users": Upstream("users", [users])}
        reads = keys.reading(within, URL, lambda: SET, asyncio.get_running_loop())
        assert reads() == SET  # here, where it must not wait
        return await asyncio.to_thread(reads)

    monkeypatch.setattr(keys, "ask", answer)
    return asyncio.run(reading()), asked


class TestReading:
    def test_asks_the_issuer_as_for_all_else_where_that_is_by_tls(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert read("https://10.0.0.5", 200, monkeypatch) == (
            {"keys": []},
            ["users GET /.well-known/jwks.json"],
        )

    def test_goes_on_as_it_did_where_it_is_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert read("http://10.0.0.5", 200, monkeypatch) == (SET, [])

    def test_says_that_there_are_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(Unanswered, match="503"):
            read("https://10.0.0.5", 503, monkeypatch)
