"""
Asks, where there is no wrk or requests are to come at a rate: ``python -m bench.gateway.generator '{...}'``.

At a rate each request has a time at which it is due, whatever became of those before it (open loop), and its latency
counts from then: no coordinated omission. Without a rate each connection asks again once it has been answered.
"""

import ctypes
import json
import os
import re
import select
import socket
import struct
import sys
import time
from collections import deque
from itertools import cycle
from pathlib import Path
from typing import Any

from bench.figures import percentile

PATIENCE_SECONDS = 5.0
_LENGTH = re.compile(rb"\r\n[Cc]ontent-[Ll]ength: *([0-9]+)")
_MONOTONIC, _NONBLOCKING = 1, 0o4000


class Connection:
    """One connection, and the request that is under way on it."""

    __slots__ = ("due", "number", "pending", "socket")

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port), timeout=PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number = self.socket.fileno()
        self.pending = b""
        self.due = 0.0

    def send(self, request: bytes, due: float) -> None:
        self.due = due
        self.socket.sendall(request)

    def answered(self) -> int:
        """
        Read on; return the status once the answer is complete, else 0.

        :raises ConnectionError: if the connection ended.
        """
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError
        self.pending += data
        end = self.pending.find(b"\r\n\r\n") + 4
        if end < 4:
            return 0
        length = _LENGTH.search(self.pending, 0, end)
        if len(self.pending) < end + int(length[1] if length else 0):
            return 0
        status = int(self.pending[9:12])
        self.pending = b""
        return status


class Generator:
    """One run of so many seconds."""

    def __init__(self, host: str, port: int, requests: list[bytes], connections: int, rate: float, seconds: float):
        self._connections = {each.number: each for each in (Connection(host, port) for _ in range(connections))}
        self._requests, self._rate, self._seconds = cycle(requests), rate, seconds
        self._latencies: list[float] = []
        self._late: list[float] = []
        self._failed = 0
        self._idle = list(self._connections.values())
        self._due: deque[float] = deque()

    def run(self) -> dict[str, Any]:
        poll = select.epoll()
        for number in self._connections:
            poll.register(number, select.EPOLLIN)
        began, busy = time.perf_counter(), time.process_time()
        self._ends = began + self._seconds
        clock = self._start_clock(poll)
        self._next = began
        if not self._rate:
            self._due.extend([began] * len(self._idle))
        self._send()
        while time.perf_counter() < self._ends or self._is_waiting():
            for number, _ in poll.poll(0.1):
                if number == clock:
                    self._tick(clock)
                else:
                    self._hear(self._connections[number], poll)
            self._send()
        seconds = min(time.perf_counter() - began, self._seconds)
        self._close(poll, clock)
        return self._found(seconds, (time.process_time() - busy) / (time.perf_counter() - began))

    def _close(self, poll: select.epoll, clock: int) -> None:
        poll.close()
        if clock >= 0:
            os.close(clock)
        for connection in self._connections.values():
            connection.socket.close()

    def _is_waiting(self) -> bool:
        unanswered = bool(self._due) or len(self._idle) < len(self._connections)
        return unanswered and time.perf_counter() < self._ends + PATIENCE_SECONDS

    def _start_clock(self, poll: select.epoll) -> int:
        """Return a descriptor that is readable whenever a request is due (timerfd_create(2))."""
        if not self._rate:
            return -1
        library, pause = ctypes.CDLL(None, use_errno=True), 1 / self._rate
        clock: int = library.timerfd_create(_MONOTONIC, _NONBLOCKING)
        whole, rest = int(pause), int(pause % 1 * 1e9)
        library.timerfd_settime(clock, 0, struct.pack("llll", whole, rest, whole, rest), None)
        poll.register(clock, select.EPOLLIN)
        return clock

    def _tick(self, clock: int) -> None:
        for _ in range(int.from_bytes(os.read(clock, 8), sys.byteorder)):
            self._next += 1 / self._rate
            if self._next < self._ends:
                self._due.append(self._next)

    def _send(self) -> None:
        while self._due and self._idle:
            due, connection = self._due.popleft(), self._idle.pop()
            if self._rate:
                self._late.append(max(0.0, time.perf_counter() - due))
            connection.send(next(self._requests), due)

    def _hear(self, connection: Connection, poll: select.epoll) -> None:
        try:
            status = connection.answered()
        except OSError:
            poll.unregister(connection.number)
            connection.socket.close()
            del self._connections[connection.number]
            self._failed += 1
            return
        if not status:
            return
        now = time.perf_counter()
        if status == 200:
            self._latencies.append(now - connection.due)
        else:
            self._failed += 1
        self._idle.append(connection)
        if not self._rate and now < self._ends:
            self._due.append(now)

    def _found(self, seconds: float, busy: float) -> dict[str, Any]:
        unanswered = len(self._due) + len(self._connections) - len(self._idle)
        return {
            "requests": len(self._latencies),
            "seconds": seconds,
            "failed": self._failed + unanswered,
            "p50_ms": _milliseconds(self._latencies, 0.50),
            "p99_ms": _milliseconds(self._latencies, 0.99),
            "late_ms": _milliseconds(self._late, 0.99),
            "busy": busy,
        }


def _milliseconds(seconds: list[float], share: float) -> float | None:
    found = percentile(seconds, share)
    return None if found is None else found * 1000


def read_requests(path: Path) -> list[bytes]:
    """Return the requests of a file, each of which is preceded by its length in a line."""
    data, found, at = path.read_bytes(), [], 0
    while at < len(data):
        begins = data.index(b"\n", at) + 1
        at = begins + int(data[at:begins])
        found.append(data[begins:at])
    return found


def write_requests(path: Path, requests: list[bytes]) -> None:
    path.write_bytes(b"".join(b"%d\n%b" % (len(each), each) for each in requests))


if __name__ == "__main__":
    job = json.loads(sys.argv[1])
    job["requests"] = read_requests(Path(job["requests"]))
    print(json.dumps(Generator(**job).run()))
