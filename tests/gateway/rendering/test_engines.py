"""What is rendered beyond what the behaviours show: weights, shares, time, and the form of manifests."""

from typing import Any

import pytest
import yaml

from gateway.rendering import envoy, gateway_api, nginx
from tests.gateway.rendering.tables import plan

SERVICES = {
    "orders": {
        "instances": [
            {"address": "http://10.0.0.5:8000", "weight": 3},
            {"address": "http://10.0.0.6:8001"},
            {"address": "http://10.0.0.7:8000", "weight": 0},
        ]
    },
    "next": {"instances": [{"address": "http://10.0.1.5:8000"}, {"address": "http://[fd00::5]:8000"}]},
}
SPLIT = {"split": {"weights": {"orders": 90, "next": 10}}}


class TestNginx:
    def test_has_weights_of_instances_and_of_services(self) -> None:
        text = nginx.render(plan(SERVICES, shop={"path": "/shop", "policies": SPLIT})).text

        assert "    server 10.0.0.5:8000 weight=3 " in text
        assert "    server 10.0.0.7:8000 down " in text
        assert "    server [fd00::5]:8000 weight=1 " in text
        assert "    90.00% http://ficus_orders;\n    * http://ficus_next;\n" in text

    def test_has_the_time_that_a_route_has(self) -> None:
        text = nginx.render(plan(shop={"path": "/shop", "timeout_ms": 700, "body_limit": 123})).text

        assert "proxy_read_timeout 700ms;" in text
        assert "client_max_body_size 123;" in text

    def test_keeps_words_of_a_table_from_being_directives(self) -> None:
        wanted = 'x" 1; } server { listen 1; #'
        text = nginx.render(plan(shop={"path": "/shop", "headers": {"X-A": wanted}})).text

        assert "\nserver { listen 1;" not in text
        assert '"~^(?:x\\"\\\\ 1' in text


class TestEnvoy:
    def test_has_weights_of_instances_and_of_services(self) -> None:
        made = yaml.safe_load(envoy.render(plan(SERVICES, shop={"path": "/shop", "policies": SPLIT})).text)

        clusters = {each["name"]: each for each in made["static_resources"]["clusters"]}
        endpoints = clusters["service_orders"]["load_assignment"]["endpoints"][0]["lb_endpoints"]
        assert [each["load_balancing_weight"] for each in endpoints] == [3, 1]
        assert _route(made, "shop")["route"]["weighted_clusters"]["clusters"] == [
            {"name": "service_orders", "weight": 90},
            {"name": "service_next", "weight": 10},
        ]

    def test_has_the_time_that_a_route_has(self) -> None:
        made = yaml.safe_load(envoy.render(plan(shop={"path": "/shop", "timeout_ms": 700})).text)

        assert _route(made, "shop")["route"]["idle_timeout"] == "0.7s"

    def test_asks_for_tokens_by_the_issuer_s_keys(self) -> None:
        made = yaml.safe_load(envoy.render(plan(shop={"path": "/shop", "access": "signed in"})).text)

        needed = _route(made, "shop")["typed_per_filter_config"]["envoy.filters.http.jwt_authn"]
        assert needed["requirement_name"] == "signed in"
        assert made["static_resources"]["clusters"][-1]["name"] == "ficus_issuer"


class TestGatewayApi:
    def test_has_a_route_and_its_services(self) -> None:
        shop = {
            "path": "/shop",
            "hosts": ["shop.test", "*.shop.test"],
            "methods": ["GET", "POST"],
            "headers": {"X-A": "1"},
            "query": {"b": "~[0-9]+"},
            "timeout_ms": 700,
            "policies": {**SPLIT, "rewrite": {"prefix": "/v2"}},
        }
        found = _documents(gateway_api.render(plan(SERVICES, shop=shop)).text)

        match = {
            "path": {"type": "PathPrefix", "value": "/shop"},
            "headers": [{"type": "Exact", "name": "x-a", "value": "1"}],
            "queryParams": [{"type": "RegularExpression", "name": "b", "value": "[0-9]+"}],
        }
        assert found["HTTPRoute", "shop"]["spec"] == {
            "parentRefs": [{"name": "ficus"}],
            "hostnames": ["shop.test", "*.shop.test"],
            "rules": [
                {
                    "matches": [{**match, "method": method}],
                    "filters": [
                        {
                            "type": "URLRewrite",
                            "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/v2"}},
                        }
                    ],
                    "backendRefs": [
                        {"name": "orders-1", "port": 80, "weight": 270},
                        {"name": "orders-2", "port": 80, "weight": 90},
                        {"name": "next", "port": 80, "weight": 40},
                    ],
                    "timeouts": {"backendRequest": "700ms"},
                }
                for method in ("GET", "POST")
            ],
        }
        assert found["EndpointSlice", "orders-1-1"]["endpoints"] == [
            {"addresses": ["10.0.0.5"], "conditions": {"ready": True}}
        ]
        assert found["EndpointSlice", "next-2"]["addressType"] == "IPv6"
        assert found["Gateway", "ficus"]["spec"]["listeners"][0]["port"] == 8080

    @pytest.mark.parametrize(
        ("route", "kind", "values"),
        [
            ({}, "PathPrefix", ["/shop"]),
            ({"match": "exact"}, "Exact", ["/shop", "/shop/"]),
            ({"match": "pattern", "pattern": "/[0-9]+"}, "RegularExpression", ["/shop(?:/[0-9]+)/?"]),
        ],
    )
    def test_has_each_kind_of_path(self, route: dict[str, Any], kind: str, values: list[str]) -> None:
        found = _documents(gateway_api.render(plan(shop={"path": "/shop", **route})).text)

        matches = [match for rule in found["HTTPRoute", "shop"]["spec"]["rules"] for match in rule["matches"]]
        assert matches == [{"path": {"type": kind, "value": value}} for value in values]

    def test_tells_names_apart_that_a_cluster_would_not(self) -> None:
        found = _documents(gateway_api.render(plan(a_b={"path": "/a"}, A_B={"path": "/b"}, ab={"path": "/c"})).text)

        names = [name for kind, name in found if kind == "HTTPRoute"]
        assert len(names) == 3
        assert [name.partition("-")[0] for name in names] == ["a", "a", "ab"]

    def test_leaves_out_what_would_take_requests_of_others(self) -> None:
        found = _documents(gateway_api.render(plan(shop={"path": "/shop", "query": {"a": "!"}})).text)

        assert [kind for kind, _ in found] == ["Gateway", "Service", "EndpointSlice"]

    def test_has_instances_by_name_as_other_names(self) -> None:
        services = {"orders": {"instances": [{"address": "http://orders.internal:8000"}]}}
        rendered = gateway_api.render(plan(services, shop={"path": "/shop"}))

        found = _documents(rendered.text)
        assert found["Service", "orders"]["spec"]["externalName"] == "orders.internal"
        assert found["HTTPRoute", "shop"]["spec"]["rules"][0]["backendRefs"] == [
            {"name": "orders", "port": 8000, "weight": 1}
        ]
        assert "orders is an ExternalName" in rendered.losses[0].what


def _route(made: Any, name: str) -> Any:
    manager = made["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    routes = manager["route_config"]["virtual_hosts"][0]["routes"]
    return next(route for route in routes if route.get("name") == name)


def _documents(text: str) -> dict[tuple[str, str], Any]:
    return {(each["kind"], each["metadata"]["name"]): each for each in yaml.safe_load_all(text)}
