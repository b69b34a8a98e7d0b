"""Which method is served where, and what is said of the others."""

from functools import partial

from tests.gateway.behaviour import case
from tests.gateway.behaviour.case import Area, Said, answered, refused, served

ask = partial(case.request, host="methods.test")

AREA = Area(
    "methods",
    "methods that a route serves, and all others",
    "methods.test",
    {
        "all": {"service": "orders", "path": "/all"},
        "reads": {"service": "orders", "path": "/reads", "methods": ["GET", "HEAD"]},
        "writes": {"service": "next", "path": "/shared", "methods": ["POST"]},
        "looks": {"service": "orders", "path": "/shared", "methods": ["GET"]},
        "one": {"service": "orders", "path": "/one", "match": "exact", "methods": ["DELETE"]},
    },
    (
        *(
            served(f"{method} goes on", ask(method, "/all"), "/all", method=method)
            for method in ("GET", "HEAD", "DELETE", "OPTIONS")
        ),
        *(
            served(
                f"{method} goes on with its body",
                ask(method, "/all", body=b"hello"),
                "/all",
                method=method,
                body=b"hello",
            )
            for method in ("POST", "PUT", "PATCH")
        ),
        served("DELETE may have a body", ask("DELETE", "/all", body=b"x"), "/all", method="DELETE", body=b"x"),
        served("GET may have a body", ask("GET", "/all", body=b"x"), "/all", body=b"x"),
        served(
            "POST without a body says so",
            ask("POST", "/all", "Content-Length: 0"),
            "/all",
            method="POST",
            headers={"content-length": "0"},
        ),
        served(
            "the answer to HEAD keeps its length",
            ask("HEAD", "/all"),
            "/all",
            method="HEAD",
            reply=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
            said=Said(200, {"content-length": "9"}, body=b""),
        ),
        refused(
            "a method that the route does not serve",
            ask("POST", "/reads", body=b"x"),
            405,
            headers={"allow": "GET, HEAD"},
        ),
        refused("a method that the exact route does not serve", ask("GET", "/one"), 405, headers={"allow": "DELETE"}),
        served("one of two routes that share a path", ask("GET", "/shared"), "/shared"),
        served(
            "the other of two routes that share a path",
            ask("POST", "/shared", body=b"x"),
            "/shared",
            method="POST",
            body=b"x",
            service="next",
        ),
        refused("a method of neither of two routes", ask("DELETE", "/shared"), 405, headers={"allow": "GET, POST"}),
        refused("TRACE", ask("TRACE", "/all"), 405),
        refused("a method that nobody knows", ask("FROB", "/all"), 501),
        refused("a method of WebDAV", ask("PROPFIND", "/all"), 501),
        refused("a method in small letters", ask("get", "/all"), 400),
        served(
            "a method named in another's field",
            ask("POST", "/all", "X-HTTP-Method-Override: DELETE", body=b"x"),
            "/all",
            method="POST",
            body=b"x",
            reply=answered(200, b"orders"),
        ),
    ),
)
