import asyncio
import socket
from typing import Any

import pytest

from gateway.data.upstream.address import Address
from gateway.data.upstream.destinations import EVERYWHERE, Destinations, ForbiddenDestination
from gateway.data.upstream.instance import Instance
from gateway.data.upstream.upstream import Upstream

PRIVATE = Destinations.of(["10.0.0.0/8", "fd00::/8"], ["*.partner.test"], [("127.0.0.1", 8001)])


class TestDestinations:
    @pytest.mark.parametrize("address", ["10.0.0.5", "fd00::1", "::ffff:10.0.0.5"])
    def test_are_the_networks_that_are_allowed(self, address: str) -> None:
        assert PRIVATE.fault(address, 80, address) == ""

    @pytest.mark.parametrize(
        "address", ["127.0.0.1", "8.8.8.8", "::1", "2001:db8::1", "::ffff:127.0.0.1", "192.168.0.1"]
    )
    def test_are_none_others(self, address: str) -> None:
        assert "is in none of the networks" in PRIVATE.fault(address, 80, address)

    @pytest.mark.parametrize(
        "address",
        [
            "169.254.169.254",
            "169.254.0.1",
            "::ffff:169.254.169.254",
            "::ffff:a9fe:a9fe",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "fe80::1",
            "fe80::1%eth0",
            "fd00:ec2::254",
            "100.100.100.200",
            "168.63.129.16",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::",
        ],
    )
    def test_are_never_where_clouds_keep_their_secrets(self, address: str) -> None:
        trusting = Destinations.of(["0.0.0.0/0", "::/0"], ["metadata.test"], [("metadata.test", 80)])

        assert "never connects" in trusting.fault("metadata.test", 80, address)
        assert EVERYWHERE.fault(address, 80, address)

    def test_are_where_named_hosts_and_the_environment_s_own_addresses_are(self) -> None:
        assert PRIVATE.fault("api.partner.test", 80, "8.8.8.8") == ""
        assert PRIVATE.fault("partner.test", 80, "8.8.8.8")
        assert PRIVATE.fault("127.0.0.1", 8001, "127.0.0.1") == ""
        assert PRIVATE.fault("127.0.0.1", 6379, "127.0.0.1")


class TestConnect:
    @pytest.mark.parametrize("scheme", ["http", "https"])
    def test_checks_what_a_name_stands_for_now_and_goes_nowhere_else(self, monkeypatch: Any, scheme: str) -> None:
        tried: list[str] = []

        async def connected() -> None:
            loop = asyncio.get_running_loop()

            async def resolve(host: str, port: int, **options: Any) -> list[Any]:
                return [(socket.AF_INET, 1, 6, "", (address, port)) for address in ("8.8.8.8", "169.254.169.254")]

            async def connect(make: Any, host: str, port: int) -> Any:
                tried.append(host)
                raise ConnectionRefusedError

            monkeypatch.setattr(loop, "getaddrinfo", resolve)
            monkeypatch.setattr(loop, "create_connection", connect)
            monkeypatch.setattr(loop, "sock_connect", connect)
            upstream = Upstream("orders", [f"{scheme}://rebound.test:8000"], allowed=PRIVATE)
            await upstream.choose().connect()

        with pytest.raises(ForbiddenDestination):
            asyncio.run(connected())
        assert tried == []

    def test_tries_the_allowed_ones_of_several_addresses(self, monkeypatch: Any) -> None:
        tried: list[str] = []

        async def connected() -> None:
            loop = asyncio.get_running_loop()

            async def resolve(host: str, port: int, **options: Any) -> list[Any]:
                return [(socket.AF_INET, 1, 6, "", (address, port)) for address in ("8.8.8.8", "10.0.0.1", "10.0.0.2")]

            async def connect(make: Any, host: str, port: int) -> Any:
                tried.append(host)
                raise ConnectionRefusedError

            monkeypatch.setattr(loop, "getaddrinfo", resolve)
            monkeypatch.setattr(loop, "create_connection", connect)
            await Instance("http://service.test:8000", PRIVATE).connect()

        with pytest.raises(ConnectionRefusedError):
            asyncio.run(connected())
        assert tried == ["10.0.0.1", "10.0.0.2"]

    def test_refuses_a_literal_address_too(self) -> None:
        with pytest.raises(ForbiddenDestination):
            asyncio.run(Instance("http://127.0.0.1:6379", PRIVATE).connect())


class TestAddress:
    @pytest.mark.parametrize(
        "url",
        [
            "ftp://a",
            "a:80",
            "http://",
            "http://a:0",
            "http://a:99999",
            "http://u@a",
            "http://a/x",
            "http://a?b",
            "http://a#b",
            "http://a b",
            "http://a..b",
            f"https://{'a' * 64}.test",
        ],
    )
    def test_is_a_host_and_a_port_and_nothing_more(self, url: str) -> None:
        assert Address(url).fault()

    def test_may_be_a_name_or_an_address(self) -> None:
        assert [
            Address(url).fault()
            for url in ("http://a", "https://a", "http://a.b:80", "https://[::1]:80", "http://10.0.0.1")
        ] == [""] * 5
        assert Address("http://a", weight=101).fault()

    def test_has_the_port_of_its_scheme_unless_it_says_another(self) -> None:
        assert [Address(url).port for url in ("http://a", "https://a", "https://a:80")] == [80, 443, 80]
