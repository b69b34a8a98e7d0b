"""Ten thousand clients that say nothing keep nobody out; proves semantics, section 10."""

import resource
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.wire.client import Client
from tests.gateway.wire.conftest import Door, running_door
from tests.gateway.wire.service import FakeService
from tests.gateway.wire.test_streaming import MEGABYTE, memory_of

IDLE = 10_000
NEEDED = IDLE + 1_000  # file descriptors, of this process and of the gateway's worker


@pytest.fixture
def roomy_door(tmp_path: Path, users: FakeService, orders: FakeService) -> Iterator[Door]:
    """A gateway that may have that many files open, as may this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < NEEDED:
        pytest.skip(f"{NEEDED} open files are needed, and the hard limit is {hard}: ulimit -Hn")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, NEEDED), hard))
    try:
        with running_door(tmp_path, users, orders, LOG_LEVEL="WARNING") as door:
            yield door
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class TestTenThousandIdleConnections:
    def test_leave_room_for_those_who_ask(self, roomy_door: Door) -> None:
        roomy_door.ask("GET", "/products")
        before = memory_of(roomy_door.worker)
        idle = [socket.create_connection(("127.0.0.1", roomy_door.port), timeout=60) for _ in range(IDLE)]
        try:
            statuses = {roomy_door.ask("GET", "/products").status for _ in range(20)}
            late = [_answered_on(each) for each in idle[-1_000::20]]
            grown = memory_of(roomy_door.worker) - before
        finally:
            for each in idle:
                each.close()

        assert statuses == {200}
        assert late == [200] * 50
        assert grown < 100 * MEGABYTE


def _answered_on(idle: socket.socket) -> int:
    """Return the status that a connection gets which has been idle so far."""
    return Client(0, connected=idle).ask("GET", "/products").status
