from ipaddress import ip_network

import pytest

from gateway.data.message.peer import Peer, client_of, forwarded, forwarded_lines, scheme_of
from tests.gateway.making import request

TOLD = ("X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https", "X-Forwarded-Host: shop.test", "Forwarded: for=a")


class TestForwarded:
    def test_says_nothing_that_an_untrusted_client_said(self) -> None:
        assert forwarded(request("GET", "/", *TOLD)) == [
            (b"x-forwarded-for", b"192.0.2.7"),
            (b"x-forwarded-proto", b"http"),
            (b"x-forwarded-host", b"ficus.test"),
            (b"forwarded", b"for=192.0.2.7;host=ficus.test;proto=http"),
        ]

    def test_adds_to_what_a_proxy_of_ours_said(self) -> None:
        assert forwarded(request("GET", "/", *TOLD, peer="10.1.2.3")) == [
            (b"x-forwarded-for", b"203.0.113.9, 10.1.2.3"),
            (b"x-forwarded-proto", b"https"),
            (b"x-forwarded-host", b"shop.test"),
            (b"forwarded", b"for=a, for=10.1.2.3;host=ficus.test;proto=http"),
        ]

    def test_quotes_an_address_of_version_6(self) -> None:
        assert forwarded(request(peer="2001:db8::1"))[3][1] == b'for="[2001:db8::1]";host=ficus.test;proto=http'


class TestClient:
    def test_is_the_peer_unless_a_proxy_of_ours_names_another(self) -> None:
        assert client_of(request("GET", "/", *TOLD)) == b"192.0.2.7"
        assert client_of(request("GET", "/", *TOLD, peer="10.1.2.3")) == b"203.0.113.9"
        assert client_of(request(peer="10.1.2.3")) == b"10.1.2.3"

    def test_came_by_the_scheme_that_the_first_trusted_hop_saw(self) -> None:
        assert scheme_of(request("GET", "/", *TOLD)) == b"http"
        assert scheme_of(request("GET", "/", *TOLD, peer="10.1.2.3")) == b"https"
        assert scheme_of(request("GET", "/", "X-Forwarded-Proto: gopher", peer="10.1.2.3")) == b"http"


class TestForwardedLines:
    @pytest.mark.parametrize("address", ["192.0.2.7", "10.0.0.1"])
    def test_say_what_the_fields_say_of_each_host_asked_for_on_one_connection(self, address: str) -> None:
        peer = Peer(address, 4711, b"http", [ip_network("10.0.0.0/8")])

        for host in ("one.test", "two.test:8080", "one.test"):
            made = request("GET", "/", "X-Forwarded-For: 198.51.100.1", peer=address)
            made.peer, made.fields[b"host"] = peer, host.encode()

            assert forwarded_lines(made) == b"".join(b"%b: %b\r\n" % field for field in forwarded(made))
            assert b"x-forwarded-host: " + host.encode() in forwarded_lines(made)
