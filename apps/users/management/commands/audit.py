"""Verifies what is always true of people and their credit; exits with 1 if anything is not."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.users.audit import CHECKS


class Command(BaseCommand):
    help = "Verify every account, hold, ledger and version; print what is wrong by id."

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = 0
        for check in CHECKS:
            for id in check.find():
                wrong += 1
                self.stdout.write(f"{check.says}: {id}")
        if wrong:
            raise CommandError(f"users: {wrong} wrong")
        self.stdout.write(f"users: {len(CHECKS)} invariants hold")
