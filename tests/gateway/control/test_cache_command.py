"""Throwing kept answers away, by command and in the admin, with who and why."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from ficus.testing import tokens
from gateway.control import cached
from gateway.control.models import CacheCount, CachePurge
from gateway.data.cache.purges import Kind, Purge

pytestmark = pytest.mark.django_db

SAID: Any = {"by": "olga", "reason": "Because"}
NOW = datetime.now(UTC)


def cache(*arguments: str) -> str:
    out = StringIO()
    call_command("cache", *arguments, stdout=out)
    return out.getvalue()


def signed_in(client: Client, settings: Any, role: str) -> Client:
    settings.TOKENS = tokens.trusting(settings.TOKENS)
    client.defaults.update(tokens.bearer(username="olga", roles=[role]))
    return client


class TestPurge:
    def test_is_numbered_upwards_whatever_rows_there_are(self) -> None:
        first = cached.purge(Kind.TAG, "a", at=NOW, **SAID)
        second = cached.purge(Kind.TAG, "b", at=NOW, **SAID)
        CachePurge.objects.all().delete()
        third = cached.purge(Kind.TAG, "c", at=NOW + timedelta(seconds=1), **SAID)

        assert first.number < second.number < third.number

    def test_is_found_by_who_knows_an_earlier_one(self) -> None:
        old = cached.purge(Kind.ROUTE, "products", at=NOW - timedelta(days=2), **SAID)
        new = cached.purge(Kind.KEY, "/a", at=NOW, **SAID)

        assert cached.purges_after(old.number) == [Purge(new.number, Kind.KEY, "/a")]
        assert cached.purges_after(0) == [
            Purge(old.number, Kind.ROUTE, "products"),
            Purge(new.number, Kind.KEY, "/a"),
        ]
        assert cached.purges_after(-1) == [Purge(new.number, Kind.KEY, "/a")]

    def test_is_forgotten_after_a_quarter_of_a_year(self) -> None:
        cached.purge(Kind.ALL, "", at=NOW - timedelta(days=91), **SAID)

        kept = cached.purge(Kind.ALL, "", at=NOW, **SAID)

        assert [each.number for each in CachePurge.objects.all()] == [kept.number]


class TestCacheCommand:
    def test_purges_with_who_and_why(self) -> None:
        assert cache("purge", "--tag", "goods", "--reason", "Wrong price", "--by", "olga") == "purged tag goods\n"

        [made] = CachePurge.objects.all()
        assert (made.kind, made.value, made.by, made.reason) == ("tag", "goods", "olga", "Wrong price")

    @pytest.mark.parametrize(
        ("arguments", "fault"),
        [
            (("--route", "nobody"), "nobody is no route"),
            (("--key", "products"), "a key is a path with its query, such as /products/7?lang=en"),
            (("--tag", "two words"), "a tag has no spaces"),
            (("--tag", ""), "say which tag"),
        ],
    )
    def test_refuses_what_means_nothing(self, arguments: tuple[str, ...], fault: str) -> None:
        with pytest.raises(CommandError) as refused:
            cache("purge", *arguments)

        assert (str(refused.value), refused.value.returncode) == (fault, 2)
        assert not CachePurge.objects.exists()

    def test_lists_what_the_workers_counted(self) -> None:
        assert cache("stats") == "nothing was asked of the cache yet\n"

        cached.keep({("products", "hit"): 3, ("products", "miss"): 1})
        cached.keep({("products", "hit"): 4, ("", "answers that had to go"): 1})

        assert cache("stats").splitlines() == [
            "all routes  answers that had to go  1",
            "products    hit                     7",
            "products    miss                    1",
        ]
        assert CacheCount.objects.count() == 3


class TestCacheAdmin:
    def test_lets_operators_purge(self, client: Client, settings: Any) -> None:
        operator = signed_in(client, settings, "operator")

        answered = operator.post(
            "/admin/control/cachepurge/add/", {"kind": "route", "value": "products", "reason": "Wrong price"}
        )

        assert answered.status_code == 302
        [made] = CachePurge.objects.all()
        assert (made.kind, made.value, made.reason) == ("route", "products", "Wrong price")
        assert made.by.startswith("olga (")
        assert b"Wrong price" in operator.get("/admin/control/cachepurge/").content

    def test_says_what_is_wrong(self, client: Client, settings: Any) -> None:
        answered = signed_in(client, settings, "operator").post(
            "/admin/control/cachepurge/add/", {"kind": "key", "value": "products", "reason": "x"}
        )

        assert b"a key is a path with its query" in answered.content
        assert not CachePurge.objects.exists()

    def test_shows_support_what_was_done_and_lets_nobody_else_do_it(self, client: Client, settings: Any) -> None:
        cached.keep({("products", "hit"): 3})
        support = signed_in(client, settings, "support")

        assert b"products" in support.get("/admin/control/cachecount/").content
        assert support.get("/admin/control/cachepurge/add/").status_code == 403
