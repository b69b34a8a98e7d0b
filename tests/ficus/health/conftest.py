import socketserver
import threading
from collections.abc import Iterator

import pytest


class _Pong(socketserver.BaseRequestHandler):
    """Answers each command as Redis answers one that it did."""

    def handle(self) -> None:
        while received := self.request.recv(4096):
            answer = b"+PONG\r\n" if b"PING" in received.upper() else b"+OK\r\n"
            # A client sends several commands at once while it connects.
            self.request.sendall(answer * max(1, received.count(b"*")))


@pytest.fixture
def redis_that_answers() -> Iterator[str]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Pong) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"redis://127.0.0.1:{server.server_address[1]}/0?protocol=2"
        server.shutdown()
