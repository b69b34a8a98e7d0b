"""One request that this process's own Django answers: console, docs, health, and every path nobody else serves."""

import asyncio
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
from uvicorn.server import ServerState

from gateway.data.message.onward import identity_and_trail
from gateway.data.message.peer import client_of, scheme_of
from gateway.data.message.request import Field, Request
from gateway.data.policies.limit import too_large

if TYPE_CHECKING:
    from gateway.data.protocol import ClientConnection

logger = logging.getLogger("uvicorn.error")


class LocalAnswer:
    """
    Runs the ASGI application for one request by uvicorn's own request cycle.

    The application sees what a service would see: the canonical path, and no header that the gateway took away.
    """

    __slots__ = ("_body_bytes", "_client", "_config", "_cycle", "_flow", "_request", "_server", "_state")

    def __init__(
        self, client: "ClientConnection", request: Request, config: Config, server: ServerState, state: dict[str, Any]
    ) -> None:
        self._client = client
        self._request = request
        self._config = config
        self._server = server
        self._state = state
        self._body_bytes = 0

    @property
    def has_begun(self) -> bool:
        return self._cycle.response_started

    def begin(self) -> None:
        self._flow = _Flow(self._client)
        self._cycle = _Cycle(
            scope=scope(self._request, self._state),
            transport=self._client.transport,
            flow=self._flow,
            logger=logger,
            access_logger=logger,
            access_log=False,
            default_headers=self._server.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=b"expect" in self._request.fields,
            keep_alive=self._request.keep_alive and not self._client.draining,
            on_response=self._answered,
        )
        self._cycle.more_body = self._request.has_body
        self._cycle.message_event.set()
        task = self._client.loop.create_task(self._cycle.run_asgi(self._config.loaded_app))
        task.add_done_callback(self._server.tasks.discard)
        self._server.tasks.add(task)

    def _answered(self) -> None:
        self._client.answered(self._cycle.status)

    def body_arrived(self, data: bytes) -> None:
        self._body_bytes += len(data)
        if self._body_bytes > self._request.route.body_limit:
            self._client.refuse(too_large(self._request))
            return
        self._cycle.body += data
        if len(self._cycle.body) > HIGH_WATER_LIMIT:
            self._flow.pause_reading()
        self._cycle.message_event.set()

    def body_ended(self) -> None:
        self._cycle.more_body = False
        self._cycle.message_event.set()

    def flush_onward(self) -> None:
        """Nothing gathers here: the application has it already."""

    def drain(self) -> None:
        """Whatever the application says has an end."""

    def client_left(self) -> None:
        self._cycle.disconnected = True
        self._cycle.message_event.set()
        self._flow.resume_writing()

    def client_is_slow(self) -> None:
        self._flow.pause_writing()

    def client_caught_up(self) -> None:
        self._flow.resume_writing()


class _Cycle(RequestResponseCycle):
    """uvicorn's, and it remembers the status for the record."""

    status = 0

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await super().send(message)


class _Flow(FlowControl):
    """uvicorn's, and it holds the body where the gateway holds it."""

    def __init__(self, client: "ClientConnection") -> None:
        super().__init__(client.transport)
        self._client = client

    def pause_reading(self) -> None:
        if not self.read_paused:
            self.read_paused = True
            self._client.hold_body()

    def resume_reading(self) -> None:
        if self.read_paused:
            self.read_paused = False
            self._client.release_body()


def scope(request: Request, state: dict[str, Any]) -> Any:
    """Return the request as ASGI has it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": f"1.{request.minor}",
        "server": None,
        "client": (client_of(request).decode(), request.peer.port),
        "scheme": scheme_of(request).decode(),
        "method": request.method.decode(),
        "root_path": "",
        "path": unquote(request.path.decode()),
        "raw_path": request.path,
        "query_string": request.query[1:],
        "headers": _headers(request),
        "state": state.copy(),
    }


def _headers(request: Request) -> list[Field]:
    headers = [(b"host", request.fields[b"host"]), *request.kept, *identity_and_trail(request)]
    headers += [(name, request.fields[name]) for name in (b"cookie", b"x-request-timeout-ms") if name in request.fields]
    if request.length:
        headers.append((b"content-length", b"%d" % request.length))
    elif request.length is None:
        headers.append((b"transfer-encoding", b"chunked"))
    return headers
