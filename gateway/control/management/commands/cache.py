"""``./manage.py gateway cache purge|stats``: throw kept answers away in every worker, and see what the caches did."""

import getpass
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from gateway.control import cached
from gateway.control.models import CacheCount
from gateway.data.cache.purges import Kind


class Command(BaseCommand):
    help = "Throw kept answers away in every worker, or list what the caches did."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        purge = actions.add_parser("purge", help="throw kept answers away")
        what = purge.add_mutually_exclusive_group(required=True)
        what.add_argument("--route", help="all of a route")
        what.add_argument("--key", help="those for a path with its query, whoever they were for")
        what.add_argument("--tag", help="those that the service named so by Cache-Tag or Surrogate-Key")
        what.add_argument("--all", action="store_true", help="all there are")
        purge.add_argument("--reason", default="", help="why; kept with your name")
        purge.add_argument("--by", default="", help="who; you, at this machine, unless given")
        actions.add_parser("stats", help="list what the caches did")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        if action == "purge":
            self.purge(options)
        else:
            self.stats()

    def purge(self, options: dict[str, Any]) -> None:
        kind = next(each for each in Kind if options[each.value] not in (None, False))
        value = "" if kind is Kind.ALL else options[kind.value]
        if fault := cached.fault(kind, value):
            raise CommandError(fault, returncode=2)
        by = options["by"] or f"{getpass.getuser()} at the command line"
        made = cached.purge(kind, value, by=by, reason=options["reason"], at=timezone.now())
        self.stdout.write(f"purged {made}")

    def stats(self) -> None:
        rows = [
            (each.route or "all routes", each.outcome, str(each.requests))
            for each in CacheCount.objects.order_by("route", "outcome")
        ]
        if not rows:
            self.stdout.write("nothing was asked of the cache yet")
            return
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            self.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
