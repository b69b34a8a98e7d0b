"""Instances with health, version and since when, in the admin and by command, and which are looked for at all."""

from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from ficus.discovery.follower import Follower
from ficus.discovery.instance import Instance
from ficus.discovery.static import StaticRegistry
from ficus.testing import tokens
from gateway.control import troubles, upstreams
from gateway.control.compiling import Compiled, compile_document
from gateway.control.instances import Seen, seen
from gateway.data.operations import report
from gateway.data.routing.table import Table
from gateway.data.runtime import Gateway
from gateway.data.upstream.address import Address
from tests.gateway.making import gateway

PAGE = "/admin/control/upstreamorder/"
SINCE = datetime(2026, 11, 21, 12, 30, 15, tzinfo=UTC)
LISTED = {"orders": (Address("http://10.0.0.1:80"),), "users": (Address("http://10.0.0.2:80"),), "stock": ()}
FOUND = (Instance("orders", "10.0.0.5", 8000, version="1.2.0", since=SINCE), Instance("orders", "10.0.0.6", 8000))


def discovering() -> Gateway:
    """Return a worker's gateway that has found two instances of orders, and none of stock."""
    within = gateway()
    within.use(Table((), 1, LISTED, sought={"orders": "orders"}))
    within.learn({"orders": FOUND})
    return within


def kept(within: Gateway, worker: str = "host:1") -> None:
    upstreams.keep_report(worker, report(within), timezone.now())


def said(*arguments: str) -> list[str]:
    told = StringIO()
    call_command("instances", *arguments, stdout=told)
    return [" ".join(line.split()) for line in told.getvalue().splitlines()]


@pytest.mark.django_db
class TestSeen:
    def test_has_the_particulars_of_those_that_the_registry_knows(self) -> None:
        kept(discovering())

        assert seen(upstreams.reported(timezone.now())) == [
            Seen("orders", "http://10.0.0.5:8000", "healthy", "1.2.0", "2026-11-21T12:30:15+00:00", "registry"),
            Seen("orders", "http://10.0.0.6:8000", "healthy", "", "", "registry"),
            Seen("users", "http://10.0.0.2:80", "healthy", "", "", "table"),
        ]

    def test_says_in_how_many_workers_an_instance_is_not_healthy(self) -> None:
        one, other = discovering(), discovering()
        for _ in range(3):
            one.upstreams["orders"].instances[0].standing.checked("nobody listens")
        kept(one, "host:1")
        kept(other, "host:2")

        found = {each.url: each.health for each in seen(upstreams.reported(timezone.now()))}

        assert found["http://10.0.0.5:8000"] == "down in 1 of 2 workers: nobody listens"
        assert found["http://10.0.0.6:8000"] == "healthy"

    def test_takes_reports_of_workers_that_know_no_registry_yet(self) -> None:
        before = report(discovering())
        for instance in before["upstreams"]["orders"]["instances"]:
            for particular in ("source", "version", "since"):
                del instance[particular]
        upstreams.keep_report("host:1", before, timezone.now())

        [first, *_] = seen(upstreams.reported(timezone.now()))

        assert first == Seen("orders", "http://10.0.0.5:8000", "healthy", "", "", "table")


@pytest.mark.django_db
class TestCommand:
    def test_shows_every_instance(self) -> None:
        kept(discovering())

        assert said() == [
            "service address version since by health",
            "orders http://10.0.0.5:8000 1.2.0 2026-11-21T12:30:15+00:00 registry healthy",
            "orders http://10.0.0.6:8000 - - registry healthy",
            "users http://10.0.0.2:80 - - table healthy",
        ]

    def test_shows_those_of_one_service(self) -> None:
        kept(discovering())

        assert said("users")[1:] == ["users http://10.0.0.2:80 - - table healthy"]

    def test_says_that_nobody_has_reported(self) -> None:
        assert said() == ["no worker has reported of late"]


@pytest.mark.django_db
class TestPage:
    def test_shows_health_version_and_since_when(self, client: Client, settings: Any) -> None:
        settings.TOKENS = tokens.trusting(settings.TOKENS)
        client.defaults.update(tokens.bearer(username="olga", roles=["operator"]))
        kept(discovering())

        page = client.get(PAGE)

        assert page.status_code == 200
        for shown in ("http://10.0.0.5:8000", "1.2.0", "2026-11-21T12:30:15+00:00", "registry", "not said"):
            assert shown in page.content.decode()


@pytest.mark.django_db
class TestTroubles:
    def test_tell_of_a_registry_that_is_away(self) -> None:
        within = discovering()
        within.followers["orders"] = follower = Follower(StaticRegistry(), "orders")
        follower.trouble = "Redis: Connection refused"
        kept(within)

        told = list(upstreams.troubles(timezone.now()))

        assert told == [
            "orders: the last known instances stay in host:1, since nobody says more: Redis: Connection refused"
        ]
        assert set(told) <= set(troubles.found())


def compiled(services: dict[str, Any]) -> Compiled:
    route = {"r": {"service": next(iter(services)), "path": "/r"}}
    return compile_document({"services": services, "routes": route})


INSTANCES = [{"address": "http://10.0.0.1:80"}]


class TestSought:
    @pytest.mark.parametrize(
        ("service", "name"),
        [
            ({}, "orders"),
            ({"terms": {"discover": "orders-next"}}, "orders-next"),
            ({"terms": {"discover": "none"}}, None),
            ({"instances": INSTANCES}, None),
            ({"instances": INSTANCES, "terms": {"discover": "orders"}}, "orders"),
        ],
        ids=["own name", "another name", "none", "list", "list and name"],
    )
    def test_is_what_has_no_list_or_a_name(self, settings: Any, service: dict[str, Any], name: str | None) -> None:
        settings.DISCOVERY = {"URL": "static:", "AS": [], "HOST": ""}

        found = compiled({"orders": service})

        assert found.mistakes == []
        assert found.table(1).sought.get("orders") == name

    def test_is_nothing_without_a_registry(self, settings: Any) -> None:
        settings.DISCOVERY = {"URL": "", "AS": [], "HOST": ""}

        assert compiled({"orders": {"terms": {"discover": "orders-next"}}}).table(1).sought == {}

    def test_lets_a_service_be_without_an_address_if_it_is_named(self, settings: Any) -> None:
        settings.DISCOVERY = {"URL": "static:", "AS": [], "HOST": ""}

        named, unnamed = compiled({"stock": {"terms": {"discover": "stock"}}}), compiled({"stock": {}})

        assert named.mistakes == []
        assert named.table(1).services["stock"] == ()
        assert unnamed.mistakes == ["r: no address of the service stock is configured"]

    def test_needs_an_address_where_there_is_no_registry(self, settings: Any) -> None:
        settings.DISCOVERY = {"URL": "", "AS": [], "HOST": ""}

        found = compiled({"stock": {"terms": {"discover": "stock"}}})

        assert found.mistakes == ["r: no address of the service stock is configured"]

    def test_is_no_name_with_a_space(self, settings: Any) -> None:
        settings.DISCOVERY = {"URL": "static:", "AS": [], "HOST": ""}

        [mistake] = compiled({"orders": {"terms": {"discover": "or ders"}}}).mistakes

        assert mistake.startswith("orders: terms: discover: Expected `str` matching regex")
