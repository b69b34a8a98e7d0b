"""What is set centrally reaches every process while it runs, and takes effect there."""

import re

from tests.e2e.people import Person
from tests.e2e.system import System, eventually


def heard(system: System, deployable: str, version: int) -> set[str]:
    """Return the processes of a deployable that say that they go by the version."""
    said = re.compile(rf"^(\S+) +\| .*configuration {version} is in force", re.MULTILINE)
    return {name for name in said.findall(system.processes.log.read_text()) if name.startswith(deployable)}


def config(system: System, deployable: str, *words: str) -> int:
    """Change what is set centrally, and return the version."""
    done = system.command(deployable, "config", *words, "--reason", "a test")
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])


class TestCentralConfiguration:
    def test_reaches_every_process_and_takes_effect_while_it_runs(self, system: System, guest: Person) -> None:
        product = system.cheapest()
        too_many = 100_000 // product["unit_price"] + 1
        orders = "orders" if system.names("orders-web") else "monolith"
        assert guest.place(product["sku"], too_many).status_code == 422

        version = config(system, orders, "set", "flags.ask_credit_first=0")
        try:
            every = set(system.names(*(f"{orders}-{kind}" for kind in ("web", "rpc", "worker", "relay"))))
            assert eventually(lambda: heard(system, orders, version), every.__eq__) == every
            assert guest.place(product["sku"], too_many).status_code == 201
        finally:
            config(system, orders, "rollback", "0")

        statuses = eventually(lambda: guest.place(product["sku"], too_many).status_code, (422).__eq__)
        assert statuses == 422

    def test_reaches_the_gateway_s_workers(self, system: System) -> None:
        version = config(system, "gateway", "set", "gateway.sampled_share=0.5")

        try:
            assert eventually(lambda: heard(system, "gateway", version), bool) == {"gateway"}
        finally:
            config(system, "gateway", "rollback", "0")
