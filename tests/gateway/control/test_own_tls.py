"""By which TLS services of ours are asked where the table says nothing of it."""

from typing import Any

import pytest

from gateway.control.compiling import compile_document

OWN = {"ca": "/tls/ca.pem", "certificate": "/tls/gateway.pem", "key": "/tls/gateway.key", "server_name": "users"}


@pytest.fixture(autouse=True)
def _own(settings: Any) -> None:
    settings.UPSTREAMS = {"users": ["https://127.0.0.1:8001"]}
    settings.UPSTREAM_TLS = {"users": OWN}


def tls_of(service: dict[str, Any]) -> Any:
    compiled = compile_document({"services": {"users": service}, "routes": {}})
    assert compiled.mistakes == []
    return compiled.terms["users"].tls


class TestAServiceOfOurs:
    def test_is_asked_as_settings_say(self) -> None:
        tls = tls_of({})

        assert {"ca": tls.ca, "certificate": tls.certificate, "key": tls.key, "server_name": tls.server_name} == OWN

    def test_is_asked_so_where_its_instances_are_too(self) -> None:
        assert tls_of({"instances": [{"address": "https://127.0.0.1:9001"}]}).server_name == "users"

    def test_is_asked_as_the_table_says_if_it_does(self) -> None:
        assert tls_of({"terms": {"tls": {"ca": "/other.pem"}}}).ca == "/other.pem"

    def test_is_asked_without_if_its_instances_are(self) -> None:
        assert tls_of({"instances": [{"address": "http://127.0.0.1:9001"}]}) is None
