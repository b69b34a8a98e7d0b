"""``./manage.py <deployable> doctor``: what is configured, reachable and migrated, and what is wrong."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from ficus.configuration.diagnosis import State, diagnose


class Command(BaseCommand):
    help = "Say what is configured, reachable, migrated, and what is wrong, one line each; exit 1 if anything is wrong."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        styles = {State.OK: self.style.SUCCESS, State.WARN: self.style.WARNING, State.WRONG: self.style.ERROR}
        wrong = 0
        for finding in diagnose():
            wrong += finding.state is State.WRONG
            self.stdout.write(f"{styles[finding.state](f'{finding.state:<6}')} {finding.subject:<13} {finding.detail}")
        if wrong:
            sys.exit(1)
