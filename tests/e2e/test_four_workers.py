"""Four workers share what orders announces to users, some are killed, and fresh orders overtake a backlog."""

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config.processes import command
from tests.e2e.people import Person
from tests.e2e.system import System, count_by_status, eventually, settled
from tests.servers import Databases, Servers

ORDERS = 48
# Each is two events or three.
OLD_ORDERS = 1_500
FRESH_ORDERS = 10
MOST_KILOBYTES = 200_000
WORKERS = [f"users-worker-{number}" for number in (2, 3, 4)]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    databases = Databases(Servers.read(os.environ)) if os.environ.get("TEST_SERVERS") else None
    # Users is far behind when it lacks more than 200 events.
    in_four = {"USERS_PARTITIONS": "4", "ORDERS_PARTITIONS": "2", "EVENTS_FAR_BEHIND": "200"}
    state = tmp_path_factory.mktemp("four")
    with System(
        "services", state, databases, workers={"users": 4, "orders": 2}, environment=in_four
    ).running() as system:
        yield system


def cancel_surely(guest: Person, order_id: str) -> None:
    eventually(lambda: guest.post(f"/orders/{order_id}/cancel").status_code, lambda status: status in (200, 409))


class TestFourWorkers:
    def test_keep_each_orders_events_in_order_and_apply_none_twice(self, shared: System) -> None:
        sku = shared.cheapest()["sku"]
        guests = [Person.join(shared.url) for _ in range(3)]

        with ThreadPoolExecutor(4) as customers:

            def place(number: int) -> str:
                """Order, and change one's mind about every second order at once."""
                guest = guests[number % len(guests)]
                order_id: str = guest.place_surely(sku).json()["id"]
                if number % 2:
                    cancel_surely(guest, order_id)
                return order_id

            placing = [customers.submit(place, number) for number in range(ORDERS)]
            for moment, worker in zip((8, 20, 32), WORKERS, strict=True):
                placing[moment].result()
                shared.processes.kill(worker)
            for each in placing:
                each.result()

        # An order that is cancelled before users knows of it is refused there; whoever sees its events in order holds
        # its credit and then releases it.
        for guest in guests:
            settled = eventually(lambda guest=guest: self.story(guest), lambda story: story[0] == story[1])
            assert settled[0] == settled[1]
        orders = [order for guest in guests for order in guest.orders()]
        assert count_by_status(orders) == {"CONFIRMED": ORDERS // 2, "CANCELLED": ORDERS // 2}
        assert shared.audit() == []

    def story(self, guest: Person) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        """Return what happened to the guest's credit by order, and what should have, each oldest first."""
        happened: dict[str, list[str]] = {}
        for kind, order_id in reversed(guest.entries()):
            happened.setdefault(order_id, []).append(kind)
        wanted = {"CONFIRMED": ["held"], "CANCELLED": ["held", "released"]}
        return happened, {order["id"]: wanted.get(order["status"], ["undecided"]) for order in guest.orders()}


class TestABacklog:
    def test_is_overtaken_by_fresh_orders_and_everything_is_applied_once(self, shared: System) -> None:
        users = ["users-relay", "users-worker", *WORKERS]
        shared.processes.stop(*users)
        shared.run(command("orders", "seed", "--orders", str(OLD_ORDERS)))

        # Whoever joins before is ordered for.
        guest, sku = Person.join(shared.url), shared.cheapest()["sku"]
        shared.processes.start_again(*users)
        for number in range(FRESH_ORDERS):
            guest.place_surely(sku)
            if number in (3, 6):
                shared.processes.kill("users-worker")

        orders = eventually(guest.orders, settled)
        assert count_by_status(orders) == {"CONFIRMED": FRESH_ORDERS}
        assert sorted(guest.entries()) == sorted(("held", order["id"]) for order in orders)
        assert "overtakes them" in shared.processes.log.read_text()
        assert shared.audit() == []
        assert max(peak_kilobytes(shared.processes.pid(name)) for name in users) < MOST_KILOBYTES


def peak_kilobytes(pid: int) -> int:
    """Return the most memory that a process has held at once (proc(5): VmHWM)."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1])
