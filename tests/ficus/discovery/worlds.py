"""What the conformance suite needs of each registry: the registry, how one gets into it, and its server to kill."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import pytest

from ficus.discovery.instance import Instance
from ficus.discovery.registry import Registry, registry_at
from tests.ficus.discovery import consul_agent, dns_server
from tests.ficus.discovery.consul_agent import ConsulAgent
from tests.ficus.discovery.dns_server import ZONE, DnsServer
from tests.ficus.events.redis_server import RedisServer

LONG_SECONDS, BRIEF_SECONDS = 120.0, 1.0

Server = TypeVar("Server", RedisServer, ConsulAgent, DnsServer)


@dataclass
class World:
    """
    :ivar brief: the same registry, where a registration soon lapses; in the other it outlives any test.
    :ivar server: that may be killed and started again; None where there is none.
    :ivar keeps_particulars: whether it says the version, and since when.
    :ivar keeps_ports: whether it says where at its host an instance listens.
    :ivar expires: whether it forgets who does not renew.
    """

    registry: Registry
    brief: Registry
    server: RedisServer | ConsulAgent | DnsServer | None = None
    keeps_particulars: bool = True
    keeps_ports: bool = True
    expires: bool = True
    zone: DnsServer | None = field(default=None)

    def add(self, instance: Instance, *, briefly: bool = False) -> None:
        """Make the instance known, by whom it is made known in this world."""
        if self.zone is not None:
            self.zone.add(instance.service, instance.host, instance.port)
        (self.brief if briefly else self.registry).register(instance)

    def remove(self, instance: Instance) -> None:
        if self.zone is not None:
            self.zone.remove(instance.service, instance.host, instance.port)
        self.registry.deregister(instance)


def static() -> Iterator[World]:
    registry = registry_at("static:")
    yield World(registry, registry, expires=False)


def redis() -> Iterator[World]:
    with TemporaryDirectory() as directory, running(RedisServer(Path(directory))) as server:
        yield World(*(registry_at(server.url, ttl_seconds=each) for each in (LONG_SECONDS, BRIEF_SECONDS)), server)


def consul() -> Iterator[World]:
    with agent() as server:
        yield World(*(registry_at(server.url, ttl_seconds=each) for each in (LONG_SECONDS, BRIEF_SECONDS)), server)


def dns_a() -> Iterator[World]:
    with dns() as server:
        url = f"dns://127.0.0.1:{server.port}/{{service}}.{ZONE}?port=8000"
        yield World(registry_at(url), registry_at(url), server, False, False, False, server)


def dns_srv() -> Iterator[World]:
    with dns() as server:
        url = f"dns+srv://127.0.0.1:{server.port}/_http._tcp.{{service}}.{ZONE}"
        yield World(registry_at(url), registry_at(url), server, False, True, False, server)


@contextmanager
def agent() -> Iterator[ConsulAgent]:
    if consul_agent.PROGRAM is None:
        pytest.skip("there is no consul here, and nothing is said about it: .ci/run installs it")
    with running(ConsulAgent()) as server:
        yield server


@contextmanager
def dns() -> Iterator[DnsServer]:
    if dns_server.PROGRAM is None:
        pytest.skip("there is no dnsmasq here, and nothing is said about DNS: .ci/run installs it")
    with running(DnsServer()) as server:
        yield server


@contextmanager
def running(server: Server) -> Iterator[Server]:
    with ExitStack() as stack:
        stack.callback(server.kill)
        server.start()
        yield server


WORLDS = {"static": static, "redis": redis, "consul": consul, "dns-a": dns_a, "dns-srv": dns_srv}
