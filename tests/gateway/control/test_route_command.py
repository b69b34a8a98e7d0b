from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from gateway.control import document, services
from gateway.control.models import Route, Service

pytestmark = pytest.mark.django_db


def route(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("route", *arguments, stdout=out)
    return [" ".join(line.split()) for line in out.getvalue().splitlines() if line]


@pytest.fixture(autouse=True)
def _canary() -> None:
    table = document.current()
    table["routes"]["canary"] = {
        "service": "orders",
        "path": "/orders",
        "match": "pattern",
        "pattern": "/[0-9]+",
        "headers": {"X-Canary": "yes"},
        "policies": {"rewrite": {"prefix": "/v2"}, "mirror": {"to": "users", "percent": 5}},
    }
    services.apply(table, by="olga", reason="Because", at=datetime(2026, 11, 1, tzinfo=UTC))


class TestRoute:
    def test_says_who_would_serve_a_request_and_why_the_others_would_not(self) -> None:
        assert route("get", "/orders/7?x=1", "--host", "ficus.test")[:4] == [
            "GET /orders/7 at ficus.test",
            "routes for this path, in the order in which they are looked at:",
            "no canary /orders/[0-9]+ it wants header x-canary is 'yes'",
            "YES orders /orders/*",
        ]

    def test_says_which_policies_would_apply_and_on_what_terms(self) -> None:
        said = route("GET", "/orders/7", "-H", "X-Canary: yes")

        assert "no orders /orders/* canary goes before it: pattern" in said
        assert said[4].startswith("goes by canary to orders at http://")
        assert said[5:] == [
            "policies, in their order:",
            "canonicalise",
            "match: /orders/[0-9]+, 2 s for one try",
            "rewrite: prefix /v2",
            "authenticate: signed in",
            "limit: a body has at most 10485760 bytes",
            "mirror: to users, percent 5.0",
        ]

    def test_says_what_nobody_serves(self) -> None:
        assert route("GET", "/nowhere")[-1].startswith("no route of the table: this process answers itself")
        assert route("POST", "/monolith/static/x")[-1] == "refused with 405: POST is not served here; GET, HEAD is."

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("GET", "/a/../b"), "refused with 400: The path climbs"),
            (("GET", "/a", "-H", "nonsense"), "'nonsense' is no header field"),
        ],
    )
    def test_refuses_a_request_that_would_not_be_looked_at(self, arguments: tuple[str, ...], words: str) -> None:
        with pytest.raises(CommandError) as refused:
            route(*arguments)

        assert str(refused.value).startswith(words)
        assert refused.value.returncode == 2

    def test_names_the_mistakes_of_a_table_that_is_not_sound(self) -> None:
        Route.objects.create(name="bad", service=Service.objects.get(name="orders"), path="/admin")

        with pytest.raises(CommandError, match="bad: it would hide /admin"):
            route("GET", "/orders")
