#!/usr/bin/env python3
"""Runs a management command for one deployable: ``./manage.py orders migrate``; the default is the monolith."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def deployables() -> list[str]:
    """Return the names of the deployables: the folders of ``config/`` that hold settings."""
    return sorted(path.parent.name for path in ROOT.glob("config/*/settings.py"))


def choose_deployable(argv: list[str]) -> list[str]:
    """
    Take the deployable's name off the command line and keep it in ``SERVICE``.

    Autoreload starts this file again with the shortened command line and the same environment.
    """
    if len(argv) > 1 and argv[1] in deployables():
        os.environ["SERVICE"] = argv[1]
        argv = [argv[0], *argv[2:]]
    service = os.environ.setdefault("SERVICE", "monolith")
    if service not in deployables():
        fail(f"SERVICE={service} names no deployable; there are: {', '.join(deployables())}")
    os.environ["DJANGO_SETTINGS_MODULE"] = f"config.{service}.settings"
    return argv


def fail(message: str) -> None:
    """Say what is wrong in one line and exit with 2, the code for a command used or configured wrongly."""
    print(f"manage.py: {message}", file=sys.stderr)
    sys.exit(2)


def use_project_environment() -> None:
    """Continue under ``.venv`` where ``make`` has put the dependencies, if this Python does not have them."""
    python = ROOT / ".venv" / "bin" / "python"
    try:
        import django  # noqa: F401
    except ModuleNotFoundError:
        if python.exists() and Path(sys.executable) != python:
            os.execv(python, [str(python), *sys.argv])  # noqa: S606 - the same words, under the project's own Python
        fail("Django is not installed here; run `make install` first")


def main() -> None:
    use_project_environment()
    from ficus.configuration.environment import ConfigurationError

    argv = choose_deployable(sys.argv)
    try:
        from django.core.management import execute_from_command_line

        execute_from_command_line(argv)
    except ConfigurationError as error:
        fail(str(error))


if __name__ == "__main__":
    main()
