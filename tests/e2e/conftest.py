"""Two running systems, one of each shape, that the end-to-end tests share one after the other."""

import os
from collections.abc import Iterator

import pytest

from tests.e2e.people import Person
from tests.e2e.system import System
from tests.servers import Databases, Servers


@pytest.fixture(scope="session", params=["services", "monolith"])
def started(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system that runs as long as tests of its shape do."""
    databases = Databases(Servers.read(os.environ)) if os.environ.get("TEST_SERVERS") else None
    with System(request.param, tmp_path_factory.mktemp(request.param), databases).running() as system:
        yield system


@pytest.fixture(scope="module")
def audited(started: System) -> Iterator[System]:
    """The system; after the tests of a module everything that is always true is verified."""
    yield started
    assert started.audit() == []


@pytest.fixture
def system(audited: System) -> Iterator[System]:
    """The system, whole before the test and after it."""
    yield audited
    audited.restore()


@pytest.fixture
def guest(system: System) -> Person:
    """Somebody who has just joined."""
    return Person.join(system.url)
