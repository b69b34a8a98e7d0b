from typing import Any

import pytest
from drf_spectacular.validation import validate_schema
from jsonschema import ValidationError

from gateway.console.composing.document import merged
from gateway.console.composing.own_document import own_document
from gateway.data.policies.concurrency import Concurrency
from gateway.data.policies.rate import Rate
from gateway.data.policies.require import Require
from gateway.data.policies.rewrite import Rewrite
from gateway.data.routing.route import Access, Route
from gateway.data.routing.table import Table

PROBLEM = {"type": "object"}
OPEN = (
    Route("users", "users", b"/users", access=Access.PUBLIC),
    Route("orders", "orders", b"/orders", access=Access.PUBLIC),
)


def document(path: str, operation: dict[str, Any], method: str = "get", **schemas: Any) -> dict[str, Any]:
    return {
        "openapi": "3.0.3",
        "paths": {path: {method: {"responses": {}, **operation}}},
        "components": {"schemas": schemas, "securitySchemes": {"own": {"type": "http", "scheme": "bearer"}}},
    }


def merge(*routes: Route, **documents: dict[str, Any]) -> Any:
    info = {"title": "Ficus", "version": "1"}
    return merged(documents, own_document(), Table(routes or OPEN, 1), info=info, url="https://ficus.test")


def described(name: str, **more: Any) -> dict[str, Any]:
    return {"operationId": name, **more}


class TestMergedDocument:
    def test_has_every_path_and_says_where_it_is(self) -> None:
        whole = merge(users=document("/users", described("a")), orders=document("/orders", described("b")))

        assert list(whole["paths"]) == ["/livez", "/me", "/openapi.json", "/orders", "/readyz", "/users"]
        assert [each["url"] for each in whole["servers"]] == ["/", "https://ficus.test"]
        assert whole["paths"]["/orders"]["get"]["tags"] == ["orders"]

    def test_is_valid(self) -> None:
        whole = merge(users=document("/users", described("a")), orders=document("/orders", described("b")))

        validate_schema(whole)
        with pytest.raises(ValidationError, match="'info' is a required property"):
            validate_schema({name: part for name, part in whole.items() if name != "info"})

    def test_leaves_the_services_documents_alone(self) -> None:
        users = document("/users", {"operationId": "list", "security": [{"own": []}], "x-scopes": ["users:read"]})

        merge(users=users)

        operation = {"responses": {}, "operationId": "list", "security": [{"own": []}], "x-scopes": ["users:read"]}
        assert users["paths"]["/users"]["get"] == operation


class TestPaths:
    def test_are_those_under_which_the_gateway_has_them(self) -> None:
        shop = Route("shop", "orders", b"/shop", access=Access.PUBLIC, policies={"rewrite": Rewrite(prefix="/orders")})

        whole = merge(shop, orders=document("/orders/{id}/history", described("history")))

        assert "/shop/{id}/history" in whole["paths"]
        assert "/orders/{id}/history" not in whole["paths"]

    def test_are_not_there_if_no_route_leads_to_them(self) -> None:
        reading = Route("orders", "orders", b"/orders", methods=frozenset((b"GET",)))
        orders = document("/orders", described("list"))
        orders["paths"] |= document("/internal", described("internal"))["paths"]
        orders["paths"]["/orders"] |= document("/orders", described("place"), "post")["paths"]["/orders"]

        whole = merge(reading, orders=orders)

        assert list(whole["paths"]["/orders"]) == ["get"]
        assert "/internal" not in whole["paths"]

    def test_that_differ_in_a_parameter_s_name_are_one(self) -> None:
        routes = (
            Route("read", "users", b"/things"),
            Route("write", "orders", b"/things", methods=frozenset((b"POST",))),
        )
        named = {"parameters": [{"in": "path", "name": "thing_id", "required": True, "schema": {"type": "string"}}]}

        whole = merge(
            *routes,
            users=document("/things/{id}", described("read")),
            orders=document("/things/{thing_id}", described("write", **named), "post"),
        )

        assert sorted(whole["paths"]["/things/{id}"]) == ["get", "post"]
        assert whole["paths"]["/things/{id}"]["post"]["parameters"][0]["name"] == "id"


