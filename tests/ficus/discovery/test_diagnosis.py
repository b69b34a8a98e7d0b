from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from ficus.configuration.diagnosis import Finding, State
from ficus.discovery.diagnosis import diagnose
from ficus.discovery.instance import Instance
from ficus.discovery.registry import registry_at
from tests.ficus.discovery.worlds import running
from tests.ficus.events.redis_server import RedisServer


class TestDiagnose:
    def test_says_that_there_is_no_registry(self, settings: Settings) -> None:
        settings.DISCOVERY = {"URL": "", "AS": ["orders"], "HOST": ""}

        [finding] = diagnose()

        assert (finding.state, finding.subject) == (State.OK, "registry")
        assert finding.detail.startswith("none (DISCOVERY_URL)")

    def test_says_who_is_there(self, settings: Settings, tmp_path: Path) -> None:
        with running(RedisServer(tmp_path)) as server:
            settings.DISCOVERY = {"URL": server.url, "AS": ["orders", "users"], "HOST": ""}
            registry_at(server.url).register(Instance("orders", "10.0.0.5", 8000))

            found = list(diagnose())

        assert [(each.state, each.detail.partition(" knows ")[2]) for each in found] == [
            (State.OK, "orders at 10.0.0.5:8000"),
            (State.OK, "users at no address"),
        ]

    @pytest.mark.parametrize("url", ["consul://:s3cret@127.0.0.1:1", "redis://:s3cret@127.0.0.1:1/0"])
    def test_warns_of_a_registry_that_is_away_and_names_no_secret(self, settings: Settings, url: str) -> None:
        settings.DISCOVERY = {"URL": url, "AS": ["orders", "users"], "HOST": ""}

        [finding] = diagnose()

        assert isinstance(finding, Finding)
        assert finding.state is State.WARN
        assert "127.0.0.1:1" in finding.detail
        assert "s3cret" not in finding.detail
