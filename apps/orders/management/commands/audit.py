"""Verifies what is always true of orders; exits with 1 if anything is not, and with 2 if it cannot tell."""

from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.orders.audit import Finding
from apps.orders.audit.across import check_across
from apps.orders.audit.rows import check_rows
from ficus.errors import Unavailable


class Command(BaseCommand):
    help = "Verify every order against its lines and events, or against what users holds for it; print what is wrong."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--across", action="store_true", help="compare with users, through its gRPC")
        parser.add_argument(
            "--patience",
            type=float,
            default=30.0,
            help="with --across: seconds without any progress to let events arrive; 30 by default",
        )

    def handle(self, *args: Any, across: bool, patience: float, **options: Any) -> None:
        if across:
            self._report(self._across(patience), "orders and users' holds agree")
            return
        try:
            self._report(check_rows(), "orders agree with their lines and events")
        except Unavailable as error:
            raise CommandError(f"orders: {error.detail}", returncode=2) from None

    def _across(self, patience: float) -> Iterable[Finding]:
        try:
            return check_across(patience_seconds=patience)
        except Unavailable as error:
            raise CommandError(f"orders: users cannot be asked: {error}", returncode=2) from None

    def _report(self, findings: Iterable[Finding], all_well: str) -> None:
        wrong = 0
        for finding in findings:
            wrong += 1
            self.stdout.write(str(finding))
        if wrong:
            raise CommandError(f"orders: {wrong} wrong")
        self.stdout.write(all_well)
