"""A supervisor whose console is kept, and small commands to put under it."""

import asyncio
import io
import sys
from collections.abc import Awaitable, Callable

import pytest

from ficus.supervisor.console import Console
from ficus.supervisor.process import Process
from ficus.supervisor.supervisor import Supervisor
from ficus.testing.processes import free_ports


class Stage:
    """Runs one scenario with a supervisor of its own, stops everything afterwards, and keeps what was said."""

    def __init__(self) -> None:
        self.written = io.StringIO()

    def play(self, scenario: Callable[[Supervisor], Awaitable[None]]) -> None:
        async def run() -> None:
            supervisor = Supervisor(Console(self.written))
            try:
                await scenario(supervisor)
            finally:
                await supervisor.stop()

        asyncio.run(run())

    @property
    def lines(self) -> list[str]:
        return self.written.getvalue().splitlines()


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def free_address() -> str:
    return f"127.0.0.1:{free_ports(1)[0]}"


def python(name: str, script: str, **options: object) -> Process:
    """Describe a process that runs a Python script which announces itself unless told otherwise."""
    return Process(name, [sys.executable, "-c", script], **options)  # type: ignore[arg-type]


ANNOUNCE = "from ficus.supervisor.readiness import announce; announce(); "
SLEEP = "import time; time.sleep(600)"
