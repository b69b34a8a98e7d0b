"""Instances come and go without a change of the table (semantics, section 4)."""

import asyncio
import logging

import pytest

from ficus.discovery.instance import Instance
from ficus.discovery.static import StaticRegistry
from gateway.data import discovering
from gateway.data.routing.table import Table
from gateway.data.runtime import Gateway
from gateway.data.upstream.address import Address
from tests.ficus.events.redis_server import wait_until
from tests.gateway.making import gateway

LISTED = {"orders": (Address("http://10.0.0.1"),), "users": (Address("http://10.0.0.2"),)}
ONE, OTHER = Instance("orders", "10.0.0.5", 8000), Instance("orders", "10.0.0.6", 8000)


def following(sought: dict[str, str]) -> Gateway:
    within = gateway()
    within.use(Table((), 1, LISTED, sought=sought))
    return within


def urls(within: Gateway, service: str = "orders") -> list[str]:
    return [instance.url for instance in within.upstreams[service].instances]


def look_until(within: Gateway, registry: StaticRegistry, wanted: list[str]) -> None:
    def looked() -> bool:
        discovering.look(within, registry)
        return urls(within) == wanted

    wait_until(looked)


def stop(within: Gateway) -> None:
    for follower in within.followers.values():
        follower.stop()


class TestLook:
    def test_takes_the_instances_that_the_registry_knows_and_retires_the_others(self) -> None:
        within, registry = following({"orders": "orders"}), StaticRegistry([ONE])
        [listed] = within.upstreams["orders"].instances

        look_until(within, registry, ["http://10.0.0.5:8000"])

        stop(within)
        assert listed.retired
        assert urls(within, "users") == ["http://10.0.0.2"]
        assert within.table.version == 1

    def test_keeps_those_that_stay_as_they_are_when_another_comes(self) -> None:
        within, registry = following({"orders": "orders"}), StaticRegistry([ONE])
        look_until(within, registry, ["http://10.0.0.5:8000"])
        [before], guard = within.upstreams["orders"].instances, within.upstreams["orders"].guard

        registry.register(OTHER)
        look_until(within, registry, ["http://10.0.0.5:8000", "http://10.0.0.6:8000"])
        registry.deregister(OTHER)
        look_until(within, registry, ["http://10.0.0.5:8000"])

        stop(within)
        assert within.upstreams["orders"].instances[0] is before
        assert within.upstreams["orders"].guard is guard
        assert not before.retired

    def test_stays_with_the_table_as_long_as_the_registry_knows_nobody(self) -> None:
        within = following({"orders": "orders"})

        discovering.look(within, StaticRegistry())
        discovering.look(within, StaticRegistry())

        stop(within)
        assert urls(within) == ["http://10.0.0.1"]

    def test_says_who_came_and_who_went(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        within, registry = following({"orders": "orders"}), StaticRegistry([ONE])

        look_until(within, registry, ["http://10.0.0.5:8000"])

        stop(within)
        assert [record.message for record in caplog.records] == [
            "orders in the registry: came 10.0.0.5:8000; went nobody"
        ]

    def test_follows_what_the_table_seeks_and_nothing_else(self) -> None:
        registry = StaticRegistry([ONE, Instance("orders-next", "10.0.0.9", 8000)])
        within = following({"orders": "orders"})
        look_until(within, registry, ["http://10.0.0.5:8000"])

        within.use(Table((), 2, LISTED, sought={"orders": "orders-next"}))
        look_until(within, registry, ["http://10.0.0.9:8000"])
        within.use(Table((), 3, LISTED))
        look_until(within, registry, ["http://10.0.0.1"])

        assert within.followers == {}

    def test_outlives_a_change_of_the_table(self) -> None:
        within, registry = following({"orders": "orders"}), StaticRegistry([ONE])
        look_until(within, registry, ["http://10.0.0.5:8000"])

        within.use(Table((), 2, LISTED, sought={"orders": "orders"}))

        stop(within)
        assert urls(within) == ["http://10.0.0.5:8000"]


class TestFollow:
    def test_ends_at_once_without_a_registry(self) -> None:
        within = following({"orders": "orders"})

        asyncio.run(discovering.follow(within, None))

        assert within.followers == {}
