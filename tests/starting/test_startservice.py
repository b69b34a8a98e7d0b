"""A third service by one command, in a copy of the tree: it checks, tests, runs and answers as it was written."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.addresses import PORTS
from ficus.testing.processes import free_ports
from tests.e2e.people import Person, new_session
from tests.e2e.terminal import Terminal
from tests.starting.conftest import NO_INSTALLING, Tree, passed

VARIABLES = "tests/ficus/configuration/test_env_example.py"
KINDS = ("routes", "table")  # commands of the gateway


@pytest.fixture(scope="module")
def written(tree: Tree) -> list[str]:
    """The files that the command says it wrote."""
    done = tree.run("./manage.py", "startservice", "payments")
    assert done.returncode == 0, done.stdout
    return done.stdout.partition("\n\n")[0].splitlines()


@pytest.fixture
def running(tree: Tree, written: list[str], tmp_path: Path) -> Iterator[Terminal]:
    """The whole system of the copy."""
    parts = [*PORTS, "PAYMENTS", "PAYMENTS_RPC"]
    ports = {f"{part}_PORT": str(port) for part, port in zip(parts, free_ports(len(parts)), strict=True)}
    terminal = Terminal(root=tree.root, FICUS_STATE=str(tmp_path), REDIS_URL="", DISCOVERY_URL="", **ports)
    try:
        terminal.wait_for("Ctrl-C stops everything.", 200)
        yield terminal
    finally:
        terminal.close()


class TestAThirdService:
    def test_is_written_whole(self, tree: Tree, written: list[str]) -> None:
        assert [name for name in written if not (tree.root / name).is_file()] == []
        top = {"apps", "config", "contracts", "docker", "gateway", "tests", ".env.example"}
        assert {name.split("/")[0] for name in written} == top
        assert not list(tree.root.glob(".startservice-*"))

    def test_passes_what_can_be_checked_without_running(self, tree: Tree, written: list[str]) -> None:
        done = tree.run("make", *NO_INSTALLING, "check")

        assert done.returncode == 0, done.stdout
        assert "openapi: payments is valid" in done.stdout

    def test_passes_its_tests_alone_and_in_the_whole(self, tree: Tree, written: list[str]) -> None:
        alone = passed(tree, "payments", "tests/payments", "tests/contracts", VARIABLES)
        together = passed(tree, "monolith", "tests/payments")

        assert alone > together > 20

    def test_breaks_none_of_the_tests_that_say_what_there_is(self, tree: Tree, written: list[str]) -> None:
        assert passed(tree, "", "tests/test_architecture.py") > 15
        assert passed(tree, "gateway", *(f"tests/gateway/control/test_{kind}_command.py" for kind in KINDS)) > 10

    def test_comes_up_and_answers_at_the_front_door(self, running: Terminal) -> None:
        [url] = re.findall(r"front door +(\S+)", running.said)
        [password] = re.findall(r"^demo password: (\S+)$", running.said, re.MULTILINE)
        ada, sam = (Person.sign_in(url, name, password) for name in ("ada", "sam"))

        added = ada.post("/payments", {"note": "For the fair"}, headers={"Idempotency-Key": "one"})

        assert (added.status_code, added.json()["customer_id"]) == (201, ada.id)
        assert ada.get(added.headers["Location"]).json() == added.json()
        assert len(sam.get("/payments?limit=100").json()["results"]) == 20 + 1
        assert sam.get("/payments/admin/payments/payment/").status_code == 200
        with new_session() as stranger:
            assert stranger.get(f"{url}/payments", timeout=30).status_code == 401
            described = stranger.get(f"{url}/payments/openapi.json", timeout=30).json()
            whole = stranger.get(f"{url}/openapi.json", timeout=30).json()
        assert described["paths"].keys() <= whole["paths"].keys()
