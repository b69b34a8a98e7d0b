"""Several services share a route; weights of 0 make what is drawn certain."""

from functools import partial

from tests.gateway.behaviour import case
from tests.gateway.behaviour.case import Area, served

ask = partial(case.request, host="splitting.test")


def split(path: str, **weights: int) -> dict[str, object]:
    return {"service": "orders", "path": path, "policies": {"split": {"weights": weights}}}


AREA = Area(
    "splitting",
    "services share the requests of a route",
    "splitting.test",
    {
        "own": split("/own", orders=1, next=0),
        "other": split("/other", orders=0, next=5),
        "alone": split("/alone", next=1),
        "rewritten": {
            "service": "orders",
            "path": "/both",
            "policies": {"split": {"weights": {"next": 1}}, "rewrite": {"prefix": "/new"}},
        },
        "conditional": {**split("/some", next=1), "headers": {"X-A": "1"}},
        "rest": {"service": "orders", "path": "/some"},
    },
    (
        served("all to the route's own service", ask("GET", "/own"), "/own"),
        served("all to another service", ask("GET", "/other"), "/other", service="next"),
        served("the route's own service has no share", ask("GET", "/alone"), "/alone", service="next"),
        served(
            "a body goes to the service that is drawn",
            ask("PUT", "/other", body=b"abc"),
            "/other",
            method="PUT",
            body=b"abc",
            service="next",
        ),
        served("a path is rewritten for the service that is drawn", ask("GET", "/both/a"), "/new/a", service="next"),
        served("only a route with a condition is split", ask("GET", "/some", "X-A: 1"), "/some", service="next"),
        served("the rest is not split", ask("GET", "/some"), "/some"),
    ),
)
