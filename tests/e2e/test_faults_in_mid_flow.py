from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.people import Person
from tests.e2e.system import System, count_by_status, eventually, settled

ORDERS = 60


def kill_workers(system: System) -> None:
    system.kill("worker")


def kill_relays(system: System) -> None:
    system.kill("relay")


def kill_both(system: System) -> None:
    system.kill("worker", "relay")


def empty_redis(system: System) -> None:
    system.empty_redis()


class TestFaultsInMidFlow:
    @pytest.mark.parametrize("fault", [kill_workers, kill_relays, kill_both, empty_redis])
    def test_leave_every_order_settled_and_every_effect_done_once(
        self, fault: Callable[[System], None], system: System, guest: Person
    ) -> None:
        sku = system.cheapest()["sku"]

        with ThreadPoolExecutor(4) as customers:
            placing = [customers.submit(guest.place_surely, sku) for _ in range(ORDERS)]
            for moment in (ORDERS // 4, ORDERS // 2, 3 * ORDERS // 4):
                placing[moment].result()
                fault(system)

        assert {answer.result().status_code for answer in placing} == {201}
        orders = eventually(guest.orders, settled)
        assert count_by_status(orders) == {"CONFIRMED": ORDERS}
        assert {order["version"] for order in orders} == {2}
        assert sorted(guest.entries()) == sorted(("held", order["id"]) for order in orders)
        assert guest.credit()["held"] == sum(order["total"] for order in orders)
