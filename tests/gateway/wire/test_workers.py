"""Two workers that are killed, replaced, stopped and told of new tables, under load; proves semantics, section 11."""

import os
import signal
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.gateway.wire.client import Client
from tests.gateway.wire.conftest import PATIENT, Door, running_door
from tests.gateway.wire.service import Asked, Connection, FakeService, answer
from tests.gateway.wire.waiting import PATIENCE_SECONDS, until

CLIENTS = 6
PAUSE_SECONDS = 0.005
HELD_UP_SECONDS = 1.5  # a worker that stops keeps idle connections for 2
# Each change gives the service another weight and the route another prefix, which the service says in its answer.
HUNDRED = """
import time
from django.utils import timezone
from gateway.control import document, services
for number in range(1, 101):
    table = document.current()
    table["services"]["orders"] = {"instances": [{"address": "ADDRESS", "weight": 1 + number % 5}]}
    table["routes"]["products"] |= {"policies": {"rewrite": {"prefix": f"/products/{number}"}}}
    services.apply(table, by="tests", reason="test", at=timezone.now())
    print(number, time.time())
    time.sleep(0.03)
"""


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, _services: tuple[FakeService, FakeService]) -> Iterator[Door]:
    """A gateway of two workers."""
    with running_door(tmp_path_factory.mktemp("two"), *_services, script=PATIENT, WEB_WORKERS="2") as door:
        until(lambda: len(workers(door)) == 2, what="two workers")
        yield door


@dataclass
class Visitor:
    """
    One client that asks again and again, over one connection for as long as it lasts.

    :ivar failed: of each request that got no whole answer, its worker (0: not known yet), and why.
    :ivar seen: each answer: when it came, from which worker, and its body.
    """

    door: Door
    over: threading.Event
    target: str = "/products"
    statuses: Counter[int] = field(default_factory=Counter)
    failed: list[tuple[int, str]] = field(default_factory=list)
    seen: list[tuple[float, int, bytes]] = field(default_factory=list)
    comes_back: bool = True
    worker: int = 0

    def run(self) -> None:
        while not self.over.is_set():
            with self.door.connect() as client:
                client.socket.settimeout(PATIENCE_SECONDS)
                self._stay(client)
            if not self.comes_back:
                return

    def _stay(self, client: Client) -> None:
        self.worker = 0
        while not self.over.is_set():
            at_rest_since = time.monotonic()
            try:
                time.sleep(PAUSE_SECONDS)
                answered = client.ask("GET", self.target)
            except OSError as error:
                # Who was held up for so long may find closed what he kept open: RFC 9112, section 9.5.
                if time.monotonic() - at_rest_since < HELD_UP_SECONDS:
                    self.failed.append((self.worker, str(error)))
                return
            self.worker = self.worker or worker_of(client, self.door)
            self.statuses[answered.status] += 1
            self.seen.append((time.time(), self.worker, answered.body))
            if answered.header("connection") == "close":
                return


@contextmanager
def load(door: Door, target: str = "/products", *, comes_back: bool = True) -> Iterator[list[Visitor]]:
    """Have the gateway asked for the duration of the block, by clients of whom each worker has some."""
    over = threading.Event()
    visitors: list[Visitor] = []
    threads: list[threading.Thread] = []
    try:
        while len(visitors) < CLIENTS or {visitor.worker for visitor in visitors} != set(workers(door)):
            assert len(visitors) < 100, "one worker takes all"
            visitor = Visitor(door, over, target, comes_back=comes_back)
            visitors.append(visitor)
            threads.append(threading.Thread(target=visitor.run))
            threads[-1].start()
            until(lambda visitor=visitor: visitor.worker, what="an answer")
        yield visitors
    finally:
        over.set()
        for thread in threads:
            thread.join()


def workers(door: Door) -> list[int]:
    """Return the process ids of those that serve."""
    children = Path(f"/proc/{door.process.pid}/task/{door.process.pid}/children").read_text().split()
    return [int(each) for each in children]


def worker_of(client: Client, door: Door) -> int:
    """Return the process that has the other end of the client's connection, 0 if it has let go of it already."""
    ours, theirs = (f"{port:04X}" for port in (client.socket.getsockname()[1], door.port))
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    sockets = {f"socket:[{row[9]}]" for row in rows if row[1].endswith(f":{theirs}") and row[2].endswith(f":{ours}")}
    return next((worker for worker in workers(door) if sockets & set(_open_files(worker))), 0)


