"""Which of several routes for one request is taken."""

from functools import partial

from tests.gateway.behaviour import case
from tests.gateway.behaviour.case import Area, refused, request, served

ask = partial(case.request, host="precedence.test")

AREA = Area(
    "precedence",
    "several routes are for one request",
    "precedence.test",
    {
        "low": {"service": "orders", "path": "/first/a/b"},
        "high": {"service": "next", "path": "/first", "priority": 10},
        "negative": {"service": "next", "path": "/last/exact", "match": "exact", "priority": -10},
        "usual": {"service": "orders", "path": "/last"},
        "exact": {"service": "next", "path": "/e", "match": "exact"},
        "prefix": {"service": "orders", "path": "/e"},
        "pattern": {"service": "next", "path": "/p", "match": "pattern", "pattern": "/[0-9]+"},
        "below": {"service": "orders", "path": "/p"},
        "longer": {"service": "users", "path": "/p/7"},
        "plain": {"service": "orders", "path": "/c"},
        "one": {"service": "next", "path": "/c", "headers": {"X-A": "1"}},
        "two": {"service": "users", "path": "/c", "headers": {"X-A": "1", "X-B": "1"}},
        "reads": {"service": "next", "path": "/m", "methods": ["GET", "HEAD"]},
        "rest": {"service": "orders", "path": "/m"},
        "short": {"service": "orders", "path": "/deep"},
        "conditional": {"service": "next", "path": "/deep/er", "headers": {"X-A": "1"}},
        "method-only": {"service": "next", "path": "/deep/post", "methods": ["POST"]},
        "here": {"service": "orders", "path": "/host"},
        "wild": {"service": "next", "path": "/host/longer", "hosts": ["*.test"]},
        "eager": {"service": "next", "path": "/eager", "priority": 5, "headers": {"X-A": "1"}},
        "patient": {"service": "orders", "path": "/eager/beaver"},
        "a-name": {"service": "orders", "path": "/named", "headers": {"X-A": "1"}},
        "b-name": {"service": "next", "path": "/named", "headers": {"X-B": "1"}},
    },
    (
        served("a priority goes before a longer path", ask("GET", "/first/a/b"), "/first/a/b", service="next"),
        served("a lower priority goes after a prefix", ask("GET", "/last/exact"), "/last/exact"),
        served("an exact path goes before a prefix", ask("GET", "/e"), "/e", service="next"),
        served("an exact path with a slash goes before a prefix", ask("GET", "/e/"), "/e/", service="next"),
        served("a prefix has what is below", ask("GET", "/e/f"), "/e/f"),
        served("a pattern goes before its prefix", ask("GET", "/p/8"), "/p/8", service="next"),
        served("a longer prefix goes before a pattern", ask("GET", "/p/7"), "/p/7", service="users"),
        served("what no pattern matches is left to the prefix", ask("GET", "/p/x"), "/p/x"),
        served("a condition goes before none", ask("GET", "/c", "X-A: 1"), "/c", service="next"),
        served("two conditions go before one", ask("GET", "/c", "X-A: 1", "X-B: 1"), "/c", service="users"),
        served("what meets no condition is left to the rest", ask("GET", "/c", "X-B: 1"), "/c"),
        served("methods of its own go before all methods", ask("GET", "/m"), "/m", service="next"),
        served("other methods are left to the rest", ask("POST", "/m", body=b"x"), "/m", method="POST", body=b"x"),
        served("a condition of a longer path", ask("GET", "/deep/er", "X-A: 1"), "/deep/er", service="next"),
        served("an unmet condition falls back to a shorter path", ask("GET", "/deep/er"), "/deep/er"),
        served("another method falls back to a shorter path", ask("GET", "/deep/post"), "/deep/post"),
        served("a host's own name goes before a longer path of a wildcard", ask("GET", "/host/longer"), "/host/longer"),
        served(
            "a wildcard has what no name covers",
            request("GET", "/host/longer", host="x.test"),
            "/host/longer",
            service="next",
        ),
        served("an unmet condition of a high priority falls back", ask("GET", "/eager/beaver"), "/eager/beaver"),
        served(
            "a met condition of a high priority", ask("GET", "/eager/beaver", "X-A: 1"), "/eager/beaver", service="next"
        ),
        served("the name decides at last", ask("GET", "/named", "X-A: 1", "X-B: 1"), "/named"),
        refused("none of two conditions", ask("GET", "/named"), 404),
    ),
)
