"""Services are asked by TLS, each side looking at who the other is."""

from functools import partial

from tests.gateway.behaviour import case
from tests.gateway.behaviour.case import Area, Case, Said, answered, served

ask = partial(case.request, host="tls.test")
PROBLEM = {"content-type": "application/problem+json"}


def unbelieved(name: str, target: str) -> Case:
    return Case(name, ask("GET", target), (), (Said(502, PROBLEM),))


AREA = Area(
    "tls",
    "services are asked by TLS, each side looking at who the other is",
    "tls.test",
    {
        "sealed": {"service": "sealed", "path": "/sealed"},
        "shared": {"service": "orders", "path": "/shared", "policies": {"split": {"weights": {"sealed": 1}}}},
        "unnamed": {"service": "sealed-unnamed", "path": "/unnamed"},
        "misnamed": {"service": "sealed-misnamed", "path": "/misnamed"},
        "foreign": {"service": "sealed-foreign", "path": "/foreign"},
        "anonymous": {"service": "sealed-anonymous", "path": "/anonymous"},
    },
    (
        served("a service that both sides believe", ask("GET", "/sealed"), "/sealed", service="sealed"),
        served(
            "a body goes on",
            ask("POST", "/sealed", body=b"a" * 40_000),
            "/sealed",
            method="POST",
            body=b"a" * 40_000,
            service="sealed",
        ),
        served(
            "a body comes back",
            ask("GET", "/sealed"),
            "/sealed",
            service="sealed",
            said=Said(200, body=b"b" * 40_000),
            reply=answered(200, b"b" * 40_000),
        ),
        served(
            "the scheme is the client's",
            ask("GET", "/sealed"),
            "/sealed",
            service="sealed",
            headers={"x-forwarded-proto": "http"},
        ),
        served("a route that another service has all of", ask("GET", "/shared"), "/shared", service="sealed"),
        served("a certificate for an IP address", ask("GET", "/unnamed"), "/unnamed", service="sealed"),
        unbelieved("a certificate for another name", "/misnamed"),
        unbelieved("an authority that is not believed", "/foreign"),
        unbelieved("the gateway shows no certificate, and the service wants one", "/anonymous"),
    ),
)
