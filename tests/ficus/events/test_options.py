"""What holds for a project that says no more about events than it must."""

import pytest
from django.conf import LazySettings
from django.core.exceptions import ImproperlyConfigured

from ficus.events import options
from ficus.events.checks import check_settings
from ficus.events.consumer import consumers


class TestDefaults:
    @pytest.fixture(autouse=True)
    def _says_little(self, settings: LazySettings) -> None:
        settings.EVENTS = {"SOURCE": "shop"}
        for name in ("REDIS_URL", "CELERY_APP", "RPC"):
            delattr(settings, name)

    def test_have_a_project_follow_itself(self) -> None:
        assert options.feeds() == {"shop": "local"}
        assert {name.partition(".")[0] for name in options.push_to()} == {
            name.partition(".")[0] for name in consumers()
        }

    def test_find_redis_on_this_machine_and_the_library_s_own_worker(self) -> None:
        assert options.redis_url() == "redis://127.0.0.1:6379/0"
        assert options.celery_app() == "ficus.events.worker.app"

    def test_leave_nothing_to_complain_about(self) -> None:
        assert check_settings(None) == []


class TestSettings:
    def test_must_name_the_log(self, settings: LazySettings) -> None:
        del settings.EVENTS

        with pytest.raises(ImproperlyConfigured, match=r'EVENTS = \{"SOURCE": "shop"\}'):
            options.source()

        assert [found.id for found in check_settings(None)] == ["ficus_events.E001"]

    def test_must_say_where_another_log_is(self, settings: LazySettings) -> None:
        settings.EVENTS = {"SOURCE": "shop", "FEEDS": {"shop": "local", "mill": "rpc"}}
        settings.RPC = {}

        assert [(found.id, found.msg) for found in check_settings(None)] == [
            ("ficus_events.E002", "Nobody knows where the log mill is.")
        ]

    def test_must_know_time_zones(self, settings: LazySettings) -> None:
        settings.USE_TZ = False

        assert [found.id for found in check_settings(None)] == ["ficus_events.E003"]
