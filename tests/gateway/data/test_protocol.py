"""A client's connection whose request meets a policy that has a defect."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from gateway.data import policies, runtime
from gateway.data.message.request import Request
from gateway.data.protocol import ClientConnection
from gateway.data.routing.route import Route
from gateway.data.runtime import Gateway
from tests.gateway.making import gateway

ASKS = b"GET /orders HTTP/1.1\r\nHost: ficus.test\r\n\r\n"


def fails_at_once(request: Request) -> None:
    raise LookupError("defect")


def fails_later(request: Request) -> Awaitable[None]:
    async def later() -> None:
        raise LookupError("defect")

    return later()


def answer_to(asks: bytes, within: Gateway, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Return all that a connection says until it closes."""
    monkeypatch.setattr(runtime, "_current", within)

    async def talk() -> bytes:
        loop = asyncio.get_running_loop()
        near, far = socket.socketpair()
        await loop.connect_accepted_socket(
            lambda: ClientConnection(Config(None, log_config=None), ServerState(), {}, loop), near
        )
        reader, writer = await asyncio.open_connection(sock=far)
        writer.write(asks)
        said = await asyncio.wait_for(reader.read(), 30)
        writer.close()
        return said

    return asyncio.run(talk())


class TestPolicyWithADefect:
    @pytest.mark.parametrize("policy", [fails_at_once, fails_later])
    def test_is_told_as_a_500_and_logged(
        self,
        policy: Callable[[Request], Awaitable[None] | None],
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        within = gateway(Route("orders", "orders", b"/orders"))
        object.__setattr__(within.table.routes[0], "steps", (policy,))

        with caplog.at_level(logging.ERROR, "gateway.data.protocol"):
            said = answer_to(ASKS, within, monkeypatch)

        assert said.startswith(b"HTTP/1.1 500 ")
        assert b'"code":"internal_error"' in said
        assert "a policy failed" in caplog.text
        assert list(within.tally.take()) == [("orders", "orders", "GET", 500)]

    def test_before_a_route_is_found_is_told_likewise(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        within = gateway()
        monkeypatch.setattr(policies, "BEFORE_ROUTE", (fails_at_once,))

        said = answer_to(ASKS, within, monkeypatch)

        assert said.startswith(b"HTTP/1.1 500 ")
        assert "a policy failed" in caplog.text
