"""A real server of each kind of store, to kill, freeze and start again."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.ficus.discovery.consul_agent import ConsulAgent
from tests.ficus.discovery.worlds import agent, running
from tests.ficus.events.redis_server import RedisServer


def redis() -> Iterator[RedisServer]:
    with TemporaryDirectory() as directory, running(RedisServer(Path(directory))) as server:
        yield server


def consul() -> Iterator[ConsulAgent]:
    with agent() as server:
        yield server


SERVERS = {"redis": redis, "consul": consul}
