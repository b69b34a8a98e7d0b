"""``./manage.py startservice payments``: writes a service that runs in every shape; exits with 2 if it cannot."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.addresses import ROOT
from config.starting.names import BadName, Names
from config.starting.writing import CannotWrite, write

NEXT = """
What is next:

  make check                       all that can be said without running
  SERVICE={name} .venv/bin/python -m pytest tests/{name}
  make up                          with `SHAPE=monolith` as one project
  docs/third-service.md            how it takes part in the order saga
"""


class Command(BaseCommand):
    help = (
        "Write a service: model, API, events, gRPC, admin, seed, tests, settings and routes; and name it in the list."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="of the service, in the plural: payments")
        parser.add_argument("--thing", default="", help="one of what it keeps: payment; by default from the name")

    def handle(self, *args: Any, name: str, thing: str, **options: Any) -> None:
        try:
            written = write(Names.of(name, thing), ROOT)
        except (BadName, CannotWrite) as error:
            raise CommandError(str(error), returncode=2) from None
        for path in written:
            self.stdout.write(str(path))
        self.stdout.write(NEXT.format(name=name))
