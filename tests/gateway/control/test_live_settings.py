"""What a worker of the gateway goes by while it runs, and its page in the gateway's own admin."""

from typing import Any

import pytest
from django.test import Client

from ficus.configuration import live
from ficus.testing import tokens
from gateway.control import assembly
from tests.gateway.making import gateway

VALUES = {"gateway.in_flight_limit": 7, "gateway.sampled_share": 0.25, "log.level": "INFO"}


class TestGoingBy:
    def test_changes_limit_and_share(self) -> None:
        within = gateway()

        assembly.go_by(within, VALUES)

        assert (within.in_flight_limit, within.sampled_share) == (7, 0.25)

    def test_writes_of_requests_as_the_level_says(self) -> None:
        within = gateway()

        assembly.go_by(within, VALUES)
        first = within.access_log
        assembly.go_by(within, VALUES)
        assert first is not None
        assert within.access_log is first

        assembly.go_by(within, {**VALUES, "log.level": "WARNING"})
        assert within.access_log is None

    def test_is_by_default_as_it_always_was(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("GATEWAY_IN_FLIGHT_LIMIT", "TRACE_SAMPLED_SHARE"):
            monkeypatch.delenv(name, raising=False)

        assert (live.value("gateway.in_flight_limit"), live.value("gateway.sampled_share")) == (1024, 1.0)


@pytest.mark.django_db
class TestPage:
    @pytest.mark.parametrize(("role", "status"), [("support", 200), ("operator", 200), ("customer", 302)])
    def test_is_for_staff_and_changes_are_for_operators(
        self, settings: Any, client: Client, role: str, status: int
    ) -> None:
        settings.TOKENS = tokens.trusting(settings.TOKENS)
        settings.CONFIGURATION = {**settings.CONFIGURATION, "URL": "redis://127.0.0.1:1/0"}

        answer = client.get("/admin/ficus_configuration/configuration/", **tokens.bearer(roles=[role]))

        assert answer.status_code == status
        if status == 200:
            assert 'data-setting="gateway.in_flight_limit"' in answer.content.decode()
            assert "resilience." not in answer.content.decode()
            assert ("Change a value" in answer.content.decode()) is (role == "operator")
