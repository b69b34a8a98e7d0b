import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.ficus.events.redis_server import RedisServer
from tests.processes.processes import Station, databases


@pytest.fixture
def station(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Station]:
    """A station without relays or workers as yet; what it is parametrised with goes into its environment."""
    made = databases()
    with ExitStack() as stack:
        if made:
            stack.callback(made.drop)
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ficus-station-")))
        redis = RedisServer(directory)
        redis.start()
        stack.callback(redis.kill)
        environment = getattr(request, "param", {})
        yield stack.enter_context(Station(directory, redis, made, **environment).running())
