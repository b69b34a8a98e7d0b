import pytest

from ficus.auth.principal import Principal
from gateway.data.limiting.keys import LONGEST_KEY, key_of
from gateway.data.limiting.quota import By
from tests.gateway.making import request

ADA = Principal("ada", client_id="ficus")


class TestKey:
    @pytest.mark.parametrize(
        ("by", "expected"),
        [
            (By.SUBJECT, b"subject:ada"),
            (By.CLIENT, b"client:ficus"),
            (By.ADDRESS, b"address:192.0.2.7"),
            (By.ROUTE, b"all"),
        ],
    )
    def test_is_of_what_the_limit_counts(self, by: By, expected: bytes) -> None:
        made = request()
        made.principal = ADA

        assert key_of(made, by) == expected

    @pytest.mark.parametrize("by", [By.SUBJECT, By.CLIENT])
    def test_is_the_address_of_whoever_is_not_signed_in(self, by: By) -> None:
        assert key_of(request(), by) == b"address:192.0.2.7"

    def test_is_bounded_whatever_a_token_says(self) -> None:
        made, other = request(), request()
        made.principal, other.principal = Principal("a" * 8000), Principal("a" * 8001)

        assert len(key_of(made, By.SUBJECT)) <= LONGEST_KEY
        assert key_of(made, By.SUBJECT) != key_of(other, By.SUBJECT)


class TestAddress:
    @pytest.mark.parametrize(
        ("peer", "expected"),
        [
            ("192.0.2.7", b"address:192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", b"address:2001:db8:1:2::/64"),
            ("2001:db8:1:2::", b"address:2001:db8:1:2::/64"),
            ("fe80::1%eth0", b"address:fe80::/64"),
            ("::ffff:192.0.2.7", b"address:192.0.2.7"),
            ("", b"address:unknown"),
        ],
    )
    def test_is_one_of_version_4_or_a_network_of_version_6(self, peer: str, expected: bytes) -> None:
        assert key_of(request(peer=peer), By.ADDRESS) == expected

    def test_is_the_client_s_as_a_trusted_proxy_says_it(self) -> None:
        assert key_of(request("GET", "/", "X-Forwarded-For: 1.2.3.4, 5.6.7.8", peer="10.0.0.1"), By.ADDRESS) == (
            b"address:5.6.7.8"
        )

    def test_is_the_peer_s_if_a_stranger_says_otherwise(self) -> None:
        assert key_of(request("GET", "/", "X-Forwarded-For: 5.6.7.8"), By.ADDRESS) == b"address:192.0.2.7"

    @pytest.mark.parametrize("said", ["unknown", "_hidden", "5.6.7.8:4711", "a" * 4000])
    def test_is_the_proxy_s_own_if_what_it_says_is_none(self, said: str) -> None:
        asked = request("GET", "/", f"X-Forwarded-For: {said}", peer="10.0.0.1")

        assert key_of(asked, By.ADDRESS) == b"address:10.0.0.1"
