"""``make up`` and ``make demo`` as a person at a terminal meets them."""

import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from config.addresses import PORTS
from ficus.testing.processes import free_ports
from tests.commands import run
from tests.e2e.terminal import MODULE, Terminal

NOBODY = "127.0.0.1:1"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Ports that are free and a state that one start leaves to the next."""
    ports = {f"{part}_PORT": str(port) for part, port in zip(PORTS, free_ports(len(PORTS)), strict=True)}
    return {"FICUS_STATE": str(tmp_path_factory.mktemp("up")), "REDIS_URL": "", **ports}


@pytest.fixture
def terminal(place: dict[str, str]) -> Iterator[Terminal]:
    terminal = Terminal(**place)
    try:
        terminal.wait_for("Ctrl-C stops everything.")
        yield terminal
    finally:
        terminal.close()


def left_running(processes: list[psutil.Process]) -> list[psutil.Process]:
    return psutil.wait_procs(processes, timeout=30)[1]


class TestMakeUp:
    def test_says_how_to_use_it_and_ends_within_ten_seconds(self, terminal: Terminal, place: dict[str, str]) -> None:
        started = terminal.processes()
        demo = run("-m", "config.story", FICUS_ENV="development", **place)
        [line] = [line for line in terminal.lines if line.startswith("curl ")]
        order = subprocess.run(["sh", "-c", line], capture_output=True, text=True) if shutil.which("curl") else None

        asked_at = time.monotonic()
        code = terminal.signal(signal.SIGINT)

        assert code == 0
        assert time.monotonic() - asked_at < 10 + 20  # ten seconds, and what a busy machine adds
        assert left_running(started) == []
        assert f"http://127.0.0.1:{place['GATEWAY_PORT']}" in terminal.said
        assert re.search(r"^demo password: \S+$", terminal.said, re.MULTILINE)
        assert (demo.returncode, demo.stderr) == (0, "")
        assert "is CONFIRMED" in demo.stdout
        assert order is None or '"status":"CONFIRMED"' in order.stdout

    def test_fills_the_system_once_and_restarts_what_dies(self, terminal: Terminal) -> None:
        victim = next(process for process in terminal.processes() if "relay" in process.cmdline())

        victim.kill()

        terminal.wait_for("-relay was killed by SIGKILL; starting it again in 0.25 s")
        assert "First start" not in terminal.said
        assert "Migrating" not in terminal.said

    def test_leaves_nothing_behind_when_it_is_killed(self, terminal: Terminal) -> None:
        started = terminal.processes()

        code = terminal.signal(signal.SIGKILL)

        assert code == -signal.SIGKILL
        assert len(started) > 9
        assert left_running(started) == []


class TestMakeUpRefuses:
    @pytest.fixture
    def refusal(self, request: pytest.FixtureRequest, tmp_path: Path) -> str:
        """What it says to an environment, having exited with 2 and started nothing."""
        ports = {f"{part}_PORT": str(port) for part, port in zip(PORTS, free_ports(len(PORTS)), strict=True)}
        place = {"FICUS_ENV": "development", "FICUS_STATE": str(tmp_path / "state"), **ports, **request.param}
        done = run(*MODULE, **place)
        assert (done.returncode, done.stdout) == (2, ""), done.stdout + done.stderr
        [line] = done.stderr.splitlines()
        return line

    def test_a_port_that_is_taken(self, place: dict[str, str]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            taken = listener.getsockname()[1]
            done = run(*MODULE, **{**place, "FICUS_ENV": "development", "ORDERS_PORT": str(taken)})

        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.splitlines() == [
            f"make up: orders-web cannot listen on 127.0.0.1:{taken}: the port is taken; "
            "stop what listens there, or choose others (USERS_PORT and so on)"
        ]

    @pytest.mark.parametrize("refusal", [{"REDIS_URL": f"redis://{NOBODY}/0"}], indirect=True)
    def test_a_redis_that_does_not_answer(self, refusal: str) -> None:
        assert refusal.startswith(f"make up: the Redis that REDIS_URL names does not answer: {NOBODY}/0: ")

    @pytest.mark.parametrize(
        "refusal", [{"ORDERS_DATABASE_URL": f"postgres://orders:secret@{NOBODY}/orders"}], indirect=True
    )
    def test_a_database_that_does_not_answer(self, refusal: str) -> None:
        assert refusal.startswith(f"make up: the database of orders does not answer: {NOBODY}/orders: ")
        assert "secret" not in refusal

    @pytest.mark.parametrize("refusal", [{"USERS_PORT": "many"}], indirect=True)
    def test_an_environment_that_makes_no_sense(self, refusal: str) -> None:
        assert refusal == "make up: the environment is not complete: USERS_PORT: Not a valid integer."

    @pytest.mark.parametrize("refusal", [{"FICUS_ENV": "production"}], indirect=True)
    def test_to_run_in_production(self, refusal: str) -> None:
        assert "FICUS_ENV=development" in refusal


class TestMakeDemo:
    def test_says_in_one_line_that_nothing_runs(self) -> None:
        done = run("-m", "config.story", FICUS_ENV="development", GATEWAY_PORT="1")

        assert (done.returncode, done.stdout) == (2, "")
        assert (
            done.stderr == "make demo: nothing answers at http://127.0.0.1:1; start the system with `make up` first\n"
        )
