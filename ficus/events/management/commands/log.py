"""``./manage.py <deployable> log ...``: keeps the log's table small, and what has left it whole."""

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count, Max, Min
from django.utils import timezone
from tqdm import tqdm

from ficus import instants
from ficus.errors import DomainError
from ficus.events import archives, archiving, followers, options, verification
from ficus.events.followers import Place
from ficus.events.models import LogEntry

HELP = """\
Move old entries of the event log to compressed files, which are read as if they had stayed.

  list                        the archives, what the table has, and how far each follower is
  archive --before WHEN       move what was recorded before WHEN and every follower has passed to files; the newest
                              entry stays. WHEN is a date, a time (RFC 3339) or an age, such as 2026-01-01 or 30d
  restore                     bring the newest archive back into the table and remove its file; --all: each of them
  verify                      read every archive and compare checksums and positions; exits with 1 if anything is wrong
  forget CONSUMER             do not wait for a follower that is gone for good

The system may run meanwhile. What was interrupted goes on when it is asked for again. Exits with 2 if it is asked for
what cannot be done, as when a follower has never been heard or has parked an event of the part that would be moved.
"""
UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


class Command(BaseCommand):
    help = HELP
    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        parser = super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)
        parser.print_usage = lambda file=None: None  # type: ignore[method-assign] # bad input is told in one line
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", help="list, archive, restore, verify or forget")
        parser.add_argument("consumer", nargs="?", default="", help="forget: as list shows it")
        parser.add_argument("--before", metavar="WHEN", help="archive: what was recorded before that")
        parser.add_argument("--to", metavar="DIR", help='archive: where files go; EVENTS["ARCHIVE"] unless given')
        parser.add_argument("--all", action="store_true", help="restore: every archive")

    def handle(self, *args: Any, action: str, **arguments: Any) -> None:
        actions = {
            "list": self.list_all,
            "archive": self.archive,
            "restore": self.restore,
            "verify": self.verify,
            "forget": self.forget,
        }
        if action not in actions:
            raise misused(f"{action} is no action; there are: {', '.join(actions)}")
        try:
            actions[action](arguments)
        except DomainError as error:
            raise misused(error.detail) from None
        except OSError as error:
            raise misused(f"{error.filename}: {error.strerror}") from None
        except KeyboardInterrupt:
            raise CommandError("log: stopped; ask again to go on", returncode=130) from None

    def list_all(self, arguments: dict[str, Any]) -> None:
        for each in archives.sealed().order_by("first"):
            recorded = f"{each.recorded_from:%Y-%m-%d %H:%M} to {each.recorded_until:%Y-%m-%d %H:%M}"
            size = f"{each.size} bytes"
            self.stdout.write(f"{each.first} to {each.last}  recorded {recorded}  {size}  {archives.path_of(each)}")
        place = {"first": Min("position"), "last": Max("position"), "count": Count("pk")}
        table = LogEntry.objects.aggregate(**place)
        span = f", {table['first']} to {table['last']}" if table["first"] else ""
        self.stdout.write(f"table: {table['count']} entries{span}")
        for known in followers.list_places():
            self.stdout.write(f"follower {said(known)}")

    def archive(self, arguments: dict[str, Any]) -> None:
        if arguments["before"] is None:
            raise misused("say what is old: --before 2026-01-01, or --before 30d")
        wanted = archiving.last_recorded_before(instant(arguments["before"], now=timezone.now()))
        directory = target(arguments["to"])
        upto, hindmost = followers.passed(wanted)
        left = max(upto - archives.upto(), 0)
        with bar(left) as progress:
            moved = archiving.archive(upto=upto, directory=directory, progress=progress.update)
        self.stderr.write(f"{moved} events moved")
        self.stdout.write(f"archives end at {archives.upto()}")
        if hindmost and wanted > upto:
            self.stdout.write(f"{wanted - max(upto, 0)} stay until they are passed by {said(hindmost)}")

    def restore(self, arguments: dict[str, Any]) -> None:
        newest_first = list(archives.sealed().order_by("-first"))
        chosen = newest_first if arguments["all"] else newest_first[:1]
        with bar(sum(each.events for each in chosen)) as progress:
            for each in chosen:
                archiving.restore(each, progress.update)
        self.stdout.write(f"{sum(each.events for each in chosen)} events are back; archives end at {archives.upto()}")

    def verify(self, arguments: dict[str, Any]) -> None:
        kept = list(archives.sealed())
        with bar(sum(each.events for each in kept)) as progress:
            wrong = list(verification.verify(progress.update))
        for what in wrong:
            self.stdout.write(what)
        if wrong:
            raise CommandError(f"log: {len(wrong)} wrong")
        self.stdout.write(f"{sum(each.events for each in kept)} events in {len(kept)} files are as they were written")

    def forget(self, arguments: dict[str, Any]) -> None:
        followers.forget(arguments["consumer"])
        self.stdout.write(f"{arguments['consumer']} is forgotten")


def said(known: Place) -> str:
    if known.position is None:
        return f"{known.consumer} has never been heard"
    parked = f", event {known.parked} parked" if known.parked else ""
    heard = f", heard {known.heard_at:%Y-%m-%d %H:%M:%S}" if known.heard_at else ""
    return f"{known.consumer} at {known.position}{parked}{heard}"


def instant(text: str, *, now: datetime) -> datetime:
    """
    Return the instant that text such as ``2026-01-01`` or ``30d`` names.

    :raises CommandError: if it names none.
    """
    number, unit = text[:-1], text[-1:]
    try:
        if number.isdecimal() and unit in UNITS:
            return now - timedelta(**{UNITS[unit]: int(number)})
        return instants.read(text)
    except (ValueError, OverflowError):
        raise misused(f"{text!r} is no time and no age; write 2026-01-01 or 30d") from None


def target(directory: str | None) -> Path:
    """
    Return where files go.

    :raises CommandError: if neither the command line nor settings say it.
    """
    chosen = Path(directory).absolute() if directory else options.archive()
    if chosen is None:
        raise misused('say where archives are kept: EVENTS = {"ARCHIVE": ...} in settings, or --to DIR')
    return chosen


def bar(total: int) -> Any:
    return tqdm(total=total, unit=" events", disable=None, file=sys.stderr)


def misused(message: str) -> CommandError:
    return CommandError(f"log: {message}", returncode=2)
