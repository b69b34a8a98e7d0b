"""The page in an admin: what is in force and where it comes from, changes, versions and the way back, by role."""

import re
from html import unescape
from pathlib import Path

import pytest
from django.contrib.admin import AdminSite
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from ficus import service
from ficus.configuration import admin
from ficus.configuration.copy import Copy
from ficus.configuration.document import Document
from ficus.configuration.store import store_at
from tests.ficus.events.redis_server import RedisServer
from tests.ficus.events.test_admin import AsMember, Member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_as_before"), pytest.mark.urls(__name__)]

site = AdminSite()
admin.register(site)
urlpatterns = [path("admin/", site.urls)]
PAGE = "/admin/ficus_configuration/configuration/"


@pytest.fixture(autouse=True)
def member(settings, monkeypatch: pytest.MonkeyPatch) -> Member:
    settings.RPC = {"UPSTREAMS": {"stock": "127.0.0.1:1"}, "SERVICERS": []}
    settings.MIDDLEWARE = [
        "tests.ficus.events.test_admin.AsMember",
        "django.contrib.messages.middleware.MessageMiddleware",
    ]
    settings.MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
    monkeypatch.setattr(AsMember, "member", Member())
    return AsMember.member


def kept(central: RedisServer) -> Document:
    return Document.read(store_at(central.url).read(service.name()))


def post(**fields: object) -> str:
    """Submit a form of the page, and return the page that follows."""
    said = {"expected": "0", "reason": "to see", **fields}
    return text(Client().post(PAGE, said, follow=True))


def get(**asked: str) -> str:
    return text(Client().get(PAGE, asked))


def text(answer: HttpResponse) -> str:
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def sources(page: str) -> dict[str, str]:
    """Return where each value comes from, as the page has it."""
    return dict(re.findall(r'data-setting="([^"]+)" data-source="([^"]+)"', page))


class TestPage:
    def test_stands_in_the_admin_s_index(self, central: RedisServer) -> None:
        assert PAGE in text(Client().get("/admin/"))

    def test_shows_every_value_and_where_it_comes_from(
        self, central: RedisServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        post(do="set", name="tracing.sampled_share", value="0.5")
        monkeypatch.setenv("LOG_LEVEL", "ERROR")

        found = sources(get())

        assert found["log.level"] == "environment"
        assert found["tracing.sampled_share"] == "central"
        assert found["resilience.stock.breaker.open_seconds"] == "default"
        assert found["killed.stock"] == "default"

    def test_says_which_wins_where_both_say_something(
        self, central: RedisServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        post(do="set", name="log.level", value="DEBUG")
        monkeypatch.setenv("LOG_LEVEL", "ERROR")

        assert "LOG_LEVEL wins; centrally DEBUG; default INFO" in get()

    def test_fills_in_the_value_that_is_to_be_changed(self, central: RedisServer) -> None:
        page = get(name="log.level")

        assert 'name="name" value="log.level"' in page
        assert 'name="value" value="INFO"' in page

    def test_without_a_store_has_nothing_to_change(self, settings) -> None:
        settings.CONFIGURATION = {**settings.CONFIGURATION, "URL": ""}

        page = get()

        assert "There is no store (CONFIGURATION_URL)" in page
        assert sources(page)["log.level"] == "default"
        assert "Change a value" not in page

    def test_says_that_the_store_is_away_and_shows_the_last_good(
        self, central: RedisServer, settings, tmp_path: Path
    ) -> None:
        post(do="set", name="log.level", value="DEBUG")
        Copy(tmp_path, service.name()).keep(kept(central))
        settings.CONFIGURATION = {**settings.CONFIGURATION, "URL": "redis://:s3cret@127.0.0.1:1/0"}

        page = get()

        assert "The last good version stays in force: 127.0.0.1:1/0 does not answer" in page
        assert sources(page)["log.level"] == "central"
        assert "s3cret" not in page

    def test_says_that_what_the_store_holds_is_wrong(self, central: RedisServer) -> None:
        post(do="set", name="log.level", value="DEBUG")
        written = kept(central).written().replace(b"DEBUG", b"LOUD")
        central.client.set(f"ficus.configuration.{service.name()}", written)

        assert "version 1 is wrong, and the last good one stays in force: log.level must be DEBUG" in get()

    def test_names_what_nothing_here_goes_by(self, central: RedisServer) -> None:
        post(do="set", name="log.level", value="DEBUG")
        written = kept(central).written().replace(b"log.level", b"log.depth")
        central.client.set(f"ficus.configuration.{service.name()}", written)

        assert "log.depth is set centrally, and nothing here goes by it" in get()

    def test_escapes_what_people_have_written(self, central: RedisServer) -> None:
        post(do="set", name="log.level", value="DEBUG", reason="<script>alert(1)</script>")

        assert b"<script>alert(1)" not in Client().get(PAGE, {"name": "<script>alert(1)"}).content


class TestChange:
    def test_is_kept_with_who_and_why(self, central: RedisServer) -> None:
        page = post(do="set", name="killed.stock", value="true", reason="it is on fire")

        [version] = kept(central).versions
        assert (version.values, version.by, version.reason) == ({"killed.stock": True}, "olga (1)", "it is on fire")
        assert "Version 1. All processes have it in two seconds." in page
        assert "killed.stock: not set -> true" in page

    def test_may_take_a_value_out(self, central: RedisServer) -> None:
        post(do="set", name="log.level", value="DEBUG")

        post(do="unset", name="log.level", expected="1")

        assert (kept(central).number, kept(central).values) == (2, {})

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"value": "LOUD"}, "log.level must be DEBUG, INFO, WARNING or ERROR, not 'LOUD'"),
            ({"reason": " "}, "say why"),
            ({"name": "log.levels"}, "log.levels is unknown; perhaps log.level is meant"),
            ({"expected": "7"}, "it is version 0 by now, not 7"),
            ({"expected": ""}, "for which version is it?"),
            ({"do": "burn"}, "it is not said what to do"),
        ],
    )
    def test_that_is_wrong_is_refused_with_the_mistake(
        self, central: RedisServer, fields: dict[str, str], said: str
    ) -> None:
        page = post(**{"do": "set", "name": "log.level", "value": "DEBUG", **fields})

        assert said in page
        assert kept(central) == Document()

    def test_of_two_editors_is_refused_to_the_second(self, central: RedisServer) -> None:
        post(do="set", name="log.level", value="DEBUG")

        page = post(do="set", name="log.level", value="ERROR")

        assert "Nothing was changed: it is version 1 by now, not 0." in page
        assert kept(central).values == {"log.level": "DEBUG"}

    def test_is_not_for_those_who_only_look(self, central: RedisServer, member: Member) -> None:
        member.operates = False

        assert Client().post(PAGE, {"do": "set", "name": "log.level", "value": "DEBUG"}).status_code == 403
        assert "Change a value" not in get()
        assert kept(central) == Document()


class TestRollback:
    def test_goes_back_to_the_version(self, central: RedisServer) -> None:
        post(do="set", name="log.level", value="DEBUG")
        page = post(do="set", name="log.level", value="ERROR", expected="1")
        assert "Roll back to version 1" in page

        page = post(do="rollback", version="1", expected="2", reason="Back to version 1")

        assert (kept(central).values, kept(central).versions[0].restores) == ({"log.level": "DEBUG"}, 1)
        assert "(back to version 1)" in page
