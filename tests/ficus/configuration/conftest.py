import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from ficus.configuration import live
from ficus.resilience import registry, switches
from tests.ficus.configuration.stores import SERVERS, redis
from tests.ficus.discovery.consul_agent import ConsulAgent
from tests.ficus.events.redis_server import RedisServer


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[RedisServer | ConsulAgent]:
    """Runs a module's tests against each kind of store."""
    yield from SERVERS[request.param]()


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    yield from redis()


@pytest.fixture
def central(settings, tmp_path: Path, redis_server: RedisServer) -> RedisServer:
    """Have a store of nothing for the deployable that the tests run as."""
    redis_server.client.flushall()
    settings.CONFIGURATION = {**settings.CONFIGURATION, "URL": redis_server.url, "KEPT_IN": str(tmp_path)}
    return redis_server


@pytest.fixture
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have nothing set centrally before and after, and no variable of the environment go before it."""
    for name in ("LOG_LEVEL", "OTEL_TRACES_SAMPLER_ARG", "ORDER_DEADLINE_SECONDS", "FLAG_ASK_CREDIT_FIRST"):
        monkeypatch.delenv(name, raising=False)
    level = logging.getLogger().level
    yield
    live.use({})
    live._values = {}
    logging.getLogger().setLevel(level)
    registry.forget_all()
    switches.use(())
