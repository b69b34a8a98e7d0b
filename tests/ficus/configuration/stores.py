"""A real server of each kind of store, to kill, freeze and start again."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.ficus.discovery import consul_agent
from tests.ficus.discovery.consul_agent import ConsulAgent
from tests.ficus.discovery.worlds import running
from tests.ficus.events.redis_server import RedisServer


def redis() -> Iterator[RedisServer]:
    with TemporaryDirectory() as directory, running(RedisServer(Path(directory))) as server:
        yield server


def consul() -> Iterator[ConsulAgent]:
    if consul_agent.PROGRAM is None:
        pytest.skip("there is no consul here, and nothing is said about it: .ci/run installs it")
    with running(ConsulAgent()) as server:
        yield server


SERVERS = {"redis": redis, "consul": consul}
