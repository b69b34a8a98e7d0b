import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ficus.resilience import registry
from ficus.rpc import channels
from ficus.rpc.server import Server
from tests.ficus.rpc.servicers import Accounts, Log

SERVICERS = ["tests.ficus.rpc.servicers.Accounts", "tests.ficus.rpc.servicers.Log"]


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    Accounts.asked.clear()
    Accounts.go_on.clear()
    Log.ended.clear()
    registry.forget_all()
    yield
    channels.close_all()


@pytest.fixture
def server(settings: Any) -> Iterator[Server]:
    """A server of the servicers above on a port of its own, which is where the upstream ``users`` is."""
    settings.RPC = {"UPSTREAMS": {}, "SERVICERS": SERVICERS}
    made = Server(threads=4)
    port = made.start("127.0.0.1:0")
    settings.RPC = {"UPSTREAMS": {"users": f"127.0.0.1:{port}"}, "SERVICERS": SERVICERS}
    yield made
    made.stop(grace_seconds=0)


@pytest.fixture
def in_process(settings: Any) -> None:
    """The same servicers in the test's own process."""
    settings.RPC = {"UPSTREAMS": {"users": "local"}, "SERVICERS": SERVICERS}


@pytest.fixture(params=["over the wire", "in process"])
def either_way(request: pytest.FixtureRequest) -> str:
    """Runs a test twice: what holds in one process has to hold in two."""
    request.getfixturevalue("server" if request.param == "over the wire" else "in_process")
    return str(request.param)


@pytest.fixture
def nobody(settings: Any) -> None:
    """An upstream that nobody serves."""
    settings.RPC = {"UPSTREAMS": {"users": "127.0.0.1:1"}, "SERVICERS": []}


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], bool]:
    """Wait up to a minute for a condition."""

    def wait(condition: Callable[[], bool]) -> bool:
        pause = threading.Event()
        return any(condition() or pause.wait(0.02) for _ in range(3000))

    return wait
