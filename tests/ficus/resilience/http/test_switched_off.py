"""Calls that an operator has switched off."""

from collections.abc import Iterator

import pytest
import requests

from ficus.errors import Unavailable
from ficus.resilience import switches
from ficus.resilience.errors import HttpSwitchedOff
from tests.ficus.resilience.service import Service


@pytest.fixture(autouse=True)
def _all_on() -> Iterator[None]:
    yield
    switches.use(())


class TestSwitchedOff:
    def test_fails_at_once_and_asks_nobody(self, http: requests.Session, service: Service) -> None:
        switches.use([service.url])

        with pytest.raises(HttpSwitchedOff) as refused:
            http.get(f"{service.url}/eur")

        assert isinstance(refused.value, Unavailable)
        assert isinstance(refused.value, requests.ConnectionError)
        assert service.asked == []

    def test_holds_for_a_path_and_what_is_below_it(self, http: requests.Session, service: Service) -> None:
        switches.use([f"{service.url}/eur"])

        for path in ("/eur", "/eur/usd?at=noon"):
            with pytest.raises(HttpSwitchedOff):
                http.get(f"{service.url}{path}")
        http.get(f"{service.url}/euro")

        assert len(service.asked) == 1

    def test_asks_again_once_it_is_on(self, http: requests.Session, service: Service) -> None:
        switches.use([service.url])
        switches.use(())

        assert http.get(service.url).status_code == 200
