"""What the gateway benchmark asks and counts with: its generator, its bodies, and memory of process trees."""

import itertools
import os
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from bench import cpu, memory
from bench.gateway.bodies import Bodies, BodyLost
from bench.gateway.generator import Generator, read_requests, write_requests

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"
REQUEST = b"GET / HTTP/1.1\r\n\r\n"
Answering = Callable[[int], list[bytes]]


class _Server(socketserver.ThreadingTCPServer):
    """Answers the nth request of all with those pieces, and closes after none."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, answering: Answering) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answering, self.count = answering, itertools.count(1)

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        with suppress(OSError):
            while self._next():
                pass

    def _next(self) -> bool:
        """Answer one request; say whether there may be another."""
        line = self.rfile.readline()
        while line not in (b"\r\n", b""):
            line = self.rfile.readline()
        pieces = self.server.answering(next(self.server.count)) if line else []
        for piece in pieces:
            self.request.sendall(piece)
            time.sleep(0.001)
        return bool(pieces)


@pytest.fixture
def serve() -> Iterator[Callable[[Answering], int]]:
    """Starts a server and returns its port."""
    with ExitStack() as stack:

        def start(answering: Answering) -> int:
            server = stack.enter_context(_Server(answering))
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            stack.callback(server.shutdown)
            return server.port

        yield start


def generate(port: int, *, rate: float, seconds: float, connections: int = 2) -> dict[str, float]:
    return Generator("127.0.0.1", port, [REQUEST], connections, rate, seconds).run()


class TestGenerator:
    def test_asks_as_often_as_it_is_told_and_counts_answers_that_come_in_pieces(
        self, serve: Callable[[Answering], int]
    ) -> None:
        port = serve(lambda number: [HEAD[:10], HEAD[10:] + b"o", b"ne"])

        found = generate(port, rate=100, seconds=0.295)

        assert (found["requests"], found["failed"]) == (29, 0)
        assert found["p50_ms"] > 1.0

    def test_asks_again_once_it_is_answered_without_a_rate(self, serve: Callable[[Answering], int]) -> None:
        port = serve(lambda number: [HEAD + b"one"])

        found = generate(port, rate=0, seconds=2)

        assert found["requests"] > 2
        assert (found["failed"], found["late_ms"]) == (0, None)

    def test_counts_other_statuses_and_broken_connections_as_failures(self, serve: Callable[[Answering], int]) -> None:
        port = serve(lambda number: [] if number == 3 else [HEAD.replace(b"200", b"503") + b"one"])

        found = generate(port, rate=50, seconds=0.19)

        assert (found["requests"], found["failed"]) == (0, 9)

    def test_makes_requests_wait_whose_time_has_come_and_counts_that(self, serve: Callable[[Answering], int]) -> None:
        port = serve(lambda number: [HEAD, b"o", b"n", b"e"])

        found = generate(port, rate=1000, seconds=0.0495, connections=1)

        assert found["requests"] == 49
        assert found["p99_ms"] > 50


class TestRequests:
    def test_are_read_as_they_were_written(self, tmp_path: Path) -> None:
        requests = [REQUEST, b"POST / HTTP/1.1\r\n\r\n12\n34"]

        write_requests(tmp_path / "requests", requests)

        assert read_requests(tmp_path / "requests") == requests


class TestBodies:
    SIZE = 300_000

    def test_arrive_whole_where_nobody_is_between(self) -> None:
        with Bodies(self.SIZE) as bodies:
            arrived = bodies.up(bodies.address), bodies.down(bodies.address)

        assert arrived == (self.SIZE, self.SIZE)

    def test_are_told_to_be_lost_where_they_are_not_whole(self, serve: Callable[[Answering], int]) -> None:
        port = serve(lambda number: [HEAD + b"one"])

        with Bodies(self.SIZE) as bodies:
            with pytest.raises(BodyLost, match="of 300000 bytes down came 3, answered with 200"):
                bodies.down(f"127.0.0.1:{port}")
            with pytest.raises(BodyLost, match="of 300000 bytes up came b'one'"):
                bodies.up(f"127.0.0.1:{port}")


class TestMemory:
    def test_of_this_process_is_there(self) -> None:
        assert memory.resident(os.getpid()) > 10

    def test_grows_at_most_by_what_was_used_at_any_moment(self) -> None:
        growth = memory.Growth(os.getpid())

        used = bytearray(b"x") * (32 << 20)
        del used

        assert 30 < growth.megabytes() < 60


class TestTree:
    STATS = [cpu.Stat(1, 0, 5), cpu.Stat(10, 1, 5), cpu.Stat(11, 10, 5), cpu.Stat(20, 1, 5)]

    def test_is_a_process_and_all_below_it(self) -> None:
        assert sorted(cpu.tree(self.STATS, 10)) == [10, 11]

    def test_of_nobody_is_told(self) -> None:
        with pytest.raises(LookupError, match="no process 7"):
            cpu.tree(self.STATS, 7)


class TestCores:
    def test_are_busy_for_so_many_ticks_of_all(self, tmp_path: Path) -> None:
        lines = ("cpu  9 9 9 9 9 9 9 9 0 0", "cpu0 1 2 3 40 5 6 7 8 0 0", "cpu1 1 0 0 9 0 0 0 0 0 0", "intr 5")
        (tmp_path / "stat").write_text("\n".join(lines))

        assert cpu.core_ticks([0], tmp_path) == (27, 72)
        assert cpu.core_ticks([0, 1], tmp_path) == (28, 82)
