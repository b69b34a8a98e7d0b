"""Settles, before Django is touched, as which deployable the tests run: ``SERVICE=orders python -m pytest ...``."""

import atexit
import os
import shutil
import tempfile

import pytest
from hypothesis import HealthCheck, settings

os.environ["FICUS_ENV"] = "development"
os.environ["FICUS_ENV_FILE"] = os.devnull  # what a developer has set for himself must not decide a test
os.environ["DISCOVERY_URL"] = ""  # a system that runs on this machine must not be found by a test's gateway
os.environ["CONFIGURATION_URL"] = ""  # likewise
if "FICUS_STATE" not in os.environ:
    os.environ["FICUS_STATE"] = tempfile.mkdtemp(prefix="ficus-test-")
    atexit.register(shutil.rmtree, os.environ["FICUS_STATE"], ignore_errors=True)
# An example that takes long says that the machine is busy, and nothing about what is tested.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
if service := os.environ.get("SERVICE"):
    os.environ["DJANGO_SETTINGS_MODULE"] = f"config.{service}.settings"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "applies_when(condition): leave the test out where it says nothing about the deployable or database"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, rather than skip, what does not apply: a skip says that a part is missing here."""
    left_out = [item for item in items if not all(mark.args[0]() for mark in item.iter_markers("applies_when"))]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
