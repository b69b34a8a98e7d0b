"""``.env.example`` is where a reader learns what can be set."""

import os
import re
import subprocess
import sys

import pytest

from config.addresses import ROOT

DEPLOYABLES = sorted(path.parent.name for path in ROOT.glob("config/*/settings.py"))


def variables_read_by(deployable: str) -> set[str]:
    """Return the names that a deployable's settings look for in the environment."""
    done = subprocess.run(
        [sys.executable, "-c", f"from config.{deployable}.settings import env; print(*env.dump())"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": f"config.{deployable}.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


class TestEnvExample:
    @pytest.mark.parametrize("deployable", DEPLOYABLES)
    def test_lists_every_variable_that_settings_read(self, deployable: str) -> None:
        example = (ROOT / ".env.example").read_text()
        listed = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE))

        assert variables_read_by(deployable) - listed == set()
