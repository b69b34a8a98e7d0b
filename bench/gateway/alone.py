"""
``python -m bench.gateway.alone``: what the data path takes of a request by itself, interpreted and compiled, in turn.

No socket: requests and answers are handed to both protocols, as transports would, and what they write is thrown away.
So it says nothing about a gateway as a whole, but shows even on a busy machine what a change of the code does.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import time
from typing import Any

import msgspec
import uvloop
from uvicorn.config import Config
from uvicorn.server import ServerState

from bench.gateway.ours import ISSUER, WANTED
from bench.gateway.tokens import Tokens as Issuer
from bench.gateway.upstream import BODY
from config.compiling import COMPILED, CannotCompile, make
from ficus.auth.keys import KeySet
from ficus.auth.verifier import Verifier
from gateway.data import runtime
from gateway.data.access_log import AccessLog
from gateway.data.limiting.limiter import Limiter
from gateway.data.policies import KINDS
from gateway.data.protocol import ClientConnection
from gateway.data.routing.route import Access, Route
from gateway.data.routing.table import Table
from gateway.data.runtime import Gateway
from gateway.data.sessions import Sessions
from gateway.data.tokens import Tokens
from gateway.data.upstream.connection import UpstreamConnection
from gateway.data.upstream.upstream import Upstream

ROUNDS, WINDOWS, REQUESTS, WARM_UP = 5, 5, 10_000, 2_000
ANSWER = (
    "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sat, 21 Nov 2026 16:05:03 GMT\r\n"
    "Content-Type: application/json\r\n"
    f"Content-Length: {len(BODY)}\r\nConnection: keep-alive\r\n\r\n{BODY}"
).encode()


class Nowhere:
    """A transport to nobody, and a Redis that is always there and never asked."""

    is_up = True

    def __init__(self) -> None:
        self.last = b""

    def write(self, data: bytes) -> None:
        self.last = data

    def is_closing(self) -> bool:
        return False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 4711) if name == "peername" else default


class Between:
    """One client and one service, with the data path between them, bare or with everything on as ``ours`` has it."""

    def __init__(self, *, full: bool) -> None:
        issuer, nobody = Issuer(ISSUER), Nowhere()
        keys = KeySet(issuer.keys)
        keys.refresh()
        policies = {kind: msgspec.convert(terms, KINDS[kind]) for kind, terms in WANTED.items()}
        bare = Route("bare", "one", b"/bare", access=Access.PUBLIC)
        everything = Route("full", "one", b"/full", policies=policies)
        self.gateway = Gateway(
            table=Table([bare, everything], version=1),
            upstreams={"one": Upstream("one", ["http://127.0.0.1:1"], frozenset((b"gateway_session",)))},
            tokens=Tokens(Verifier(issuer=ISSUER, audience="ficus", keys=keys)),
            sessions=Sessions(_no_session),
            public_origin=ISSUER.encode(),
            session_cookie=b"gateway_session",
            sampled_share=0.0,
            access_log=AccessLog(len, for_machine=True, service="gateway", version="0") if full else None,
            limiter=Limiter(nobody),  # type: ignore[arg-type]  # it is not asked
        )
        runtime.install(self.gateway)
        line = f"Authorization: Bearer {issuer.make(1)[0]}\r\n" if full else ""
        self._asks = f"GET /{'full' if full else 'bare'} HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n{line}\r\n".encode()
        self._client_side = Nowhere()
        self._client = ClientConnection(Config("", log_config=None), ServerState(), {}, asyncio.get_running_loop())
        self._client.connection_made(self._client_side)  # type: ignore[arg-type]
        instance = self.gateway.upstreams["one"].instances[0]
        self._service = UpstreamConnection(instance)
        self._service.connection_made(nobody)  # type: ignore[arg-type]
        instance.keep(self._service)

    def pass_through(self, count: int) -> float:
        """Return the CPU-microseconds of one of so many requests."""
        began = time.process_time()
        for _ in range(count):
            self._client.data_received(self._asks)
            self._service.data_received(ANSWER)
        taken = time.process_time() - began
        if not self._client_side.last.endswith(BODY.encode()):
            raise RuntimeError(f"that was no answer: {self._client_side.last[:200]!r}")
        if self.gateway.access_log is not None:
            self.gateway.access_log.flush()
        return taken / count * 1e6


async def _no_session(key: str, refused: str) -> str:
    return ""


async def measure(*, full: bool) -> float:
    """Return the microseconds of a request, the median of a few windows."""
    between = Between(full=full)
    between.pass_through(WARM_UP)
    return statistics.median(between.pass_through(REQUESTS) for _ in range(WINDOWS))


def measured_apart(what: str, *, compiled: bool) -> float:
    """Return the same, by a process of its own."""
    environment = {**os.environ, "GATEWAY_COMPILED": str(COMPILED) if compiled else ""}
    command = [sys.executable, "-m", "bench.gateway.alone", "--measure", what]
    return float(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


def compare(what: str) -> None:
    pairs = [(measured_apart(what, compiled=False), measured_apart(what, compiled=True)) for _ in range(ROUNDS)]
    interpreted, compiled = (statistics.median(each) for each in zip(*pairs, strict=True))
    ratio = statistics.median(one / other for one, other in pairs)
    print(f"{what}: interpreted {interpreted:.1f} us a request, compiled {compiled:.1f}, {ratio:.2f} times as quick")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.gateway.alone", description=__doc__)
    parser.add_argument("--measure", choices=("bare", "full"), help="by this very process, and print the number alone")
    chosen = parser.parse_args()
    if chosen.measure:
        print(uvloop.run(measure(full=chosen.measure == "full")))
        return 0
    try:
        make()
    except CannotCompile as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for what in ("bare", "full"):
        compare(what)
    return 0


if __name__ == "__main__":
    sys.exit(main())
