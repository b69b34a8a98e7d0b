"""What one registry does beyond what all do."""

from collections.abc import Iterator

import pytest
from django.conf import settings as configured

from ficus.consul import Agent
from ficus.discovery.consul import ConsulRegistry
from ficus.discovery.instance import Instance
from ficus.discovery.registry import RegistryAway, registry_at
from tests.ficus.discovery import worlds
from tests.ficus.discovery.consul_agent import ConsulAgent
from tests.ficus.discovery.worlds import running
from tests.ficus.events.redis_server import RedisServer, wait_until

# Registries know nothing of Django: under the settings of one deployable they are as under any.
pytestmark = pytest.mark.applies_when(lambda: configured.SERVICE == "orders")

ONE, OTHER = Instance("orders", "127.0.0.1", 8000), Instance("orders", "127.0.0.2", 8000)


@pytest.fixture
def agent() -> Iterator[ConsulAgent]:
    with worlds.agent() as server:
        yield server


class TestConsul:
    def test_knows_a_check_that_takes_out_what_has_been_critical_for_a_minute(self, agent: ConsulAgent) -> None:
        registry = ConsulRegistry.read(agent.url)

        registry.register(ONE)

        check = agent.check_of("orders")
        assert (check["Status"], check["Type"], check["CheckID"]) == ("passing", "ttl", "service:orders-127.0.0.1:8000")
        assert registry._entry(ONE)["Check"]["DeregisterCriticalServiceAfter"] == "1m"

    def test_takes_a_new_process_at_the_address_of_one_that_was_killed(self, agent: ConsulAgent) -> None:
        killed = registry_at(agent.url, ttl_seconds=0.5)
        killed.register(ONE)
        wait_until(lambda: killed.discover("orders") == ())

        registry_at(agent.url, ttl_seconds=120.0).register(ONE)

        assert registry_at(agent.url).discover("orders") == (ONE,)

    def test_registers_again_with_an_agent_that_has_forgotten(self, agent: ConsulAgent) -> None:
        registry = registry_at(agent.url, ttl_seconds=60.0)
        registry.register(ONE)
        agent.kill()
        agent.start()
        assert registry.discover("orders") == ()

        registry.register(ONE)

        assert registry.discover("orders") == (ONE,)

    def test_deregisters_what_an_agent_has_never_known(self, agent: ConsulAgent) -> None:
        registry = registry_at(agent.url)

        registry.deregister(OTHER)

        assert registry.discover("orders") == ()

    def test_is_asked_by_its_dns_as_well(self, agent: ConsulAgent) -> None:
        registry = registry_at(agent.url, ttl_seconds=120.0)
        by_name = registry_at(f"dns+srv://127.0.0.1:{agent.dns_port}/{{service}}.service.consul")

        registry.register(OTHER)
        registry.register(ONE)

        assert by_name.discover("orders") == (ONE, OTHER)
        assert by_name.discover("users") == ()

    def test_sends_the_token(self) -> None:
        assert Agent.read("consul://:s3cret@127.0.0.1:8500").headers == {"X-Consul-Token": "s3cret"}


class TestRedis:
    def test_says_so_when_somebody_else_writes_where_instances_are(self, server: RedisServer) -> None:
        registry = registry_at(server.url)
        registry.register(ONE)
        server.client.hset("ficus.discovery.{orders}", "10.0.0.9:1", b"not ours")

        with pytest.raises(RegistryAway) as refusal:
            registry.discover("orders")

        assert str(refusal.value).startswith("Redis holds no instance of orders but b'not ours'")

    def test_leaves_nothing_behind_of_who_has_lapsed(self, server: RedisServer) -> None:
        registry_at(server.url, ttl_seconds=0.2).register(ONE)

        wait_until(lambda: registry_at(server.url).discover("orders") == ())

        assert server.client.keys("*") == []

    def test_that_hangs_is_away(self, server: RedisServer) -> None:
        registry = registry_at(server.url)
        registry.register(ONE)
        server.freeze()

        try:
            with pytest.raises(RegistryAway):
                registry.discover("orders")
        finally:
            server.thaw()

        wait_until(lambda: registry.discover("orders") == (ONE,))
        assert registry.discover("orders") == (ONE,)


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running(RedisServer(tmp_path_factory.mktemp("redis"))) as started:
        yield started