class TestNames:
    REFERS = {
        "200": {"description": "", "content": {"a/b": {"schema": {"$ref": "#/components/schemas/Status"}}}},
        "404": {"description": "", "content": {"a/b": {"schema": {"$ref": "#/components/schemas/Trouble"}}}},
    }

    @staticmethod
    def schema(whole: Any, path: str, status: str) -> str:
        response = whole["paths"][path]["get"]["responses"][status]
        reference: str = response["content"]["a/b"]["schema"]["$ref"]
        return reference.removeprefix("#/components/schemas/")

    def test_are_shared_by_what_means_the_same_and_changed_in_what_does_not(self) -> None:
        whole = merge(
            users=document("/users", {"responses": self.REFERS}, Status={"enum": ["a"]}, Trouble=PROBLEM),
            orders=document("/orders", {"responses": self.REFERS}, Status={"enum": ["b"]}, Trouble=PROBLEM),
        )

        names = set(whole["components"]["schemas"])
        assert {"OrdersStatus", "UsersStatus", "Trouble"} <= names
        assert "Status" not in names
        assert self.schema(whole, "/orders", "200") == "OrdersStatus"
        assert self.schema(whole, "/users", "200") == "UsersStatus"
        assert self.schema(whole, "/orders", "404") == "Trouble"

    def test_are_changed_in_what_refers_to_what_differs(self) -> None:
        page = {"items": {"$ref": "#/components/schemas/Status"}}

        whole = merge(
            users=document("/users", {}, Status={"enum": ["a"]}, Page=page),
            orders=document("/orders", {}, Status={"enum": ["b"]}, Page=page),
        )

        schemas = whole["components"]["schemas"]
        assert schemas["OrdersPage"] == {"items": {"$ref": "#/components/schemas/OrdersStatus"}}
        assert schemas["UsersPage"] == {"items": {"$ref": "#/components/schemas/UsersStatus"}}
        assert "Page" not in schemas

    def test_are_changed_in_a_discriminator_too(self) -> None:
        animal = {"discriminator": {"propertyName": "kind", "mapping": {"dog": "#/components/schemas/Dog"}}}

        whole = merge(
            users=document("/users", {}, Dog={"type": "object"}, Animal=animal),
            orders=document("/orders", {}, Dog={"type": "string"}),
        )

        mapping = whole["components"]["schemas"]["Animal"]["discriminator"]["mapping"]
        assert mapping == {"dog": "#/components/schemas/UsersDog"}

    def test_do_not_take_one_that_is_there_already(self) -> None:
        whole = merge(
            users=document("/users", {}, Status={"enum": ["a"]}, OrdersStatus={"enum": ["c"]}),
            orders=document("/orders", {}, Status={"enum": ["b"]}),
        )

        schemas = whole["components"]["schemas"]
        assert schemas["OrdersStatus"] == {"enum": ["c"]}
        assert schemas["OrdersStatus_"] == {"enum": ["b"]}

    def test_of_the_gateway_s_own_are_kept_though_a_service_has_other_ones(self) -> None:
        older = document("/users", {"responses": self.REFERS}, Status={"enum": ["a"]}, Trouble=PROBLEM, Problem=PROBLEM)
        older["components"]["responses"] = {"ServiceFailed": {"description": "As it was."}}

        whole = merge(users=older)

        responses = whole["paths"]["/users"]["get"]["responses"]
        assert responses["502"] == {"$ref": "#/components/responses/ServiceFailed"}
        assert whole["components"]["responses"]["ServiceFailed"]["description"] != "As it was."
        assert whole["components"]["responses"]["UsersServiceFailed"] == {"description": "As it was."}
        assert {"Problem", "UsersProblem"} <= set(whole["components"]["schemas"])

    @pytest.mark.parametrize("order", [("users", "orders"), ("orders", "users")])
    def test_do_not_depend_on_who_comes_first(self, order: tuple[str, str]) -> None:
        documents = {name: document(f"/{name}", described("list"), Status={"enum": [name]}) for name in order}

        whole = merge(**documents)

        names = {path: whole["paths"][path]["get"]["operationId"] for path in ("/users", "/orders")}
        assert names == {"/users": "users_list", "/orders": "orders_list"}
        assert {"OrdersStatus", "UsersStatus"} <= set(whole["components"]["schemas"])

    def test_of_one_operation_at_two_paths_tell_the_routes_apart(self) -> None:
        shop = Route("the-shop", "orders", b"/shop", policies={"rewrite": Rewrite(prefix="/orders")})

        whole = merge(*OPEN, shop, orders=document("/orders", described("list_orders")))

        assert whole["paths"]["/shop"]["get"]["operationId"] == "the_shop_list_orders"
        assert whole["paths"]["/orders"]["get"]["operationId"] == "orders_list_orders"


