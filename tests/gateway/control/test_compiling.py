"""What a document of the table means, and the mistakes that only a document can have."""

from typing import Any

import pytest

from gateway.control.compiling import compile_document


def mistakes(routes: Any = None, services: Any = None) -> list[str]:
    return compile_document({"services": {"orders": {}, **(services or {})}, "routes": routes or {}}).mistakes


def route(**said: Any) -> dict[str, Any]:
    return {"a": {"service": "orders", "path": "/a", **said}}


class TestCompileDocument:
    @pytest.mark.parametrize("document", [None, [], "x", {"routes": []}, {"services": 1}])
    def test_refuses_what_is_no_table(self, document: Any) -> None:
        assert compile_document(document).mistakes == ["a table has two mappings by name: services and routes"]

    @pytest.mark.parametrize(
        ("routes", "mistake"),
        [
            ({"a b": {"service": "orders", "path": "/a"}}, "a b: a name has at most 100 letters"),
            ({"a": None}, "a: this must be a mapping"),
            ({"a": {"service": "orders"}}, "a: path is missing"),
            (route(match="regex"), "a: match: Invalid enum value 'regex'"),
            (route(headers={"X": True}), "a: headers: Expected `str`, got `bool`"),
            (route(pattern="/x"), "a: a pattern belongs to match: pattern"),
            (route(match="pattern"), "a: a pattern belongs to match: pattern"),
            (route(match="pattern", pattern="(a"), "a: the pattern (a cannot be used: missing )"),
            (route(hosts=["a:80"]), "a: a:80 is no host"),
            (route(hosts=["a.*.b"]), "a: a.*.b is no host"),
            (route(headers={"X-User-Id": "1"}), "a: the header field x-user-id is not looked at"),
            (route(headers={"a b": "1"}), "a: a b is not the name of a header field"),
            (route(query={"a": "~("}), "a: query a: the pattern ( cannot be used"),
            (route(path="/static/x"), "a: it would hide /static"),
            (route(policies={"mirror": {}}), "a: mirror: to is missing"),
            (route(policies={"mirror": {"to": "gone"}}), "a: mirror: no address of the service gone"),
            (route(policies={"split": {"weights": {"orders": -1}}}), "a: split: weights: Expected `int` >= 0"),
        ],
    )
    def test_names_what_is_wrong_with_a_route(self, routes: Any, mistake: str) -> None:
        assert [each[: len(mistake)] for each in mistakes(routes)] == [mistake]

    def test_wants_a_pattern_to_stand_below_a_path(self) -> None:
        assert "a: a pattern needs a path to stand below, other than /" in mistakes(
            route(match="pattern", pattern="/x", path="/")
        )

    @pytest.mark.parametrize(
        ("instances", "mistake"),
        [
            ([{"address": "http://169.254.169.254"}], "s: 169.254.169.254 is an address that the gateway never"),
            ([{"address": "http://8.8.8.8"}], "s: 8.8.8.8 is in none of the networks"),
            ([{"address": "ftp://a"}], "s: ftp://a is not the http or https address"),
            ([{"address": "https://169.254.169.254"}], "s: 169.254.169.254 is an address that the gateway never"),
            ([{"address": "https://8.8.8.8"}], "s: 8.8.8.8 is in none of the networks"),
            ([{"address": "https://a"}, {"address": "http://b"}], "s: its addresses have to be all http, or all https"),
            ([{"address": "http://a"}, {"address": "http://a"}], "s: an address is there twice"),
            ([{"address": "http://a", "weight": 0}], "s: all instances have the weight 0"),
            ([{"address": "http://a", "weight": 101}], "s: instances: Expected `int` <= 100"),
        ],
    )
    def test_names_what_is_wrong_with_a_service(self, instances: Any, mistake: str) -> None:
        assert [each[: len(mistake)] for each in mistakes(services={"s": {"instances": instances}})] == [mistake]

    @pytest.mark.parametrize(
        ("scheme", "tls", "mistake"),
        [
            ("https", {"certificate": "/a.pem"}, "s: tls: a certificate needs its key"),
            ("https", {"key": "/a.key"}, "s: tls: a key needs its certificate"),
            ("https", {"ca": "a.pem"}, "s: terms: tls: Expected `str` matching regex"),
            ("https", {"server_name": "a b"}, "s: terms: tls: Expected `str` matching regex"),
            ("https", {"server_name": "a" * 64}, "s: terms: tls: Expected `str` matching regex"),
            ("https", {"verify": False}, "s: terms: tls: Object contains unknown field `verify`"),
            ("http", {}, "s: tls: its addresses have to be https"),
        ],
    )
    def test_names_what_is_wrong_with_a_service_s_tls(self, scheme: str, tls: Any, mistake: str) -> None:
        service = {"instances": [{"address": f"{scheme}://a"}], "terms": {"tls": tls}}

        assert [each[: len(mistake)] for each in mistakes(services={"s": service})] == [mistake]

    def test_looks_at_no_files_which_are_each_worker_s_own(self) -> None:
        files = {"ca": "/nowhere/ca.pem", "certificate": "/nowhere/a.pem", "key": "/nowhere/a.key"}
        service = {"instances": [{"address": "https://a"}], "terms": {"tls": files}}

        assert mistakes(services={"s": service}) == []

    def test_lets_routes_share_a_path_that_ask_for_different_things(self) -> None:
        path = {"service": "orders", "path": "/a"}
        routes = {
            "plain": path,
            "host": {**path, "hosts": ["a.test"]},
            "header": {**path, "headers": {"X": "1"}},
            "query": {**path, "query": {"x": "1"}},
            "first": {**path, "priority": 1},
            "pattern": {**path, "match": "pattern", "pattern": "/x"},
            "inactive": {**path, "active": False},
        }

        assert mistakes(routes) == []
        assert mistakes({**routes, "again": {**path, "hosts": ["b.test", "A.test"]}}) == [
            "host and again both serve /a"
        ]

    def test_takes_a_thousand_routes(self) -> None:
        routes = {f"r{number}": {"service": "orders", "path": f"/r{number}"} for number in range(1000)}

        assert mistakes(routes) == []

    def test_uses_the_environment_s_addresses_unless_the_table_has_its_own(self, settings: Any) -> None:
        settings.UPSTREAMS = {"orders": ["http://127.0.0.1:1"], "users": ["http://127.0.0.1:2"]}

        compiled = compile_document({"services": {"orders": {"instances": [{"address": "http://10.0.0.1:3"}]}}})

        assert {name: [each.url for each in urls] for name, urls in compiled.addresses.items()} == {
            "orders": ["http://10.0.0.1:3"],
            "users": ["http://127.0.0.1:2"],
        }
