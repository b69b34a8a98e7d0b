"""
Who may do what, as data: every route and method by every kind of caller, with the answer that is expected.

A table has one line for each: ``"GET /users/<uuid:user_id>": "401 200 404 200 200 200 404"``, one status for each of
``CALLERS`` in that order. The routes are read from the URL configuration, so a new one without a line is found.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from ficus.testing import tokens

CALLERS = ("anonymous", "customer", "other customer", "support", "operator", "admin", "service")
STAFF = ("support", "operator", "admin")
SERVICE = "a-program"

Table = Mapping[str, str]

# What every service answers to everybody; /metrics asks where one comes from, and not who one is.
OPEN = {f"GET /{path}": "200 200 200 200 200 200 200" for path in ("livez", "readyz", "metrics")}


@dataclass(frozen=True)
class Cell:
    """
    One request of one caller.

    :ivar row: method and path as in the table.
    :ivar expected: the status.
    """

    row: str
    caller: str
    expected: int

    @property
    def method(self) -> str:
        return self.row.partition(" ")[0]

    @property
    def path(self) -> str:
        return self.row.partition(" ")[2]

    def __str__(self) -> str:
        return f"{self.row} by {self.caller}"


@dataclass(frozen=True)
class Ask:
    """
    How to ask for a row so that only who asks decides the answer.

    :ivar body: JSON, or a form's fields if ``is_form``.
    :ivar headers: by the names of Django's test client.
    """

    body: Any = None
    is_form: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


def cells(table: Table) -> list[Cell]:
    """
    Return every cell of a table.

    :raises ValueError: if a row has not one status for each caller.
    """
    return [
        Cell(row, caller, int(status))
        for row, statuses in table.items()
        for caller, status in zip(CALLERS, statuses.split(), strict=True)
    ]


def signed_in(table: Table) -> list[Cell]:
    """Return the cells whose answer depends on a token, of callers who have one."""
    guarded = {
        row for row, statuses in table.items() if statuses.split()[0] == "401" and set(statuses.split()) != {"401"}
    }
    return [cell for cell in cells(table) if cell.row in guarded and cell.caller != "anonymous"]


@dataclass(frozen=True)
class World:
    """
    What the requests are about.

    :ivar people: who the callers are, all but anonymous and the service.
    :ivar places: what stands for the variable parts of a path, such as ``<uuid:order_id>``.
    :ivar asks: what a request needs besides, by row.
    """

    people: Mapping[str, UUID]
    places: Mapping[str, str]
    asks: Mapping[str, Ask]

    def answer(self, cell: Cell, *, without: Collection[str] = ()) -> Any:
        """Return the answer to a cell's request, by a token with every scope but ``without``."""
        ask, path = self.asks.get(cell.row, Ask()), cell.path
        for name, value in self.places.items():
            path = path.replace(name, value)
        send = getattr(APIClient(raise_request_exception=False), cell.method.lower())
        body = {} if cell.method == "GET" else {"data": ask.body, "format": "multipart" if ask.is_form else "json"}
        return send(path, **body, **ask.headers, **self.token(cell.caller, without=without))

    def enters(self, path: str, caller: str) -> bool:
        """Return whether a page of an admin is shown to a caller, or denied to somebody who is known to be staff."""
        answer: Any = APIClient().get(path, **self.token(caller))
        is_sent_to_sign_in = answer.status_code == 302 and "/login/" in answer["Location"]
        return not is_sent_to_sign_in

    def token(self, caller: str, *, without: Collection[str] = ()) -> dict[str, str]:
        """Return the header of a caller's token; nothing for anonymous."""
        if caller == "anonymous":
            return {}
        scopes = [scope for scope in settings.TOKENS["SCOPES"] if scope not in without]
        if caller == "service":
            return tokens.bearer(user_id=SERVICE, username=None, roles=[], scopes=scopes, client_id=SERVICE)
        role = "customer" if caller == "other customer" else caller
        return tokens.bearer(user_id=self.people[caller], roles=[role], scopes=scopes)


def routes(urlconf: str) -> set[str]:
    """Return every method and path that is answered, as the rows of a table; an admin's are left out."""
    found = _views(get_resolver(urlconf).url_patterns)
    return {
        f"{method} /{path.removeprefix('^').removesuffix('/?$')}" for path, view in found for method in _methods(view)
    }


def admin_paths(urlconf: str, below: str) -> list[str]:
    """Return the path of every page of an admin but signing in and out; single things have made-up keys."""
    paths = {f"/{path}".replace("<path:object_id>", "1") for path in _paths(get_resolver(urlconf).url_patterns)}
    own = (path for path in paths if path.startswith(below) and "(?P<" not in path and "<" not in path)
    return sorted(path for path in own if not path.endswith(("/login/", "/logout/", "/signed-in/")))


def _paths(patterns: Any, before: str = "") -> Iterator[str]:
    for pattern in patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _paths(pattern.url_patterns, path)
        else:
            yield path


def _views(patterns: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if not path.endswith("admin/"):
                yield from _views(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield path, pattern.callback


def _methods(view: Any) -> list[str]:
    """Return what a view answers beside HEAD and OPTIONS; a function is taken to show something."""
    kind = getattr(view, "cls", None) or getattr(view, "view_class", None)
    if kind is None:
        return ["GET"]
    known = [name for name in kind.http_method_names if name not in ("head", "options", "trace")]
    return [name.upper() for name in known if callable(getattr(kind, name, None))]
