"""Who may ask from another origin, and what he is told; the Fetch standard, section 3.3."""

import pytest

from gateway.data.message.answer import own_answer
from gateway.data.message.at_once import AtOnce
from gateway.data.message.refusal import Refusal
from gateway.data.policies.cors import Cors, cors
from gateway.data.policies.match import match
from gateway.data.routing.route import Route
from tests.gateway.making import gateway, request

ROUTE = Route("orders", "orders", b"/orders", methods=frozenset((b"GET", b"POST")))
SHOP = "https://shop.test"


def answered(terms: Cors, *fields: str, said: tuple[tuple[bytes, bytes], ...] = ()) -> dict[str, str]:
    """Return the fields of an answer to a GET, those of the service among them."""
    asked = request("GET", "/orders", *fields, route=ROUTE)
    cors(asked, terms)
    head = own_answer(asked, 200, said, b"", closes=False).decode().split("\r\n")[1:-2]
    names = [line.partition(": ")[0] for line in head]
    assert len(set(names)) == len(names)
    return dict(line.split(": ", 1) for line in head if not line.startswith("content-length"))


def preflight(terms: Cors, origin: str = SHOP, method: str = "POST", *fields: str) -> Refusal:
    asked = request(
        "OPTIONS", "/orders", f"Origin: {origin}", f"Access-Control-Request-Method: {method}", *fields, route=ROUTE
    )
    with pytest.raises(Refusal) as raised:
        cors(asked, terms)
    return raised.value


class TestOrigins:
    @pytest.mark.parametrize(
        ("listed", "origin", "allowed"),
        [
            ("https://shop.test", "https://shop.test", True),
            ("https://shop.test", "http://shop.test", False),
            ("https://shop.test", "https://shop.test:8443", False),
            ("https://shop.test", "https://shop.test.evil.test", False),
            ("https://*.shop.test", "https://a.shop.test", True),
            ("https://*.shop.test", "https://a.b.shop.test", True),
            ("https://*.shop.test", "https://shop.test", False),
            ("https://*.shop.test", "https://evilshop.test", False),
            ("https://*.shop.test", "https://evil.test/.shop.test", False),
            ("https://*.shop.test", "https://a.shopxtest", False),
            ("https://*.shop.test:8443", "https://a.shop.test:8443", True),
            ("https://*.shop.test:8443", "https://a.shop.test", False),
            ("~https://pr-[0-9]+[.]shop[.]test", "https://pr-17.shop.test", True),
            ("~https://pr-[0-9]+[.]shop[.]test", "https://pr-17.shop.test.evil.test", False),
            ("*", "https://anybody.test", True),
            ("https://shop.test", "null", False),
            ("null", "null", True),
        ],
    )
    def test_are_matched_as_a_whole(self, listed: str, origin: str, allowed: bool) -> None:
        assert Cors(origins=[listed]).allows(origin.encode()) is allowed

    @pytest.mark.parametrize(
        ("terms", "mistakes"),
        [
            (Cors(origins=["*"], credentials=True), ["origins: * does not go with credentials"]),
            (Cors(origins=[SHOP], headers=["*"], credentials=True), ["headers: * does not go with credentials"]),
            (Cors(origins=[SHOP], exposed=["*"], credentials=True), ["exposed: * does not go with credentials"]),
            (
                Cors(origins=["https://shop.test/"]),
                ["https://shop.test/ is no origin; a scheme and a host in lower case, no path"],
            ),
            (
                Cors(origins=["https://a.*.test", "ftp://a.test"]),
                [
                    "https://a.*.test is no origin; a scheme and a host in lower case, no path",
                    "ftp://a.test is no origin; a scheme and a host in lower case, no path",
                ],
            ),
            (Cors(origins=[SHOP], methods=["DELETE"]), ["the route does not serve DELETE"]),
            (Cors(origins=[SHOP, "https://*.shop.test:8443", "https://[::1]:8443", "~https://.*", "null"]), []),
        ],
    )
    def test_and_what_else_is_said_is_checked_with_the_table(self, terms: Cors, mistakes: list[str]) -> None:
        assert list(terms.mistakes(ROUTE, ("orders",))) == mistakes

    def test_that_are_no_regular_expression_are_refused(self) -> None:
        [mistake] = Cors(origins=["~(?=a)"]).mistakes(ROUTE, ("orders",))

        assert mistake.startswith("the pattern (?=a) cannot be used")


