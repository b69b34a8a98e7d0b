"""Whose answer a request may get; RFC 9111, sections 2, 3.5 and 4.1."""

import pytest

from ficus.auth.principal import Principal
from gateway.data.cache.selecting import key_of, mark_of, selection, varying_names
from gateway.data.policies.rewrite import Rewrite
from gateway.data.routing.route import Access, Route
from tests.gateway.making import request

PUBLIC = Route("orders", "orders", b"/orders", access=Access.PUBLIC)
SIGNED_IN = Route("orders", "orders", b"/orders")
ADA = Principal("ada", roles=frozenset({"customer"}), scopes=frozenset({"orders:read"}))


def key(*fields: str, route: Route = PUBLIC, who: Principal | None = None, peer: str = "192.0.2.7") -> object:
    asked = request("GET", "/orders", *fields, route=route, peer=peer)
    asked.principal = who
    return key_of(asked, mark_of(route))


class TestKey:
    def test_is_one_for_all_on_a_public_route(self) -> None:
        assert key() == key("X-Any: thing", who=ADA)

    @pytest.mark.parametrize(
        "other",
        [
            None,
            Principal("bob", roles=ADA.roles, scopes=ADA.scopes),
            Principal("ada", roles=ADA.roles, scopes=frozenset()),
            Principal("ada", roles=frozenset({"customer", "admin"}), scopes=ADA.scopes),
            Principal("ada", roles=ADA.roles, scopes=ADA.scopes, client_id="app"),
        ],
    )
    def test_holds_who_asks_and_with_what_rights_elsewhere(self, other: Principal | None) -> None:
        assert key(route=SIGNED_IN, who=ADA) != key(route=SIGNED_IN, who=other)

    def test_is_the_same_for_another_token_of_the_same_person(self) -> None:
        again = Principal("ada", roles=ADA.roles, scopes=ADA.scopes, session_id="")

        assert key(route=SIGNED_IN, who=ADA) == key(route=SIGNED_IN, who=again)

    def test_holds_what_a_believed_proxy_says_of_scheme_and_host(self) -> None:
        plain = key(peer="10.0.0.1")

        assert key("X-Forwarded-Proto: https", peer="10.0.0.1") != plain
        assert key("X-Forwarded-Host: other.test", peer="10.0.0.1") != plain
        assert key("X-Forwarded-Proto: https", "X-Forwarded-Host: other.test") == key()

    def test_changes_with_what_makes_the_route_answer_otherwise(self) -> None:
        others = [
            Route("orders", "users", b"/orders", access=Access.PUBLIC),
            Route("orders", "orders", b"/orders", access=Access.OPTIONAL),
            Route("orders", "orders", b"/orders", access=Access.PUBLIC, policies={"rewrite": Rewrite(prefix="/v2")}),
        ]

        assert len({mark_of(each) for each in (PUBLIC, *others)}) == 4
        assert mark_of(PUBLIC) == mark_of(Route("orders", "orders", b"/orders", access=Access.PUBLIC, priority=3))


class TestSelection:
    def test_is_by_the_fields_that_vary_names(self) -> None:
        assert varying_names([(b"vary", b"Accept , x-b"), (b"vary", b"accept,"), (b"date", b"x")]) == (
            b"accept",
            b"x-b",
        )

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            (b"x-several", b"1, 2"),
            (b"x-absent", b""),
            (b"accept-encoding", b"br,gzip"),
            (b"x-forwarded-for", b"192.0.2.7"),
            (b"x-forwarded-proto", b"http"),
            (b"host", b"ficus.test"),
            (b"authorization", b"Bearer ours"),
            (b"cookie", b"theme=dark"),
        ],
    )
    def test_has_what_the_service_gets_to_see(self, name: bytes, value: bytes) -> None:
        fields = (
            "X-Several: 1",
            "X-Several: 2",
            "Accept-Encoding: gzip , BR",
            "X-Forwarded-For: 10.9.9.9",
            "X-Forwarded-Proto: https",
            "Authorization: theirs",
            "Cookie: gateway_session=1; theme=dark",
        )
        asked = request("GET", "/orders", *fields, route=PUBLIC)
        asked.authorization = b"Bearer ours"

        assert selection(asked, [name]) == ((name, value),)
