"""Notes whom this process would speak to, by Python's own audit events: nothing that goes through it stays unseen."""

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# What reaches out, and what could have others do so (docs.python.org/3/library/audit_events.html).
EVENTS = frozenset(
    (
        "socket.connect",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "socket.gethostbyaddr",
        "socket.getnameinfo",
        "socket.sendto",
        "socket.sendmsg",
        "subprocess.Popen",
        "os.system",
        "os.posix_spawn",
        "os.exec",
    )
)


class _Watch:
    """What is noted at present; an audit hook is for ever, so there is one, which mostly looks away."""

    def __init__(self) -> None:
        self.noted: list[str] | None = None
        self.threads_before: set[int] = set()
        self.is_hooked = False

    def hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.noted is None or event not in EVENTS:
            return
        if threading.get_ident() not in self.threads_before:
            self.noted.append(f"{event} {arguments}")


_watch = _Watch()


@contextmanager
def watched() -> Iterator[list[str]]:
    """Yield a list of what the block reaches out to, its own threads included; those from before it do not count."""
    if not _watch.is_hooked:
        sys.addaudithook(_watch.hear)
        _watch.is_hooked = True
    _watch.threads_before = {thread.ident or 0 for thread in threading.enumerate()} - {threading.get_ident()}
    _watch.noted = noted = []
    try:
        yield noted
    finally:
        _watch.noted = None


@contextmanager
def trap() -> Iterator[socket.socket]:
    """Yield a socket on loopback that listens and that nobody has a reason to connect to; see ``was_entered``."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def was_entered(server: socket.socket) -> bool:
    try:
        server.accept()[0].close()
    except BlockingIOError:
        return False
    return True
