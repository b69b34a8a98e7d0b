"""Runs the project's own commands as at a shell, with nothing in the environment but what a test says."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INHERITED = ("PATH", "HOME", "LANG", "FICUS_STATE")


def run(*arguments: str, **environment: str | None) -> subprocess.CompletedProcess[str]:
    """Run ``python ...`` from the root of the project to its end; what is ``None`` is not set at all."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    chosen = {name: value for name, value in environment.items() if value is not None}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**inherited, "FICUS_ENV_FILE": os.devnull, **chosen},
        capture_output=True,
        text=True,
        timeout=240,
    )


def manage(*arguments: str, **environment: str | None) -> subprocess.CompletedProcess[str]:
    """Run a management command in development unless the environment says otherwise."""
    return run("manage.py", *arguments, **{"FICUS_ENV": "development", **environment})
