"""What is answered instead of an error."""

import asyncio

from gateway.data.degrading import Substitute, substitute_for
from gateway.data.message.refusal import Refusal
from gateway.data.message.request import Request
from gateway.data.policies.fallback import Fallback, fallback
from gateway.data.routing.route import Route
from tests.gateway.making import request

ROUTE = Route("orders", "orders", b"/orders")
FAILED = Refusal(503, "service_unavailable", "away")


def asked(terms: Fallback, method: str = "GET") -> Request:
    made = request(method, "/orders", route=ROUTE)
    fallback(made, terms)
    return made


def answer(made: Request) -> Refusal:
    return asyncio.run(substitute_for(made, FAILED))


class TestFallback:
    def test_answers_with_a_fixed_body(self) -> None:
        found = answer(asked(Fallback(body="[]", status=203)))

        assert isinstance(found, Substitute)
        assert (found.status, found.body) == (203, b"[]")
        assert found.headers == (
            (b"content-type", b"application/json"),
            (b"cache-control", b"no-store"),
            (b"x-ficus-degraded", b"static"),
        )

    def test_is_counted_where_it_is_given(self) -> None:
        made = asked(Fallback(body="[]"))

        for _ in range(2):
            answer(made)

        assert made.gateway.degraded == {("orders", "static"): 2}

    def test_never_says_that_a_write_is_done(self) -> None:
        assert asked(Fallback(body="[]"), "POST").fallbacks == ()
        assert answer(asked(Fallback(body="[]"), "DELETE")) is FAILED

    def test_names_every_mistake(self) -> None:
        terms = Fallback(parts={"user": "users /users/me", "stock": "stock /stock", "odd": "orders"})

        assert list(Fallback().mistakes(ROUTE, ("users", "orders"))) == ["say a body, or parts"]
        assert list(terms.mistakes(ROUTE, ("users", "orders"))) == [
            "stock: no address of the service stock is configured",
            "odd: orders is not of the form: service /path",
        ]


class TestSubstitute:
    def test_is_the_first_that_anything_has(self) -> None:
        made = asked(Fallback(body="static"))

        async def later(request: Request, refusal: Refusal) -> Substitute | None:
            return Substitute(200, (), b"stale", kind=b"stale") if refusal.status == 503 else None

        made.fallbacks = (lambda request, refusal: None, later, *made.fallbacks)

        found = answer(made)

        assert isinstance(found, Substitute)
        assert found.body == b"stale"

    def test_is_the_error_itself_if_nothing_has_any(self) -> None:
        assert answer(request("GET", "/orders", route=ROUTE)) is FAILED

    def test_is_not_kept_from_anybody_by_one_that_fails(self) -> None:
        made = asked(Fallback(body="static"))

        def broken(request: Request, refusal: Refusal) -> Substitute:
            raise ValueError("broken")

        made.fallbacks = (broken, *made.fallbacks)

        found = answer(made)

        assert isinstance(found, Substitute)
        assert found.body == b"static"
