from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ficus.events.redis_server import RedisServer


@pytest.fixture(scope="session")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    directory: Path = tmp_path_factory.mktemp("redis")
    server = RedisServer(directory)
    server.start()
    yield server
    server.client.close()
    server.kill()


@pytest.fixture
def server(_server: RedisServer) -> RedisServer:
    """A Redis of the tests' own, empty."""
    _server.client.flushall()
    _server.client.script_flush()
    return _server