def _open_files(process: int) -> Iterator[str]:
    with suppress(OSError):
        for each in Path(f"/proc/{process}/fd").iterdir():
            with suppress(OSError):
                yield str(each.readlink())


class TestKilledWorker:
    def test_is_replaced_and_takes_only_its_own_requests_along(self, two: Door) -> None:
        with load(two) as visitors:
            killed = visitors[0].worker
            its_own = [visitor for visitor in visitors if visitor.worker == killed]
            others = [visitor for visitor in visitors if visitor.worker != killed]
            os.kill(killed, signal.SIGKILL)
            until(lambda: killed not in workers(two) and len(workers(two)) == 2, what="another worker")
            [new] = set(workers(two)) - {visitor.worker for visitor in others}
            until(lambda: _serves(two, new), what="the new worker's first answer")

        assert [visitor.failed for visitor in others] == [[] for _ in others]
        assert {worker for visitor in its_own for worker, _ in visitor.failed} <= {killed}
        assert all(set(visitor.statuses) == {200} for visitor in visitors)


def _serves(door: Door, worker: int) -> bool:
    with door.connect() as client:
        return client.ask("GET", "/livez").status == 200 and worker_of(client, door) == worker


class TestRollingRestart:
    def test_fails_no_request(self, two: Door) -> None:
        with load(two) as visitors:
            before = set(workers(two))
            two.process.send_signal(signal.SIGHUP)
            until(lambda: not before & set(workers(two)) and len(workers(two)) == 2, what="other workers")
            after = set(workers(two))
            until(lambda: {visitor.worker for visitor in visitors} <= after, what="all clients have moved")

        assert [visitor.failed for visitor in visitors] == [[] for _ in visitors]
        assert all(set(visitor.statuses) == {200} for visitor in visitors)


class TestStoppingGateway:
    def test_fails_no_request_and_loses_no_line_of_its_log(
        self, tmp_path: Path, users: FakeService, orders: FakeService
    ) -> None:
        def slow(connection: Connection, asked: Asked) -> None:
            time.sleep(0.2)
            connection.send(answer(200, b"slow"))

        orders.on("/products/slow", slow)
        with running_door(tmp_path, users, orders, script=PATIENT, WEB_WORKERS="2") as door:
            until(lambda: len(workers(door)) == 2, what="two workers")
            with load(door, "/products/slow", comes_back=False) as visitors:
                door.process.send_signal(signal.SIGTERM)
                code = door.process.wait(timeout=PATIENCE_SECONDS)

        answers = sum(visitor.statuses.total() for visitor in visitors)
        assert code == 0
        assert [visitor.failed for visitor in visitors] == [[] for _ in visitors]
        assert all(set(visitor.statuses) == {200} for visitor in visitors)
        assert door.log.read_text().count('"path":"/products/slow"') == answers


class TestChangesOfTheTable:
    def test_reach_both_workers_in_time_and_drop_no_request(self, two: Door, orders: FakeService) -> None:
        with load(two) as visitors:
            both = {visitor.worker for visitor in visitors}
            said = two.manage("shell", "--verbosity=0", "-c", HUNDRED.replace("ADDRESS", orders.url))
            until(lambda: all(b"/products/100" in visitor.seen[-1][2] for visitor in visitors), what="the last change")

        made = {int(number): float(at) for number, at in (line.split() for line in said.splitlines())}
        lags = [_seen_at(visitors, worker, number) - at for number, at in made.items() for worker in both]
        assert len(both) == 2
        assert sorted(made) == list(range(1, 101))
        assert [visitor.failed for visitor in visitors] == [[] for _ in visitors]
        assert all(set(visitor.statuses) == {200} for visitor in visitors)
        # Two seconds, and what a machine adds that has other things to do.
        assert statistics.median(lags) < 2
        assert max(lags) < PATIENCE_SECONDS


def _seen_at(visitors: list[Visitor], worker: int, number: int) -> float:
    """Return when the worker first answered by a table that is at least as new."""
    return min(at for visitor in visitors for at, by, body in visitor.seen if by == worker and _number(body) >= number)


def _number(body: bytes) -> int:
    found = body.partition(b"/products/")[2].partition(b'"')[0]
    return int(found) if found.isdigit() else 0
