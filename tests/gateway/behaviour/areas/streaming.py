"""What has come is passed on before the rest has come, in both directions; and connections that stay."""

from functools import partial

from tests.gateway.behaviour import case
from tests.gateway.behaviour.case import Area, Case, Onward, Said, Until, answered, served

ask = partial(case.request, host="streaming.test")
HEAD = b"POST /x HTTP/1.1\r\nHost: streaming.test\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

AREA = Area(
    "streaming",
    "what has come is passed on before the rest has come",
    "streaming.test",
    {"all": {"service": "orders", "path": "/x"}},
    (
        served(
            "a body with its length is passed on as it comes",
            (HEAD + b"Content-Length: 10\r\n\r\nfirst", Until(b"first"), b"after"),
            "/x",
            method="POST",
            body=b"firstafter",
        ),
        served(
            "a chunked body is passed on as it comes",
            (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n", Until(b"first"), b"5\r\nafter\r\n0\r\n\r\n"),
            "/x",
            method="POST",
            body=b"firstafter",
        ),
        served(
            "an answer with its length is passed back as it comes",
            ask("GET", "/x"),
            "/x",
            reply=(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst", Until(b"first"), b"after"),
            said=Said(200, {"content-length": "10"}, body=b"firstafter"),
        ),
        served(
            "a chunked answer is passed back as it comes",
            ask("GET", "/x"),
            "/x",
            reply=(CHUNKED + b"5\r\nfirst\r\n", Until(b"first"), b"5\r\nafter\r\n0\r\n\r\n"),
            said=Said(200, {"transfer-encoding": "chunked"}, body=b"firstafter"),
        ),
        served(
            "the head of an answer is passed back before its body",
            ask("GET", "/x"),
            "/x",
            reply=(b"HTTP/1.1 200 OK\r\nX-First: yes\r\nContent-Length: 5\r\n\r\n", Until(b"yes"), b"after"),
            said=Said(200, body=b"after"),
        ),
        served(
            "events are passed back one by one",
            ask("GET", "/x", "Accept: text/event-stream"),
            "/x",
            reply=(EVENTS + b"9\r\ndata: 1\n\n\r\n", Until(b"data: 1"), b"9\r\ndata: 2\n\n\r\n0\r\n\r\n"),
            said=Said(200, {"content-type": "text/event-stream"}, body=b"data: 1\n\ndata: 2\n\n"),
        ),
        served(
            "an answer that ends with the connection",
            ask("GET", "/x"),
            "/x",
            reply=(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it", b""),
            said=Said(200, body=b"all of it"),
        ),
        served(
            "an answer of 300 KB",
            ask("GET", "/x"),
            "/x",
            reply=answered(200, b"0123456789" * 30_000),
            said=Said(200, body=b"0123456789" * 30_000),
        ),
        served(
            "an answer of 300 KB in chunks",
            ask("GET", "/x"),
            "/x",
            reply=CHUNKED
            + b"3e8\r\n"
            + (b"0123456789" * 100 + b"\r\n3e8\r\n") * 299
            + b"0123456789" * 100
            + b"\r\n0\r\n\r\n",
            said=Said(200, body=b"0123456789" * 30_000),
        ),
        served(
            "an interim answer is not the answer",
            ask("GET", "/x"),
            "/x",
            reply=b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + answered(200, b"final"),
            said=Said(200, body=b"final"),
        ),
        served(
            "204 has no body",
            ask("GET", "/x"),
            "/x",
            reply=b"HTTP/1.1 204 No Content\r\n\r\n",
            said=Said(204, lost=("content-length", "transfer-encoding"), body=b""),
        ),
        served(
            "304 has no body and keeps its fields",
            ask("GET", "/x"),
            "/x",
            reply=b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n',
            said=Said(304, {"etag": '"a"'}, body=b""),
        ),
        Case(
            "requests at once are answered in order",
            b"".join(ask("GET", f"/x/{number}") for number in range(5)),
            tuple(Onward("GET", f"/x/{number}") for number in range(5)),
            (Said(200),) * 5,
        ),
        Case(
            "a connection stays open",
            (ask("GET", "/x/1"), ask("GET", "/x/2")),
            (Onward("GET", "/x/1"), Onward("GET", "/x/2")),
            (Said(200), Said(200)),
        ),
        Case(
            "a connection ends where the client says so",
            ask("GET", "/x", "Connection: close"),
            (Onward(),),
            (Said(200, {"connection": "close"}, closes=True),),
        ),
        Case(
            "a connection stays open though the service ends his",
            (ask("GET", "/x/1"), ask("GET", "/x/2")),
            (Onward("GET", "/x/1"), Onward("GET", "/x/2")),
            (Said(200), Said(200)),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", b""),
        ),
        Case(
            "HTTP/1.0 is answered, and the connection ends",
            ask("GET", "/x", version="1.0"),
            (Onward(),),
            (Said(200, body=b"orders", closes=True),),
        ),
        served(
            "an answer in chunks for HTTP/1.0 is not in chunks",
            ask("GET", "/x", version="1.0"),
            "/x",
            reply=CHUNKED + b"5\r\nhello\r\n0\r\n\r\n",
            said=Said(200, lost=("transfer-encoding",), body=b"hello"),
        ),
    ),
)
