"""Verifies what is always true of either app and between them; exits with 1 if anything is not."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from apps.orders.management.commands.audit import Command as AuditOrders
from apps.users.management.commands.audit import Command as AuditUsers


class Command(BaseCommand):
    help = "Verify users and orders; print what is wrong by id."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--across", action="store_true", help="also compare orders with the credit held for them")

    def handle(self, *args: Any, across: bool, **options: Any) -> None:
        failures = [failure for failure in (self._audit(AuditUsers()), self._audit(AuditOrders())) if failure]
        if across and (failure := self._audit(AuditOrders(), across=True)):
            failures.append(failure)
        if failures:
            raise CommandError("; ".join(failures))

    def _audit(self, command: BaseCommand, **options: Any) -> str:
        """Run one audit to its end; return what it said if it failed."""
        try:
            call_command(command, **options)
        except CommandError as error:
            return str(error)
        return ""
