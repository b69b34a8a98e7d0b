"""What other engines are told of services that are asked by TLS; that they do it is among the behaviours."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.rendering import envoy, gateway_api, nginx
from gateway.rendering.engines import RENDERERS
from tests.gateway.behaviour.engines import NGINX, find
from tests.gateway.rendering.tables import plan

FILES = {"ca": "/etc/ca.pem", "certificate": "/etc/own.pem", "key": "/etc/own.key"}
SHOP = {"path": "/shop"}


def secure(*hosts: str, **tls: str) -> dict[str, Any]:
    return {"orders": {"instances": [{"address": f"https://{host}:8443"} for host in hosts], "terms": {"tls": tls}}}


def lost(engine: str, services: dict[str, Any], **route: Any) -> list[str]:
    """Return what is lost for TLS."""
    losses = RENDERERS[engine](plan(services, shop={**SHOP, **route})).losses
    return [loss.what for loss in losses if loss.what.startswith("tls: ")]


class TestNginx:
    def test_is_told_of_files_and_of_the_name(self) -> None:
        text = nginx.render(plan(secure("orders.internal", **FILES), shop=SHOP)).text

        assert "proxy_pass https://ficus_orders;" in text
        for line in (
            'proxy_ssl_trusted_certificate "/etc/ca.pem";',
            "proxy_ssl_verify on;",
            "proxy_ssl_protocols TLSv1.2 TLSv1.3;",
            'proxy_ssl_name "orders.internal";',
            'proxy_ssl_certificate "/etc/own.pem";',
            'proxy_ssl_certificate_key "/etc/own.key";',
        ):
            assert f"{line}\n" in text

    def test_takes_a_service_that_the_system_s_authorities_vouch_for(self, tmp_path: Path) -> None:
        if not find("nginx"):
            pytest.skip("nginx is not on this machine")
        services = secure("127.0.0.1", server_name="orders.test")
        split = {**SHOP, "policies": {"split": {"weights": {"orders": 1, "next": 1}}}}
        services["next"] = {"instances": [{"address": "http://127.0.0.1:8000"}]}
        (tmp_path / "table.conf").write_text(nginx.render(plan(services, shop=split)).text)
        (tmp_path / "nginx.conf").write_text(NGINX.format(state=tmp_path))

        said = subprocess.run(
            [find("nginx"), "-t", "-p", tmp_path, "-e", tmp_path / "error.log", "-c", tmp_path / "nginx.conf"],
            check=False,
            capture_output=True,
            text=True,
        )

        assert said.returncode == 0, said.stderr

    def test_names_what_it_cannot_keep(self) -> None:
        two = {**secure("a.test", server_name="a.test"), "next": secure("b.test")["orders"]}

        assert lost("nginx", secure("a.test")) == []
        assert lost("nginx", secure("10.0.0.5")) == [
            "tls: nginx finds no IP address in a certificate; state a server_name"
        ]
        one_name = ["tls: nginx expects the first instance's name of all of the route's, and its authorities"]
        assert lost("nginx", secure("a.test", "b.test")) == one_name
        assert lost("nginx", two, policies={"split": {"weights": {"orders": 1, "next": 1}}}) == one_name


class TestEnvoy:
    def test_is_told_of_files_and_of_the_name(self) -> None:
        made = yaml.safe_load(envoy.render(plan(secure("orders.internal", **FILES), shop=SHOP)).text)

        context = _context(made)
        assert context["sni"] == "orders.internal"
        assert context["common_tls_context"] == {
            "tls_params": {"tls_minimum_protocol_version": "TLSv1_2", "tls_maximum_protocol_version": "TLSv1_3"},
            "alpn_protocols": ["http/1.1"],
            "validation_context": {
                "trusted_ca": {"filename": "/etc/ca.pem"},
                "match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": "orders.internal"}}],
            },
            "tls_certificates": [
                {"certificate_chain": {"filename": "/etc/own.pem"}, "private_key": {"filename": "/etc/own.key"}}
            ],
        }

    def test_takes_a_service_that_the_system_s_authorities_vouch_for(self, tmp_path: Path) -> None:
        if not find("envoy"):
            pytest.skip("envoy is not on this machine")
        text = envoy.render(plan(secure("127.0.0.1"), shop=SHOP)).text
        (tmp_path / "table.yaml").write_text(text)

        command = [find("envoy"), "--mode", "validate", "-c", tmp_path / "table.yaml", "--log-level", "warn"]
        said = subprocess.run(command, check=False, capture_output=True, text=True)

        assert said.returncode == 0, said.stderr
        assert "sni" not in _context(yaml.safe_load(text))

    def test_names_what_it_cannot_keep(self) -> None:
        assert lost("envoy", secure("a.test")) == []
        assert lost("envoy", secure("a.test", "b.test", server_name="c.test")) == []
        assert lost("envoy", secure("a.test", "b.test")) == [
            "tls: an instance of orders may show the certificate of another, and is asked for the first's"
        ]

    def test_asks_for_the_issuer_s_keys_as_the_issuer_is_asked(self) -> None:
        made = plan(shop={**SHOP, "access": "signed in"})
        object.__setattr__(made, "keys_url", "https://users.internal/.well-known/jwks.json")

        cluster = yaml.safe_load(envoy.render(made).text)["static_resources"]["clusters"][-1]

        where = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]
        assert (cluster["name"], where["port_value"]) == ("ficus_issuer", 443)
        assert cluster["transport_socket"]["typed_config"]["sni"] == "users.internal"


class TestGatewayApi:
    def test_has_a_policy_for_each_service(self) -> None:
        rendered = gateway_api.render(plan(secure("orders.internal", "10.0.0.6", **FILES), shop=SHOP))

        found = {(each["kind"], each["metadata"]["name"]): each for each in yaml.safe_load_all(rendered.text)}
        assert found["BackendTLSPolicy", "orders-1"]["spec"] == {
            "targetRefs": [{"group": "", "kind": "Service", "name": "orders-1"}],
            "validation": {
                "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "orders-authorities"}],
                "hostname": "orders.internal",
            },
        }
        assert found["BackendTLSPolicy", "orders-2"]["spec"]["validation"]["hostname"] == "orders-2"
        assert found["Service", "orders-1"]["spec"]["ports"] == [{"name": "https", "port": 8443, "protocol": "TCP"}]
        assert found["EndpointSlice", "orders-2-1"]["ports"] == [{"name": "https", "port": 8443, "protocol": "TCP"}]

    def test_names_what_it_cannot_keep(self) -> None:
        assert lost("gateway-api", secure("a.test")) == []
        assert lost("gateway-api", secure("10.0.0.5", **FILES)) == [
            "tls: /etc/ca.pem has to be in a ConfigMap orders-authorities, as ca.crt",
            "tls: the certificate for orders is the implementation's to show",
            "tls: orders is expected by its Service's name, since an IP address is none; state a server_name",
        ]


def _context(made: Any) -> Any:
    clusters = {each["name"]: each for each in made["static_resources"]["clusters"]}
    return clusters["service_orders"]["transport_socket"]["typed_config"]
