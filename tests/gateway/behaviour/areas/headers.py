"""Which header fields go further, in both directions."""

from functools import partial

from tests.gateway.behaviour import case
from tests.gateway.behaviour.case import Area, Case, Said, answered, refused, served

ask = partial(case.request, host="headers.test")
NAMED_BY_CONNECTION = ("Connection: x-hop, close", "X-Hop: 1")


def loses(field: str) -> Case:
    name = field.partition(":")[0]
    return served(f"{name} goes no further", ask("GET", "/x", field), "/x", lost=(name.lower(),))


def answer_loses(field: str) -> Case:
    name = field.partition(":")[0]
    return served(
        f"{name} of an answer goes no further",
        ask("GET", "/x"),
        "/x",
        reply=answered(200, b"", field),
        said=Said(200, lost=(name.lower(),)),
    )


AREA = Area(
    "headers",
    "what goes further, and what ends here",
    "headers.test",
    {"all": {"service": "orders", "path": "/x"}},
    (
        served("a field of its own goes on", ask("GET", "/x", "X-Anything: a b"), "/x", headers={"x-anything": "a b"}),
        served(
            "spaces around a value do not", ask("GET", "/x", "X-Anything:   a  "), "/x", headers={"x-anything": "a"}
        ),
        served("an empty value goes on", ask("GET", "/x", "X-Empty:"), "/x", headers={"x-empty": ""}),
        served("letters beyond ASCII go on", ask("GET", "/x", "X-Name: caf\xe9"), "/x", headers={"x-name": "caf\xe9"}),
        served("cookies go on", ask("GET", "/x", "Cookie: a=b; c=d"), "/x", headers={"cookie": "a=b; c=d"}),
        served(
            "cookies in two lines are one",
            ask("GET", "/x", "Cookie: a=b", "Cookie: c=d"),
            "/x",
            headers={"cookie": "a=b; c=d"},
        ),
        served(
            "another service's session does not",
            ask("GET", "/x", "Cookie: a=b; users_session=c"),
            "/x",
            headers={"cookie": "a=b"},
        ),
        served(
            "Content-Type goes on",
            ask("POST", "/x", "Content-Type: text/plain", body=b"x"),
            "/x",
            method="POST",
            body=b"x",
            headers={"content-type": "text/plain"},
        ),
        served(
            "Accept-Encoding goes on",
            ask("GET", "/x", "Accept-Encoding: gzip"),
            "/x",
            headers={"accept-encoding": "gzip"},
        ),
        served("If-None-Match goes on", ask("GET", "/x", 'If-None-Match: "a"'), "/x", headers={"if-none-match": '"a"'}),
        served("Range goes on", ask("GET", "/x", "Range: bytes=0-1"), "/x", headers={"range": "bytes=0-1"}),
        served(
            "Idempotency-Key goes on",
            ask("POST", "/x", "Idempotency-Key: k", body=b"x"),
            "/x",
            method="POST",
            body=b"x",
            headers={"idempotency-key": "k"},
        ),
        loses("Keep-Alive: timeout=5"),
        loses("Proxy-Authorization: Basic x"),
        loses("Proxy-Connection: keep-alive"),
        loses("TE: trailers"),
        loses("Trailer: X-T"),
        loses("Upgrade: h2c"),
        loses("HTTP2-Settings: AAMAAABkAAQAAP__"),
        served(
            "what Connection names goes no further",
            ask("GET", "/x", "Connection: x-hop", "X-Hop: 1"),
            "/x",
            lost=("x-hop",),
        ),
        served(
            "what Connection names beside close goes no further",
            ask("GET", "/x", *NAMED_BY_CONNECTION),
            "/x",
            lost=("x-hop",),
        ),
        served(
            "who forwards cannot be taken away by Connection",
            ask("GET", "/x", "Connection: x-forwarded-for, x-request-id", "X-Request-ID: abc"),
            "/x",
            headers={"x-forwarded-for": "127.0.0.1", "x-request-id": "abc"},
        ),
        loses("X-User-Id: 1"),
        loses("X-User-Anything: 1"),
        loses("X-Ficus-Roles: admin"),
        loses("X-Ficus-Anything: 1"),
        loses("X_User_Id: 1"),
        loses("X_Anything: 1"),
        loses("X-Original-URL: /admin"),
        loses("X-Rewrite-URL: /admin"),
        served(
            "an upgrade to h2c is not made",
            ask("GET", "/x", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"),
            "/x",
            lost=("upgrade", "http2-settings", "connection"),
        ),
        served(
            "an upgrade to something else is not made",
            ask("GET", "/x", "Connection: Upgrade", "Upgrade: frob"),
            "/x",
            lost=("upgrade",),
        ),
        served(
            "the answer's own fields",
            ask("GET", "/x"),
            "/x",
            reply=answered(200, b"x", "Content-Type: text/tea", 'ETag: "1"', "X-Own: 1", "Cache-Control: no-store"),
            said=Said(200, {"content-type": "text/tea", "etag": '"1"', "x-own": "1", "cache-control": "no-store"}),
        ),
        served(
            "the answer's cookie",
            ask("GET", "/x"),
            "/x",
            reply=answered(200, b"", "Set-Cookie: a=b; Path=/"),
            said=Said(200, {"set-cookie": "a=b; Path=/"}),
        ),
        served(
            "another service's cookie is not set",
            ask("GET", "/x"),
            "/x",
            reply=answered(200, b"", "Set-Cookie: users_session=planted"),
            said=Said(200, lost=("set-cookie",)),
        ),
        served(
            "a redirect's place stays",
            ask("GET", "/x"),
            "/x",
            reply=answered(302, b"", "Location: http://orders/x"),
            said=Said(302, {"location": "http://orders/x"}),
        ),
        answer_loses("Server: gunicorn"),
        answer_loses("Keep-Alive: timeout=5"),
        answer_loses("Proxy-Connection: keep-alive"),
        answer_loses("Trailer: X-T"),
        served(
            "what Connection of an answer names goes no further",
            ask("GET", "/x"),
            "/x",
            reply=answered(200, b"", "Connection: x-hop", "X-Hop: 1"),
            said=Said(200, lost=("x-hop",)),
        ),
        served(
            "an answer does not command the proxy",
            ask("GET", "/x"),
            "/x",
            reply=answered(200, b"first", "X-Accel-Redirect: /closed"),
            said=Said(200, body=b"first"),
        ),
        served(
            "every status goes back",
            ask("GET", "/x"),
            "/x",
            reply=answered(418, b"short"),
            said=Said(418, body=b"short"),
        ),
        served(
            "a failure of the service goes back as it is",
            ask("GET", "/x"),
            "/x",
            reply=answered(500, b"own words"),
            said=Said(500, body=b"own words"),
        ),
        refused("two lines of Host", ask("GET", "/x", "Host: headers.test"), 400),
        refused("two lines of Authorization", ask("GET", "/x", "Authorization: a", "Authorization: b"), 400),
        refused("two lines of Content-Type", ask("GET", "/x", "Content-Type: a", "Content-Type: b"), 400),
        refused("an unknown expectation", ask("GET", "/x", "Expect: 200-ok"), 417),
        refused("a head of 17 KiB", ask("GET", "/x", "X-Long: " + "a" * 17 * 1024), 431),
        refused("101 fields", ask("GET", "/x", *(f"X-{number}: 1" for number in range(101))), 431),
        served(
            "a field of 10 KiB",
            ask("GET", "/x", "X-Long: " + "a" * 10 * 1024),
            "/x",
            headers={"x-long": "a" * 10 * 1024},
        ),
    ),
)
