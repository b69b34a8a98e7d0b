"""Has the next key sign tokens, while those signed before stay good."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.users import keys


class Command(BaseCommand):
    help = "Have the next key sign tokens from now on, publish the one after it, and show all of them by their ids."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument("--show", action="store_true", help="change nothing")
        choice.add_argument(
            "--compromised",
            action="store_true",
            help="others know the present key: rotate at once, and refuse every token signed until now",
        )

    def handle(self, *args: Any, show: bool, compromised: bool, **options: Any) -> None:
        path = Path(settings.SIGNING_KEY_FILE)
        try:
            ring = keys.key_ring() if show else keys.rotate(path, is_known_to_others=compromised)
        except FileNotFoundError:
            raise CommandError(f"no signing key at {path}; create_signing_key makes one", returncode=2) from None
        except (OSError, keys.PublishedTooShortly, ImproperlyConfigured) as error:
            raise CommandError(str(error), returncode=2) from error
        for name in ("current", "next", "previous"):
            key = getattr(ring, name)
            self.stdout.write(f"{name:<9} {key.kid if key else '-'}")
