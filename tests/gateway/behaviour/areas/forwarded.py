"""What services are told about who asked and by which way."""

from functools import partial

from tests.gateway.behaviour import case
from tests.gateway.behaviour.case import Area, Said, served

ask = partial(case.request, host="forwarded.test")
PROXY = "127.0.0.2"
TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"

AREA = Area(
    "forwarded fields",
    "who asked, by which way, under which ids",
    "forwarded.test",
    {"all": {"service": "orders", "path": "/x"}},
    (
        served("the client's address", ask("GET", "/x"), "/x", headers={"x-forwarded-for": "127.0.0.1"}),
        served("the scheme", ask("GET", "/x"), "/x", headers={"x-forwarded-proto": "http"}),
        served("the host", ask("GET", "/x"), "/x", headers={"x-forwarded-host": "forwarded.test"}),
        served(
            "all in one field",
            ask("GET", "/x"),
            "/x",
            headers={"forwarded": r'~for="?127\.0\.0\.1"?;host="?forwarded\.test"?;proto=http'},
        ),
        served(
            "a host with a port is quoted",
            case.request("GET", "/x", host="forwarded.test:81"),
            "/x",
            headers={"forwarded": r'~for="?127\.0\.0\.1"?;host="forwarded\.test:81";proto=http'},
        ),
        served(
            "an address that the client claims",
            ask("GET", "/x", "X-Forwarded-For: 10.0.0.1"),
            "/x",
            headers={"x-forwarded-for": "127.0.0.1"},
        ),
        served(
            "a scheme that the client claims",
            ask("GET", "/x", "X-Forwarded-Proto: https"),
            "/x",
            headers={"x-forwarded-proto": "http"},
        ),
        served(
            "a host that the client claims",
            ask("GET", "/x", "X-Forwarded-Host: evil.test"),
            "/x",
            headers={"x-forwarded-host": "forwarded.test"},
        ),
        served(
            "a way that the client claims",
            ask("GET", "/x", "Forwarded: for=10.0.0.1"),
            "/x",
            headers={"forwarded": r'~for="?127\.0\.0\.1"?;host="?forwarded\.test"?;proto=http'},
        ),
        served(
            "other fields of proxies",
            ask(
                "GET",
                "/x",
                "X-Forwarded-Port: 1",
                "X-Forwarded-Prefix: /a",
                "X-Forwarded-Server: b",
                "X-Forwarded-Ssl: on",
            ),
            "/x",
            lost=("x-forwarded-port", "x-forwarded-prefix", "x-forwarded-server", "x-forwarded-ssl"),
        ),
        served("X-Real-IP that the client claims", ask("GET", "/x", "X-Real-IP: 10.0.0.1"), "/x", lost=("x-real-ip",)),
        served(
            "names with underscores", ask("GET", "/x", "X_Forwarded_For: 10.0.0.1"), "/x", lost=("x_forwarded_for",)
        ),
        served(
            "an address that a trusted proxy tells",
            ask("GET", "/x", "X-Forwarded-For: 10.0.0.1"),
            "/x",
            headers={"x-forwarded-for": f"10.0.0.1, {PROXY}"},
            address=PROXY,
        ),
        served(
            "a scheme that a trusted proxy tells",
            ask("GET", "/x", "X-Forwarded-Proto: https"),
            "/x",
            headers={"x-forwarded-proto": "https"},
            address=PROXY,
        ),
        served(
            "a host that a trusted proxy tells",
            ask("GET", "/x", "X-Forwarded-Host: shop.test"),
            "/x",
            headers={"x-forwarded-host": "shop.test"},
            address=PROXY,
        ),
        served(
            "a way that a trusted proxy tells",
            ask("GET", "/x", "Forwarded: for=10.0.0.1"),
            "/x",
            headers={"forwarded": f"for=10.0.0.1, for={PROXY};host=forwarded.test;proto=http"},
            address=PROXY,
        ),
        served("a request id is made", ask("GET", "/x"), "/x", headers={"x-request-id": "~[0-9a-f-]{32,36}"}),
        served(
            "a client's request id is kept",
            ask("GET", "/x", "X-Request-ID: order.7"),
            "/x",
            headers={"x-request-id": "order.7"},
            said=Said(200, {"x-request-id": "order.7"}),
        ),
        served(
            "a client's request id that could be something else",
            ask("GET", "/x", 'X-Request-ID: "}<x>'),
            "/x",
            headers={"x-request-id": "~[0-9a-f-]{32,36}"},
        ),
        served(
            "the request id is told to the client",
            ask("GET", "/x"),
            "/x",
            said=Said(200, {"x-request-id": "~[0-9a-f-]{32,36}"}),
        ),
        served(
            "a service's request id is not",
            ask("GET", "/x", "X-Request-ID: order.7"),
            "/x",
            reply=b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Request-ID: other\r\n\r\n",
            said=Said(200, {"x-request-id": "order.7"}),
        ),
        served(
            "a trace is begun", ask("GET", "/x"), "/x", headers={"traceparent": "~00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]"}
        ),
        served(
            "a client's trace is not believed",
            ask("GET", "/x", f"traceparent: {TRACE}"),
            "/x",
            headers={"traceparent": "~00-(?!a{32})[0-9a-f]{32}-[0-9a-f]{16}-0[01]"},
        ),
        served(
            "a trusted proxy's trace goes on",
            ask("GET", "/x", f"traceparent: {TRACE}"),
            "/x",
            headers={"traceparent": "~00-a{32}-[0-9a-f]{16}-01"},
            address=PROXY,
        ),
        served("how long the service has", ask("GET", "/x"), "/x", headers={"x-request-timeout-ms": "~4[0-9]{3}"}),
        served(
            "a client allows less time",
            ask("GET", "/x", "X-Request-Timeout-Ms: 2000"),
            "/x",
            headers={"x-request-timeout-ms": "~1[0-9]{3}"},
        ),
        served(
            "a client cannot allow more time",
            ask("GET", "/x", "X-Request-Timeout-Ms: 60000"),
            "/x",
            headers={"x-request-timeout-ms": "~4[0-9]{3}"},
        ),
    ),
)
