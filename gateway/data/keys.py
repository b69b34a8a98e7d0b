"""Reads the issuer's keys as the issuer is asked for all else, where that is by TLS."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gateway.data.revoking import ISSUER
from gateway.data.upstream.question import Unanswered, ask

if TYPE_CHECKING:
    from gateway.data.runtime import Gateway

ANSWER_SECONDS = 2.0


def reading(
    gateway: "Gateway", url: str, otherwise: Callable[[], Any], loop: asyncio.AbstractEventLoop
) -> Callable[[], Any]:
    """
    Return a function that reads the keys from any thread.

    :param url: where the keys are; its host and port matter to ``otherwise`` alone.
    :param otherwise: reads them where the issuer is not asked by TLS, and on the loop, which cannot wait for itself.
    """
    path = urlsplit(url).path

    def read() -> Any:
        upstream = gateway.upstreams.get(ISSUER)
        if upstream is None or upstream.security is None or _runs_here(loop):
            return otherwise()
        asked = asyncio.run_coroutine_threadsafe(ask(upstream, "GET", path, seconds=ANSWER_SECONDS), loop)
        reply = asked.result(timeout=2 * ANSWER_SECONDS)
        if reply.status != 200:
            raise Unanswered(f"the answer is {reply.status}")
        return reply.json()

    return read


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
