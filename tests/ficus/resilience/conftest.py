from collections.abc import Callable, Iterator

import pytest
import requests

from ficus.resilience import registry
from ficus.resilience.http import session
from tests.ficus.resilience.service import Service


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    registry.forget_all()
    yield
    registry.forget_all()


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.end()


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with session() as made:
        made.trust_env = False
        yield made


@pytest.fixture
def policy(settings) -> Callable[..., None]:
    """Have everything called by a policy of these parts."""

    def give(**parts: dict[str, float]) -> None:
        settings.RESILIENCE = {"POLICIES": {"default": parts}}
        registry.forget_all()

    return give
