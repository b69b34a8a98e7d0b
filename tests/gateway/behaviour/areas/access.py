"""Who may: nobody at all, whoever has a token, or everybody."""

from functools import partial

from tests.gateway.behaviour import case
from tests.gateway.behaviour.case import TOKEN, Area, refused, served

ask = partial(case.request, host="access.test")
HOLDS = f"Authorization: Bearer {TOKEN.decode()}"
# Of another issuer's key: {"alg": "ES256"}, no claims, no signature that is one.
WRONG = "Authorization: Bearer eyJhbGciOiJFUzI1NiJ9.e30.AAAA"

AREA = Area(
    "access",
    "tokens are looked at where a route says so",
    "access.test",
    {
        "public": {"service": "orders", "path": "/public", "access": "public"},
        "optional": {"service": "orders", "path": "/optional", "access": "optional"},
        "closed": {"service": "orders", "path": "/closed", "access": "signed in"},
    },
    (
        served("a public route without a token", ask("GET", "/public"), "/public"),
        served("a public route does not look at a token", ask("GET", "/public", WRONG), "/public"),
        served("an optional token that is not there", ask("GET", "/optional"), "/optional"),
        served(
            "an optional token that holds goes on",
            ask("GET", "/optional", HOLDS),
            "/optional",
            headers={"authorization": "~Bearer .{100,}"},
        ),
        refused("an optional token that does not hold", ask("GET", "/optional", WRONG), 401),
        served(
            "a token that holds goes on",
            ask("GET", "/closed", HOLDS),
            "/closed",
            headers={"authorization": "~Bearer .{100,}"},
        ),
        refused("no token where one is needed", ask("GET", "/closed"), 401),
        refused("a token that does not hold", ask("GET", "/closed", WRONG), 401),
        refused("another scheme", ask("GET", "/closed", "Authorization: Basic YTpi"), 401),
        refused("a token in the query", ask("GET", f"/closed?access_token={TOKEN.decode()}"), 401),
    ),
)
