import orjson
import pytest

from ficus.auth.principal import Principal
from gateway.data.message.refusal import Refusal, problem
from gateway.data.policies.require import Require, require
from gateway.data.routing.route import Access, Route
from tests.gateway.making import request

ROUTE = Route("orders", "orders", b"/orders")


def refusal_for(terms: Require, *, scopes: str = "", roles: str = "") -> Refusal | None:
    """Return what somebody with these scopes and roles is told."""
    made = request(route=ROUTE)
    made.principal = Principal("ada", scopes=frozenset(scopes.split()), roles=frozenset(roles.split()))
    try:
        require(made, terms)
    except Refusal as refusal:
        return refusal
    return None


class TestRequire:
    def test_lets_through_who_has_every_scope_and_more(self) -> None:
        terms = Require(scopes=["orders:read", "orders:write"])

        assert refusal_for(terms, scopes="orders:write users:read orders:read") is None

    @pytest.mark.parametrize("role", ["support", "operator", "admin"])
    def test_lets_through_the_role_and_those_above_it(self, role: str) -> None:
        assert refusal_for(Require(role="support"), roles=role) is None

    @pytest.mark.parametrize("role", ["", "customer", "gardener"])
    def test_refuses_every_other_role(self, role: str) -> None:
        refused = refusal_for(Require(role="support"), roles=role)

        assert refused is not None
        assert (refused.status, refused.code, refused.extra) == (403, "insufficient_role", {"missing_role": "support"})
        assert refused.headers == ((b"www-authenticate", b'Bearer realm="ficus", error="insufficient_scope"'),)

    def test_names_each_scope_that_is_missing_and_no_other(self) -> None:
        refused = refusal_for(Require(scopes=["a", "b", "c"]), scopes="b")

        assert refused is not None
        assert refused.detail == "The token lacks the scopes a c."
        assert refused.headers == (
            (b"www-authenticate", b'Bearer realm="ficus", error="insufficient_scope", scope="a c"'),
        )

    def test_names_scopes_and_role_together(self) -> None:
        refused = refusal_for(Require(scopes=["orders:write"], role="operator"), roles="support")

        assert refused is not None
        document = orjson.loads(problem(refused, None))
        assert {name: document[name] for name in ("status", "code", "missing_scopes", "missing_role")} == {
            "status": 403,
            "code": "insufficient_scope",
            "missing_scopes": ["orders:write"],
            "missing_role": "operator",
        }

    def test_refuses_whoever_is_nobody(self) -> None:
        with pytest.raises(Refusal):
            require(request(route=ROUTE), Require(role="customer"))


class TestTerms:
    @pytest.mark.parametrize("access", [Access.PUBLIC, Access.OPTIONAL])
    def test_make_no_sense_where_nobody_has_to_be_signed_in(self, access: Access) -> None:
        route = Route("orders", "orders", b"/orders", access=access)

        assert list(Require(role="admin").mistakes(route, ())) == ["it needs access: signed in"]

    def test_must_ask_for_something(self) -> None:
        assert list(Require().mistakes(ROUTE, ())) == ["say scopes or a role"]
