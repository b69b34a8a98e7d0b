"""gunicorn's worker class for the gateway: ``gunicorn --worker-class gateway.data.worker.GatewayWorker``."""

import asyncio
import gc
import logging
import signal
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from gunicorn.arbiter import Arbiter
from uvicorn.server import Server
from uvicorn_worker import UvicornWorker

from gateway import compiled
from gateway.data import discovering, housekeeping, revoking, runtime
from gateway.data.protocol import HEAD_SECONDS, LINGER_SECONDS, ClientConnection

if TYPE_CHECKING:
    from gateway.data.certificates import Certificates


logger = logging.getLogger(__name__)


class GatewayWorker(UvicornWorker):  # type: ignore[misc]  # published without types
    """
    uvicorn in gunicorn, with the data path in front of the ASGI application.

    On SIGTERM it stops listening, answers what has been asked, and ends within ``timeout_graceful_shutdown`` seconds.
    """

    CONFIG_KWARGS: dict[str, Any] = {
        "loop": "uvloop",
        "http": "gateway.data.protocol:ClientConnection",
        "ws": "none",
        "lifespan": "off",
        "interface": "asgi3",
        "proxy_headers": False,  # the data path writes them
        "server_header": False,
        "access_log": False,  # it has its own
        "timeout_graceful_shutdown": 18,
    }

    async def _serve(self) -> None:
        async with running_gateway():
            self.config.app = self.wsgi
            server = GatewayServer(self.config)
            self._install_sigquit_handler()
            # uvicorn raises the signal again once it has drained; the process would die of it before it has tidied up.
            signal.signal(signal.SIGTERM, _exit)
            await server.serve(sockets=self.sockets)
            if not server.started:
                sys.exit(Arbiter.WORKER_BOOT_ERROR)


class GatewayServer(Server):
    """uvicorn's, and it speaks TLS on those sockets that are to, and lets the data path know when it stops."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        from django.conf import settings

        certificates = runtime.current().certificates
        secured = [each for each in sockets or () if certificates and _speaks_tls(each, settings.TLS_PORTS)]
        await super().startup([each for each in sockets or () if each not in secured])
        for each in secured:
            self.servers.append(await self._secured(each, certificates))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        runtime.current().draining = True
        await super().shutdown(sockets)

    async def _secured(self, listening: socket.socket, certificates: "Certificates | None") -> asyncio.Server:
        assert certificates is not None  # noqa: S101 - without any, no socket is secured
        return await asyncio.get_running_loop().create_server(
            lambda: ClientConnection(self.config, self.server_state, self.lifespan.state),
            sock=listening,
            ssl=certificates.context,
            ssl_handshake_timeout=HEAD_SECONDS,
            ssl_shutdown_timeout=LINGER_SECONDS,
            backlog=self.config.backlog,
        )


def _speaks_tls(listening: socket.socket, ports: Sequence[int]) -> bool:
    name = listening.getsockname()
    return not ports or (isinstance(name, tuple) and name[1] in ports)


def _exit(number: int, frame: object) -> None:
    sys.exit(0)


@asynccontextmanager
async def running_gateway() -> AsyncIterator[None]:
    """Assemble this process's gateway from settings and database, and keep it tidy for the duration of the block."""
    # Not at the top, where the process that manages the workers would import it and count as one more of them.
    from ficus.configuration import live
    from gateway.control import assembly
    from gateway.data import metrics

    logger.info("the data path is %s", compiled.told())
    gateway = await assembly.assemble()
    runtime.install(gateway)
    gc.collect()
    gc.freeze()  # what has been loaded by now stays: to look for garbage in it would hold up requests for nothing
    announced, purged, ordered = asyncio.Event(), asyncio.Event(), asyncio.Event()

    def hear() -> None:
        announced.set()
        purged.set()
        ordered.set()

    tasks = [
        asyncio.create_task(housekeeping.sweep(gateway)),
        asyncio.create_task(housekeeping.follow_table(gateway, assembly.reload_table, announced)),
        asyncio.create_task(housekeeping.count_mirrored(gateway, assembly.keep_mirrored)),
        asyncio.create_task(housekeeping.follow_purges(gateway, assembly.new_purges, purged)),
        asyncio.create_task(housekeeping.count_cached(gateway, assembly.keep_cached)),
        asyncio.create_task(housekeeping.follow_certificates(gateway)),
        asyncio.create_task(metrics.publish_for_ever(gateway)),
        asyncio.create_task(gateway.limiter.run()),
        asyncio.create_task(revoking.follow(gateway)),
        asyncio.create_task(discovering.follow(gateway, assembly.registry())),
        asyncio.create_task(housekeeping.follow_orders(gateway, assembly.orders_after, ordered)),
        asyncio.create_task(housekeeping.report_upstreams(gateway, assembly.keep_report)),
        asyncio.create_task(assembly.listen(hear)),
    ]
    loop = asyncio.get_running_loop()
    deaf = live.listen(lambda values: loop.call_soon_threadsafe(assembly.go_by, gateway, values))
    try:
        yield
    finally:
        deaf()
        for task in tasks:
            task.cancel()
        metrics.publish(gateway)
        if gateway.access_log is not None:
            gateway.access_log.flush()
