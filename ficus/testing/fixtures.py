"""
For pytest. In ``conftest.py``, above the tests that it shall hold:

    from ficus.testing.fixtures import fence
"""

from collections.abc import Iterator

import pytest

from ficus.testing.fence import Fence

_DATABASES = {"db", "transactional_db", "django_db_reset_sequences", "django_db_serialized_rollback"}


@pytest.fixture(autouse=True)
def fence(request: pytest.FixtureRequest) -> Iterator[Fence | None]:
    """
    Fence in every test that uses the database, its fixtures too; yield the fence.

    What was caught fails the test at its end even if something has swallowed it on its way.
    """
    if not request.node.get_closest_marker("django_db") and _DATABASES.isdisjoint(request.fixturenames):
        yield None
        return
    request.getfixturevalue("db")  # first, so that cleaning the database up comes after the fence
    failed_before = request.session.testsfailed
    with Fence() as fence:
        yield fence
    if fence.caught and request.session.testsfailed == failed_before:
        raise fence.caught[0]
