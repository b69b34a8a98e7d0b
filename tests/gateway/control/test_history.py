"""Versions of the table: made by every change, compared, gone back to, and never overwritten unseen."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.control import document, services, snapshot
from gateway.control.difference import changes
from gateway.control.models import Revision, Route, Service
from gateway.control.services import ChangedMeanwhile
from gateway.control.validation import InvalidTable
from gateway.data.policies import KINDS

pytestmark = pytest.mark.django_db

SAID: Any = {"by": "olga", "reason": "Because", "at": datetime(2026, 11, 1, tzinfo=UTC)}


def wished(**routes: Any) -> Any:
    """Return the present table with routes put in, or taken out where they are None."""
    table = deepcopy(document.current())
    for name, entry in routes.items():
        if entry is None:
            del table["routes"][name]
        else:
            table["routes"][name] = entry
    return table


MORE = {"service": "orders", "path": "/more", "policies": {"rewrite": {"prefix": "/v2"}}}


class TestApply:
    def test_makes_the_table_what_the_document_says_and_remembers_who_and_why(self) -> None:
        before = snapshot.version()

        done = services.apply(wished(more=MORE, products=None), **SAID)

        assert [str(change).splitlines()[0] for change in done.changes] == ["+ route more", "- route products"]
        assert done.version == snapshot.version() == before + 1
        revision = Revision.objects.get(number=done.version)
        assert (revision.by, revision.reason, revision.at, revision.restores) == (*SAID.values(), None)
        assert revision.document == document.current()

    def test_of_the_same_again_changes_nothing(self) -> None:
        first = services.apply(wished(more=MORE), **SAID)

        again = services.apply(document.current(), **SAID)

        assert (again.version, again.changes) == (first.version, [])
        assert Revision.objects.count() == 2

    def test_refuses_a_table_with_mistakes_as_a_whole_and_names_them_all(self) -> None:
        before, version = document.current(), snapshot.version()
        wrong = wished(
            more={"service": "stock", "path": "/more/", "timeout_ms": 0, "typo": 1},
            other={"service": "orders", "path": "/other", "policies": {"rewrite": {}, "frob": {}}},
        )

        with pytest.raises(InvalidTable) as refused:
            services.apply(wrong, **SAID)

        assert refused.value.mistakes == [
            "more: typo is no field; there are: access, active, body_limit, headers, hosts, match, methods, note, path,"
            " pattern, policies, priority, query, service, timeout_ms, waits",
            "more: timeout_ms: Expected `int` >= 1",
            "more: stock is no service",
            f"other: frob is no policy; there are: {', '.join(KINDS)}",
            "more: /more/ is not canonical; that would be /more",
            "other: rewrite: say either prefix, or pattern and to",
        ]
        assert (document.current(), snapshot.version()) == (before, version)

    def test_overwrites_no_other_version_than_the_one_expected(self) -> None:
        seen = snapshot.version()
        services.apply(wished(more=MORE), **SAID)

        with pytest.raises(ChangedMeanwhile):
            services.apply(wished(products=None), **SAID, expected=seen)

        assert Route.objects.filter(name="products").exists()

    def test_takes_services_with_their_instances(self) -> None:
        table = wished(more={**MORE, "service": "stock"})
        table["services"]["stock"] = {"instances": [{"address": "http://10.0.0.5:8000", "weight": 3}]}

        services.apply(table, **SAID)

        assert document.current()["services"]["stock"] == table["services"]["stock"]
        assert [each.url for each in snapshot.load().services["stock"]] == ["http://10.0.0.5:8000"]


class TestRollBack:
    def test_goes_back_by_a_new_version(self) -> None:
        before = document.current()
        first = services.apply(wished(more=MORE), **SAID)
        services.apply(wished(more=None, products=None), **SAID)

        done = services.roll_back(Revision.objects.get(number=first.version - 1), **SAID)

        assert document.current() == before
        assert done.version == first.version + 2
        assert Revision.objects.get(number=done.version).restores == first.version - 1

    def test_is_refused_where_the_old_table_would_not_be_sound_any_more(self, settings: Any) -> None:
        first = services.apply(wished(more=MORE), **SAID)
        table = {
            "services": {"users": {}},
            "routes": {name: each for name, each in document.current()["routes"].items() if each["service"] == "users"},
        }
        services.apply(table, **SAID)
        settings.UPSTREAMS = {"users": settings.UPSTREAMS["users"]}

        with pytest.raises(InvalidTable, match="no address of the service orders"):
            services.roll_back(Revision.objects.get(number=first.version), **SAID)

        assert not Service.objects.filter(name="orders").exists()


class TestDifference:
    def test_names_what_was_added_removed_and_changed(self) -> None:
        old = {"services": {"a": {}}, "routes": {"x": {"path": "/x", "note": "n"}, "y": {"path": "/y"}}}
        new = {
            "services": {"a": {}},
            "routes": {"x": {"path": "/z", "policies": {"b": 1, "a": 2}}, "w": {"path": "/w"}},
        }

        assert [str(change) for change in changes(old, new)] == [
            "+ route w\n    path: /w",
            '~ route x\n    path: /x -> /z\n    note: n -> default\n    policies: default -> {"a":2,"b":1}',
            "- route y\n    path: /y",
        ]

    def test_is_nothing_between_tables_that_mean_the_same(self) -> None:
        assert changes(document.current(), document.current()) == []
