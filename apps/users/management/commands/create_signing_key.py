"""Makes the keys that tokens are signed with, now and after the next rotation."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.users import keys


class Command(BaseCommand):
    help = "Make the signing key and the one after it, unless they are there."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(settings.SIGNING_KEY_FILE)
        made = keys.create_key_file(path)
        self.stdout.write(f"{path}: {'made' if made else 'is there'}")