class TestPreflightRequest:
    def test_is_answered_with_what_may_be_asked(self) -> None:
        answer = preflight(Cors(origins=[SHOP]), SHOP, "POST", "Access-Control-Request-Headers: authorization,X-B")

        assert (answer.status, answer.code) == (403, "cross_origin")
        answer = preflight(Cors(origins=[SHOP]), SHOP, "POST", "Access-Control-Request-Headers: Authorization, range")
        assert isinstance(answer, AtOnce)
        assert answer.status == 204
        assert answer.headers == (
            (b"access-control-allow-origin", b"https://shop.test"),
            (b"access-control-allow-methods", b"GET, POST"),
            (b"access-control-allow-headers", b"authorization, range"),
            (b"access-control-max-age", b"600"),
            (b"vary", b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers"),
        )

    def test_by_anybody_is_answered_alike_for_all(self) -> None:
        answer = preflight(Cors(origins=["*"], headers=["*"], max_age_seconds=0), "https://x.test", "GET")

        assert dict(answer.headers)[b"access-control-allow-origin"] == b"*"
        assert dict(answer.headers)[b"access-control-max-age"] == b"0"

    @pytest.mark.parametrize(("origin", "method"), [("https://evil.test", "GET"), (SHOP, "DELETE")])
    def test_for_what_is_not_allowed_is_refused(self, origin: str, method: str) -> None:
        answer = preflight(Cors(origins=[SHOP]), origin, method)

        assert answer.status == 403
        assert [name for name, _ in answer.headers] == [b"vary"]

    def test_with_credentials_is_told_so(self) -> None:
        answer = preflight(Cors(origins=[SHOP], credentials=True), SHOP, "GET")

        assert dict(answer.headers)[b"access-control-allow-credentials"] == b"true"

    def test_finds_the_route_of_the_request_that_is_to_follow(self) -> None:
        with_cors = Route("r", "orders", b"/r", methods=frozenset((b"PUT",)), policies={"cors": Cors(origins=[SHOP])})
        plain = Route("p", "orders", b"/p")
        within = gateway(with_cors, plain)
        fields = (f"Origin: {SHOP}", "Access-Control-Request-Method: PUT")
        asked = request("OPTIONS", "/r", *fields, within=within)
        match(asked)
        assert (asked.route.name, asked.method) == ("r", b"OPTIONS")

        with pytest.raises(Refusal) as refused:
            match(request("OPTIONS", "/r", within=within))
        assert refused.value.status == 405
        asked = request("OPTIONS", "/p", *fields, within=within)
        match(asked)
        assert asked.route.name == "p"


class TestActualRequest:
    def test_from_an_allowed_origin_may_be_read(self) -> None:
        assert answered(Cors(origins=[SHOP], exposed=["ETag", "Link"], credentials=True), f"Origin: {SHOP}") == {
            "access-control-allow-origin": SHOP,
            "access-control-allow-credentials": "true",
            "access-control-expose-headers": "ETag, Link",
            "vary": "Origin",
        }

    @pytest.mark.parametrize("fields", [(), ("Origin: https://evil.test",)])
    def test_from_another_or_none_varies_and_gives_nothing_away(self, fields: tuple[str, ...]) -> None:
        assert answered(Cors(origins=[SHOP], exposed=["ETag"]), *fields) == {"vary": "Origin"}

    def test_that_anybody_may_read_does_not_vary(self) -> None:
        assert answered(Cors(origins=["*"]), "Origin: https://x.test") == {"access-control-allow-origin": "*"}

    def test_keeps_what_else_varies_and_drops_what_the_service_says_of_origins(self) -> None:
        said = ((b"vary", b"Accept"), (b"access-control-allow-origin", b"*"), (b"vary", b"cookie"))

        assert answered(Cors(origins=[SHOP]), f"Origin: {SHOP}", said=said) == {
            "vary": "Accept, cookie, Origin",
            "access-control-allow-origin": SHOP,
        }
        assert answered(Cors(origins=[SHOP]), said=((b"vary", b"origin"),)) == {"vary": "origin"}
