"""At which host a process says that it is. That it registers and leaves is seen in ``tests/e2e/test_instances.py``."""

import socket

import pytest
from pytest_django.fixtures import Settings

from ficus.discovery.serving import advertised


class TestAdvertised:
    def test_is_the_host_that_it_binds_to(self, settings: Settings) -> None:
        settings.DISCOVERY = {"URL": "", "AS": [], "HOST": ""}

        assert advertised("10.0.0.5") == "10.0.0.5"

    @pytest.mark.parametrize("bound", ["0.0.0.0", "::"])
    def test_is_the_machines_own_where_it_binds_to_all(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch, bound: str
    ) -> None:
        settings.DISCOVERY = {"URL": "", "AS": [], "HOST": ""}
        monkeypatch.setattr(socket, "gethostbyname", lambda name: "172.17.0.4")

        assert advertised(bound) == "172.17.0.4"

    def test_is_what_settings_say(self, settings: Settings) -> None:
        settings.DISCOVERY = {"URL": "", "AS": [], "HOST": "orders-7.shop.internal"}

        assert advertised("0.0.0.0") == "orders-7.shop.internal"
