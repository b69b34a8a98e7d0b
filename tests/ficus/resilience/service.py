"""A real HTTP service on loopback that answers, fails, hangs up and dawdles as a test tells it to."""

import socket
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behaviour = Callable[["Handler"], None]


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    command: str
    path: str
    headers: Message
    body: bytes
    client_address: tuple[str, int]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Service"

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append(Asked(self.command, self.path, self.headers, body, self.client_address))
        (self.server.behaviours.popleft() if self.server.behaviours else answers(200))(self)

    do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = do_GET

    def log_message(self, *_: Any) -> None:
        pass


class Service(ThreadingHTTPServer):
    """
    :ivar asked: every request that came.
    :ivar behaviours: what becomes of those that come next; 200 of all others.
    """

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        self.asked: list[Asked] = []
        self.behaviours: deque[Behaviour] = deque()
        self.free = threading.Event()
        super().__init__(("127.0.0.1", port), Handler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def does(self, *behaviours: Behaviour) -> None:
        self.behaviours.extend(behaviours)

    def end(self) -> None:
        self.free.set()
        self.shutdown()
        self.server_close()


def answers(status: int, body: bytes = b"here", **headers: str) -> Behaviour:
    def answer(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(b"" if handler.command == "HEAD" else body)

    return answer


def answers_in_chunks(*chunks: bytes, is_whole: bool = True) -> Behaviour:
    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for chunk in chunks:
            handler.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        if is_whole:
            handler.wfile.write(b"0\r\n\r\n")
        else:
            hangs_up(handler)

    return answer


def hangs_up(handler: Handler) -> None:
    """Close the connection before a byte of an answer."""
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def breaks_off(handler: Handler) -> None:
    """Close the connection amid the body."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"the first of")
    handler.wfile.flush()
    hangs_up(handler)


def says_nothing(handler: Handler) -> None:
    """Leave the caller waiting until the test is over."""
    handler.server.free.wait(60)
    handler.close_connection = True


def drips(handler: Handler) -> None:
    """Send a byte of the body now and then, so that no silence is long, until nobody listens."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    try:
        while not handler.server.free.wait(0.05):
            handler.wfile.write(b".")
            handler.wfile.flush()
    except OSError:
        handler.close_connection = True
