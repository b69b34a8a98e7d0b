"""Bodies of requests: how they go on, and how much is too much."""

from functools import partial

from tests.gateway.behaviour import case
from tests.gateway.behaviour.case import Area, Case, Onward, Said, refused, served

ask = partial(case.request, host="bodies.test")
post = partial(ask, "POST")
CHUNKED = "POST {} HTTP/1.1\r\nHost: bodies.test\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunked(target: str, data: bytes) -> bytes:
    return CHUNKED.format(target).encode() + data


AREA = Area(
    "bodies",
    "how bodies go on, and how much is too much",
    "bodies.test",
    {
        "all": {"service": "orders", "path": "/x"},
        "small": {"service": "orders", "path": "/small", "body_limit": 10},
        "none": {"service": "orders", "path": "/none", "body_limit": 0},
        "mixed": {"service": "orders", "path": "/mixed", "body_limit": 10, "headers": {"X-A": "1"}},
        "rest": {"service": "orders", "path": "/mixed", "body_limit": 100},
    },
    (
        served(
            "a body with its length",
            post("/x", body=b"hello"),
            "/x",
            method="POST",
            body=b"hello",
            headers={"content-length": "5"},
            lost=("transfer-encoding",),
        ),
        served(
            "a chunked body stays chunked",
            post("/x", body=b"hello", chunked=True),
            "/x",
            method="POST",
            body=b"hello",
            headers={"transfer-encoding": "chunked"},
            lost=("content-length",),
        ),
        served("an empty chunked body", post("/x", chunked=True), "/x", method="POST"),
        served(
            "several chunks",
            chunked("/x", b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"),
            "/x",
            method="POST",
            body=b"hello world",
        ),
        served(
            "extensions of chunks go no further",
            chunked("/x", b"5;a=b\r\nhello\r\n0\r\n\r\n"),
            "/x",
            method="POST",
            body=b"hello",
        ),
        served(
            "fields after the body go no further",
            chunked("/x", b"5\r\nhello\r\n0\r\nX-Late: 1\r\n\r\n"),
            "/x",
            method="POST",
            body=b"hello",
            lost=("x-late",),
        ),
        served("any bytes", post("/x", body=bytes(range(256))), "/x", method="POST", body=bytes(range(256))),
        served(
            "a body of 200 KB",
            post("/x", body=b"0123456789" * 20_000),
            "/x",
            method="POST",
            body=b"0123456789" * 20_000,
        ),
        served(
            "a chunked body of 200 KB",
            post("/x", body=b"0123456789" * 20_000, chunked=True),
            "/x",
            method="POST",
            body=b"0123456789" * 20_000,
        ),
        served(
            "a body of just the limit", post("/small", body=b"0123456789"), "/small", method="POST", body=b"0123456789"
        ),
        refused("a body over the limit", post("/small", body=b"0123456789a"), 413),
        refused(
            "a body far over the limit, before it is read",
            b"POST /small HTTP/1.1\r\nHost: bodies.test\r\nContent-Length: 99999999999\r\n\r\n",
            413,
        ),
        served(
            "a chunked body of just the limit",
            post("/small", body=b"0123456789", chunked=True),
            "/small",
            method="POST",
            body=b"0123456789",
        ),
        Case("a chunked body over the limit", post("/small", body=b"0123456789a", chunked=True), (), (Said(413),)),
        served("no body where none is allowed", ask("GET", "/none"), "/none"),
        refused("a body where none is allowed", post("/none", body=b"x"), 413),
        refused("the limit of the route that is taken", post("/mixed", "X-A: 1", body=b"0123456789a"), 413),
        served(
            "another limit of another route",
            post("/mixed", body=b"0123456789a"),
            "/mixed",
            method="POST",
            body=b"0123456789a",
        ),
        Case(
            "100 Continue is said before the body",
            (b"POST /x HTTP/1.1\r\nHost: bodies.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n", b"hello"),
            (Onward("POST", "/x", lost=("expect",), body=b"hello"),),
            (Said(200),),
        ),
        refused(
            "100 Continue is not said before a body over the limit",
            b"POST /small HTTP/1.1\r\nHost: bodies.test\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n",
            413,
        ),
        Case(
            "a request follows a body",
            post("/x", body=b"hello") + ask("GET", "/x/next"),
            (Onward("POST", "/x", body=b"hello"), Onward("GET", "/x/next")),
            (Said(200), Said(200)),
        ),
        Case(
            "a request follows a chunked body",
            post("/x", body=b"hello", chunked=True) + ask("GET", "/x/next"),
            (Onward("POST", "/x", body=b"hello"), Onward("GET", "/x/next")),
            (Said(200), Said(200)),
        ),
        Case(
            "a body with a request in it is a body",
            post("/x", body=ask("DELETE", "/x/planted")),
            (Onward("POST", "/x", body=ask("DELETE", "/x/planted")),),
            (Said(200),),
        ),
        Case(
            "a body in pieces",
            (post("/x", body=b"hello")[:-5], b"he", b"llo"),
            (Onward("POST", "/x", body=b"hello"),),
            (Said(200),),
        ),
    ),
)
