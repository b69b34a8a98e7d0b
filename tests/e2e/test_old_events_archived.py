"""Logs whose old entries are in files serve a running system as before; proves architecture, section 4."""

import pytest

from tests.e2e.people import Person
from tests.e2e.system import System, eventually, in_services


def archive(system: System, service: str) -> int:
    """Move all that is passed of a service's log, once every follower has been heard; return where archives end."""

    def ask() -> str:
        return system.manage(service, "log", "archive", "--before", "0s").stdout

    said = eventually(ask, lambda said: said.startswith("archives end at ") and "stay" not in said, seconds=90)
    assert said.startswith("archives end at "), said
    return int(said.split()[3])


@in_services
class TestOldEventsArchived:
    @pytest.mark.timeout(300)
    def test_are_still_read_by_rebuild_and_by_followers_elsewhere(self, system: System, guest: Person) -> None:
        placed = guest.place(system.cheapest()["sku"], wait=10).json()["id"]

        def name() -> str:
            return guest.get(f"/orders/{placed}").json()["customer"]["username"]

        before = eventually(name, bool)
        ends = {service: archive(system, service) for service in ("users", "orders")}

        replayed = system.manage("orders", "projection", "replay", "orders.customers")
        checked = system.manage("orders", "rebuild", "--check")

        # Whose registration is, like all but the newest of users' log, in a file of users alone.
        assert (before, eventually(name, bool)) == (guest.username, guest.username)
        assert ends["users"] > 100
        assert ends["orders"] > 200
        assert (replayed.returncode, "orders.customers is replayed" in replayed.stdout) == (0, True), replayed.stderr
        assert (checked.returncode, "agree with their events" in checked.stdout) == (0, True), checked.stderr
        assert [each["type"] for each in guest.get(f"/orders/{placed}/history").json()["results"]] == [
            "orders.order_placed",
            "orders.order_confirmed",
        ]
