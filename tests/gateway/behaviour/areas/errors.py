"""What is said when a service fails, and in which words."""

from functools import partial

from tests.gateway.behaviour import case
from tests.gateway.behaviour.case import Area, Case, Onward, Said, refused

ask = partial(case.request, host="errors.test")
PROBLEM = {"content-type": "application/problem+json"}


def fails(name: str, reply: case.Script, status: int = 502) -> Case:
    return Case(name, ask("POST", "/x", body=b"x"), (Onward("POST", "/x", body=b"x"),), (Said(status, PROBLEM),), reply)


AREA = Area(
    "errors",
    "what is said when a service fails, and in which words",
    "errors.test",
    {
        "all": {"service": "orders", "path": "/x"},
        "gone": {"service": "gone", "path": "/gone"},
        "quick": {"service": "orders", "path": "/quick", "timeout_ms": 300},
        "reads": {"service": "orders", "path": "/reads", "methods": ["GET"], "body_limit": 10},
        "small": {"service": "orders", "path": "/small", "body_limit": 10},
    },
    (
        Case("nobody listens", ask("GET", "/gone"), (), (Said(503, PROBLEM),)),
        Case("nobody listens, and a body was to go there", ask("POST", "/gone", body=b"x"), (), (Said(503, PROBLEM),)),
        Case(
            "no answer in time",
            ask("POST", "/quick"),
            (Onward("POST", "/quick"),),
            (Said(504, PROBLEM),),
            (case.Until(b"never"),),
        ),
        fails("the service closes the connection", (b"",)),
        fails("the service closes within its head", (b"HTTP/1.1 200 OK\r\nContent-Le", b"")),
        fails("the service speaks no HTTP", (b"220 mail.test ESMTP\r\n\r\n", b"")),
        fails("the service says a malformed field", (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", b"")),
        fails(
            "the service says two lengths",
            (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", b""),
        ),
        fails("the service says an unknown coding", (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: frob\r\n\r\nab", b"")),
        refused("a path that climbs is a problem document", ask("GET", "/x/../"), 400, headers=PROBLEM),
        refused("404 is a problem document", case.request("GET", "/nobody", host="nobody.test"), 404, headers=PROBLEM),
        refused("405 is a problem document", ask("POST", "/reads", body=b"x"), 405, headers=PROBLEM),
        refused("413 is a problem document", ask("POST", "/small", body=b"0123456789a"), 413, headers=PROBLEM),
        refused("414 is a problem document", ask("GET", "/x?" + "a" * 4096), 414, headers=PROBLEM),
        refused("431 is a problem document", ask("GET", "/x", "X: " + "a" * 17 * 1024), 431, headers=PROBLEM),
        refused("a malformed head is a problem document", ask("GET", "/x", "X(: 1"), 400, headers=PROBLEM),
        refused(
            "a refusal has a request id",
            ask("POST", "/reads", "X-Request-ID: mine", body=b"x"),
            405,
            headers={"x-request-id": "mine"},
        ),
        Case(
            "a refusal leaves the connection to the next",
            ask("POST", "/reads") + ask("GET", "/reads"),
            (Onward("GET", "/reads"),),
            (Said(405), Said(200)),
        ),
        Case(
            "a failure leaves the connection to the next",
            (ask("GET", "/gone"), ask("GET", "/x")),
            (Onward(),),
            (Said(503), Said(200)),
        ),
    ),
)
