"""``./manage.py gateway instances``: where each service is, how it does there, which version, and since when."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from gateway.control import upstreams
from gateway.control.instances import seen

COLUMNS = ("service", "address", "version", "since", "by", "health")


class Command(BaseCommand):
    help = "Show the instances of each service as the workers have them: health, version, since when, and who says so."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("service", nargs="?", default="", help="this one alone")

    def handle(self, *args: Any, service: str, **options: Any) -> None:
        reported = upstreams.reported(timezone.now())
        if not reported:
            self.stdout.write("no worker has reported of late")
            return
        rows = [
            (each.service, each.url, each.version or "-", each.since or "-", each.source, each.health)
            for each in seen(reported)
            if service in ("", each.service)
        ]
        for line in aligned([COLUMNS, *rows]):
            self.stdout.write(line)


def aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Return the rows as lines whose columns stand below one another."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
