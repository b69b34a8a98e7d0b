"""Instances of a service come and go by themselves: started by hand, stopped, killed (semantics, section 4)."""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.log import VERSION
from config.processes import GUNICORN
from ficus.discovery.instance import Instance
from ficus.discovery.registry import registry_at
from ficus.testing.processes import free_ports
from tests.commands import ROOT
from tests.e2e.people import new_session
from tests.e2e.system import System, eventually, in_services

# What a machine that stands still has the gateway say. An instance that is gone is none of these.
OF_A_BUSY_MACHINE = {"deadline_exceeded", "service_suspended", "service_busy"}
# An answer that had begun when its instance was killed: what has gone to a client is never asked for again.
CUT_OFF = "ChunkedEncodingError"


@contextmanager
def started_by_hand(
    system: System, log: Path, deployable: str = "orders"
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Start another instance as the README says it, with a line for each request; give its port and its process."""
    [port] = free_ports(1)
    command = [*GUNICORN, "--bind", f"127.0.0.1:{port}", "--access-logfile", "-", f"config.{deployable}.wsgi"]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **system.environment}, stdout=output, stderr=output
        )
    try:
        yield port, process
    finally:
        process.terminate()
        process.wait()


def known(system: System, name: str = "orders") -> tuple[Instance, ...]:
    return registry_at(system.registry_url).discover(name)


def ports_known(system: System, name: str = "orders") -> set[int]:
    return {instance.port for instance in known(system, name)}


def the_usual(system: System, name: str = "orders") -> Instance:
    """Return the instance that always runs, once it and no other is known, whatever an earlier test has done."""
    [usual] = eventually(lambda: known(system, name), lambda found: len(found) == 1)
    return usual


def rows(system: System) -> dict[str, list[str]]:
    """Return what ``instances`` shows of orders, by address."""
    done = system.command("gateway", "instances", "orders")
    assert done.returncode == 0, done.stderr
    return {row.split()[1]: row.split() for row in done.stdout.splitlines()[1:]}


class Requests:
    """
    Asks for products, two at a time, until the block ends.

    :ivar outcomes: ``200``, or the code of the problem, or the name of the connection's failure.
    """

    def __init__(self, url: str) -> None:
        self.outcomes: set[str] = set()
        self.count = 0
        self._url = f"{url}/products?limit=1"
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(2)]

    def __enter__(self) -> "Requests":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int) -> None:
        """Wait until so many more have been answered."""
        goal = self.count + more
        assert eventually(lambda: self.count, lambda count: count >= goal, 120) >= goal

    def _ask(self) -> None:
        with new_session() as session:
            while not self._over.is_set():
                try:
                    answer = session.get(self._url, timeout=60)
                    self.outcomes.add("200" if answer.ok else answer.json()["code"])
                except OSError as error:
                    self.outcomes.add(type(error).__name__)
                self.count += 1


@in_services
class TestTraffic:
    """Two more are started by hand and take requests; one is killed amid them, and no client hears of it."""

    def test_goes_to_those_that_came_and_outlives_one_that_is_killed(self, system: System, tmp_path: Path) -> None:
        logs = [tmp_path / "first", tmp_path / "second"]
        usual = the_usual(system)
        with started_by_hand(system, logs[0]) as (first, _), started_by_hand(system, logs[1]) as (second, process):
            urls = [f"http://127.0.0.1:{port}" for port in (usual.port, first, second)]
            assert set(eventually(lambda: rows(system), lambda shown: set(shown) == set(urls))) == set(urls)
            with Requests(system.url) as requests:
                served = eventually(lambda: [log.read_text().count("GET /products") for log in logs], all)
                process.kill()
                requests.wait_for(300)
                shown = eventually(lambda: rows(system), lambda shown: urls[2] not in shown)
                requests.wait_for(100)

        assert min(served) > 0
        assert requests.outcomes - OF_A_BUSY_MACHINE - {CUT_OFF} == {"200"}
        assert set(shown) == set(urls[:2])
        assert {tuple(row[2:3] + row[4:]) for row in shown.values()} == {(VERSION, "registry", "healthy")}
        assert all(row[3].startswith("20") for row in shown.values())


@in_services
class TestRegistration:
    def test_of_what_is_started_by_hand_is_there_until_it_is_stopped(self, system: System, tmp_path: Path) -> None:
        usual = the_usual(system)

        with started_by_hand(system, tmp_path / "log") as (port, process):
            assert eventually(lambda: ports_known(system), lambda ports: port in ports) == {usual.port, port}
            [added] = [instance for instance in known(system) if instance.port == port]
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)

        assert ports_known(system) == {usual.port}
        assert (added.url, added.version) == (f"http://127.0.0.1:{port}", VERSION)
        assert added.since is not None
        assert usual.since is not None
        assert added.since > usual.since

    def test_of_what_is_killed_lapses(self, system: System, tmp_path: Path) -> None:
        with started_by_hand(system, tmp_path / "log") as (port, process):
            assert port in eventually(lambda: ports_known(system), lambda ports: port in ports)
            process.kill()
            process.wait()

            assert port not in eventually(lambda: ports_known(system), lambda ports: port not in ports)

    def test_comes_back_after_the_registry_was_emptied(self, system: System) -> None:
        before = {the_usual(system).port}

        system.empty_registry()

        assert eventually(lambda: ports_known(system), lambda ports: ports == before) == before


class TestMonolith:
    @pytest.mark.parametrize("started", ["monolith"], indirect=True, scope="session")
    def test_is_users_and_orders_at_one_address(self, system: System) -> None:
        users, orders = the_usual(system, "users"), the_usual(system, "orders")

        assert users.address == orders.address
