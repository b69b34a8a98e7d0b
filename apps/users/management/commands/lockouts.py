"""Shows who is locked out of signing in, and lets them in again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.users import queries, services


class Command(BaseCommand):
    help = "Show which accounts are locked from which addresses, and for how long; or lift a lock-out."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--lift", metavar="ACCOUNT", help="let this account in again, from everywhere")
        parser.add_argument("--address", help="with --lift: from this address alone")

    def handle(self, *args: Any, lift: str | None, address: str | None, **options: Any) -> None:
        if address and not lift:
            raise CommandError("--address goes with --lift", returncode=2)
        if lift:
            lifted = services.lift_lock_out(account=lift, address=address)
            if not lifted:
                raise CommandError(f"nobody has failed to sign in as {lift} of late", returncode=2)
            self.stdout.write(f"{lift} is let in again from {lifted} {'address' if lifted == 1 else 'addresses'}")
            return
        now = timezone.now()
        for failed in queries.list_failed_sign_ins():
            if seconds := failed.seconds_locked(now):
                self.stdout.write(f"{failed.account} from {failed.address}: {seconds} s")