class TestSecurity:
    BEARER, SESSION = {"bearer": []}, {"session": []}

    def security(self, access: Access, **operation: Any) -> Any:
        whole = merge(Route("users", "users", b"/users", access=access), users=document("/users", operation))
        return whole["paths"]["/users"]["get"].get("security")

    def test_is_by_the_gateway_s_own_schemes(self) -> None:
        whole = merge(users=document("/users", {"security": [{"own": []}], "x-scopes": ["users:read"]}))

        operation = whole["paths"]["/users"]["get"]
        assert operation["security"] == [self.BEARER, {"oauth2": ["users:read"]}, self.SESSION]
        assert "x-scopes" not in operation
        schemes = whole["components"]["securitySchemes"]
        assert sorted(schemes) == ["bearer", "oauth2", "session"]
        flow = schemes["oauth2"]["flows"]["authorizationCode"]
        assert flow["tokenUrl"] == "https://ficus.test/oauth/token"
        assert flow["scopes"] == {"users:read": "Look at what the users service keeps"}

    def test_is_asked_for_where_the_route_does(self) -> None:
        assert self.security(Access.SIGNED_IN) == [self.BEARER, {"oauth2": []}, self.SESSION]

    def test_is_a_matter_of_choice_where_the_route_leaves_it(self) -> None:
        assert self.security(Access.OPTIONAL) == [{}, self.BEARER, {"oauth2": []}, self.SESSION]

    def test_is_nobody_s_business_on_a_public_route(self) -> None:
        assert self.security(Access.PUBLIC) is None
        assert self.security(Access.PUBLIC, security=[{}]) is None

    def test_has_the_scopes_that_the_route_asks_for_beside_the_service_s(self) -> None:
        terms = Require(scopes=["users:write", "users:read"])
        route = Route("users", "users", b"/users", policies={"require": terms})

        whole = merge(route, users=document("/users", {"security": [{"own": []}], "x-scopes": ["users:read"]}))

        needed = {"oauth2": ["users:read", "users:write"]}
        assert whole["paths"]["/users"]["get"]["security"] == [self.BEARER, needed, self.SESSION]
        assert sorted(whole["components"]["securitySchemes"]["oauth2"]["flows"]["authorizationCode"]["scopes"]) == [
            "users:read",
            "users:write",
        ]

    def test_is_needed_where_the_service_says_so(self) -> None:
        assert {} not in self.security(Access.OPTIONAL, security=[{"own": []}])


class TestAnswers:
    def answers(self, access: Access, **operation: Any) -> list[str]:
        whole = merge(Route("users", "users", b"/users", access=access), users=document("/users", operation))
        return list(whole["paths"]["/users"]["get"]["responses"])

    def test_of_the_gateway_itself_are_there_too(self) -> None:
        assert self.answers(Access.PUBLIC) == ["400", "502", "503", "504"]
        assert self.answers(Access.SIGNED_IN) == ["400", "401", "403", "502", "503", "504"]

    def test_tell_of_a_body_that_is_too_large(self) -> None:
        assert "413" in self.answers(Access.PUBLIC, requestBody={"content": {}})

    def test_of_the_service_stay_as_they_are(self) -> None:
        busy = {"description": "Come back."}

        whole = merge(users=document("/users", {"responses": {"503": busy}}))

        assert whole["paths"]["/users"]["get"]["responses"]["503"]["description"] == "Come back."

    def test_are_whole_even_if_no_service_has_said_anything(self) -> None:
        whole = merge()

        assert {"Problem", "Me"} <= set(whole["components"]["schemas"])
        validate_schema(whole)


class TestLimits:
    OWN = {"200": {"description": "Fine."}, "304": {"$ref": "#/components/responses/Same"}}

    def responses(self, responses: dict[str, Any] | None = None, **policies: Any) -> Any:
        route = Route("users", "users", b"/users", access=Access.PUBLIC, policies=policies)
        whole = merge(route, users=document("/users", {"responses": responses or self.OWN}))
        validate_schema(whole)
        return whole["paths"]["/users"]["get"]["responses"]

    def test_are_told_of_in_the_refusal_and_in_every_success(self) -> None:
        found = self.responses(rate=Rate(limits=["100/minute by address", "5/10s by address burst 2"]))

        said = "Allowed are 100/minute by address, 5/10s by address burst 2; `Retry-After` says when to come back."
        assert found["429"]["description"] == said
        assert list(found["429"]["content"]) == ["application/problem+json"]
        assert sorted(found["429"]["headers"]) == ["RateLimit", "RateLimit-Policy", "Retry-After"]
        assert sorted(found["200"]["headers"]) == ["RateLimit", "RateLimit-Policy"]
        assert found["304"] == self.OWN["304"]

    def test_of_what_is_under_way_are_told_of_in_the_refusal_alone(self) -> None:
        found = self.responses(concurrency=Concurrency(most=20, by="address"))

        assert "20 at a time by address" in found["429"]["description"]
        assert "RateLimit" in found["429"]["headers"]
        assert "headers" not in found["200"]

    def test_are_told_of_beside_the_service_s_own(self) -> None:
        own = {"429": {"description": "Too many attempts.", "headers": {"X-Left": {"schema": {"type": "string"}}}}}

        found = self.responses(own, rate=Rate(limits=["100/minute by address"]))

        assert found["429"]["description"].startswith("Too many attempts. Allowed are 100/minute by address;")
        assert {"X-Left", "RateLimit"} <= set(found["429"]["headers"])

    def test_are_not_spoken_of_where_there_is_none(self) -> None:
        assert "429" not in self.responses()


class TestRequirements:
    def test_are_named_in_the_refusal(self) -> None:
        terms = Require(scopes=["users:write"], role="support")
        route = Route("users", "users", b"/users", policies={"require": terms})

        whole = merge(route, users=document("/users", described("list")))

        refusal = whole["paths"]["/users"]["get"]["responses"]["403"]
        assert refusal["description"] == "Needed are the scope `users:write`, the role `support` or one above it."
        assert list(refusal["content"]) == ["application/problem+json"]
