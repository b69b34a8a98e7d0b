"""The path under which a service knows what clients call otherwise."""

from functools import partial

from tests.gateway.behaviour import case
from tests.gateway.behaviour.case import Area, served

ask = partial(case.request, host="rewriting.test")


def prefix(path: str, new: str, **more: object) -> dict[str, object]:
    return {"service": "orders", "path": path, "policies": {"rewrite": {"prefix": new}}, **more}


def pattern(path: str, old: str, new: str) -> dict[str, object]:
    return {"service": "orders", "path": path, "policies": {"rewrite": {"pattern": old, "to": new}}}


AREA = Area(
    "rewriting",
    "a service knows a path by another name",
    "rewriting.test",
    {
        "other": prefix("/shop", "/v2"),
        "gone": prefix("/api", "/"),
        "longer": prefix("/a", "/b/c/d"),
        "exact": prefix("/old", "/new", match="exact"),
        "matched": prefix("/items", "/things", match="pattern", pattern="/[0-9]+"),
        "escaped": prefix("/caf%C3%A9", "/th%C3%A9"),
        "group": pattern("/g", "^/g/([0-9]+)$", r"/items/\1"),
        "groups": pattern("/two", "^/two/([a-z]+)/([a-z]+)$", r"/\2/\1"),
        "middle": pattern("/middle", "/x/", "/y/"),
        "first": pattern("/first", "[0-9]+", "N"),
        "whole": pattern("/whole", "^/whole.*$", r"/all\0"),
        "end": pattern("/end", "[.]html$", ""),
        "conditional": {**prefix("/cond", "/yes"), "headers": {"X-A": "1"}},
        "unconditional": prefix("/cond", "/no"),
    },
    (
        served("a prefix becomes another", ask("GET", "/shop/a"), "/v2/a"),
        served("a prefix itself becomes another", ask("GET", "/shop"), "/v2"),
        served("a trailing slash stays", ask("GET", "/shop/"), "/v2/"),
        served("a query stays", ask("GET", "/shop/a?b=c&d=%2F"), "/v2/a?b=c&d=%2F"),
        served("a prefix is taken away", ask("GET", "/api/a/b"), "/a/b"),
        served("a prefix is taken away and leaves the root", ask("GET", "/api"), "/"),
        served("a prefix is taken away before a slash", ask("GET", "/api/"), "/"),
        served("a prefix is taken away before a query", ask("GET", "/api?x"), "/?x"),
        served("a prefix becomes a longer one", ask("GET", "/a/e"), "/b/c/d/e"),
        served("only the first prefix is replaced", ask("GET", "/a/a/a"), "/b/c/d/a/a"),
        served("an exact path becomes another", ask("GET", "/old"), "/new"),
        served("a prefix of a pattern becomes another", ask("GET", "/items/7"), "/things/7"),
        served("escapes in prefixes", ask("GET", "/caf%C3%A9/x"), "/th%C3%A9/x"),
        served("escapes below a prefix stay", ask("GET", "/shop/a%20b%25c"), "/v2/a%20b%25c"),
        served("escapes of other letters stay", ask("GET", "/shop/caf%C3%A9"), "/v2/caf%C3%A9"),
        served("a group", ask("GET", "/g/42"), "/items/42"),
        served("a pattern that does not match leaves the path", ask("GET", "/g/x"), "/g/x"),
        served("groups in another order", ask("GET", "/two/a/b"), "/b/a"),
        served("a match in the middle", ask("GET", "/middle/x/z"), "/middle/y/z"),
        served("only the first match is replaced", ask("GET", "/first/1/2"), "/first/N/2"),
        served("the whole match", ask("GET", "/whole/a"), "/all/whole/a"),
        served("a match at the end taken away", ask("GET", "/end/page.html"), "/end/page"),
        served("a pattern does not look at the query", ask("GET", "/end/page?x=.html"), "/end/page?x=.html"),
        served("each route has its own", ask("GET", "/cond/a", "X-A: 1"), "/yes/a"),
        served("the other route has its own", ask("GET", "/cond/a"), "/no/a"),
        served("a body is untouched", ask("POST", "/shop/a", body=b"/shop"), "/v2/a", method="POST", body=b"/shop"),
    ),
)
