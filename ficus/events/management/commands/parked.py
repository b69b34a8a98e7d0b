"""``./manage.py <deployable> parked ...``: what an operator does about parked events, at the command line."""

import getpass
import json
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet
from django.utils import timezone

from ficus.errors import DomainError
from ficus.events import decisions, inbox, parking
from ficus.events.decisions import NoLongerParked
from ficus.events.models import ParkedEvent

HELP = """\
Look at parked events and decide about them.

  list            one line each; --by-error counts them by consumer, type and error
  show ID         everything about one: payload, reason, attempts, trace, decisions
  retry ID...     try them now, with a new budget, and those behind them
  edit ID         put the payload in --payload FILE (or -) into it and try it now; needs --reason
  drop ID...      give them up for good; needs --reason

list, retry and drop take --consumer, --type and --error; retry and drop take all of those with --all.
Each decision is kept with who (--as, or the user of this machine), when and why. Exits with 1 if something fails
again, with 2 if asked for what cannot be done.
"""


class Command(BaseCommand):
    help = HELP
    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", help="list, show, retry, edit or drop")
        parser.add_argument("ids", nargs="*", metavar="ID", help="as list shows it")
        parser.add_argument("--by-error", action="store_true", help="list: count them by consumer, type and error")
        parser.add_argument("--all", action="store_true", help="retry, drop: all that the filters leave")
        for name in ("consumer", "type", "error"):
            parser.add_argument(f"--{name}", help=f"only those of this {name}")
        parser.add_argument("--payload", help="edit: file with the new payload as JSON; - reads it from stdin")
        parser.add_argument("--schema-version", type=int, help="edit: version that the payload is written in")
        parser.add_argument("--reason", default="", help="why")
        parser.add_argument("--as", dest="by", default="", help="who decides; the user of this machine unless given")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        actions = {"list": self.list_all, "show": self.show, "retry": self.retry, "edit": self.edit, "drop": self.drop}
        if action not in actions:
            raise misused(f"{action} is no action; there are: {', '.join(actions)}")
        try:
            actions[action](options)
        except DomainError as error:
            raise misused(error.detail) from None

    def list_all(self, options: dict[str, Any]) -> None:
        if options["by_error"]:
            for kind in parking.list_errors():
                error = kind["error"] or "waits for an earlier event"
                self.stdout.write(f"{kind['events']:>6}  {kind['consumer']}  {kind['type']}  {error}")
            return
        rows = narrowed(options)
        for parked in rows.order_by("source", "position").iterator():
            next_try = f"{parked.retry_at:%H:%M:%S}" if parked.retry_at else "-"
            about = f"{parked.consumer}  {parked.type}  {parked.aggregate_id}"
            self.stdout.write(f"{parked.pk:>6}  {about}  {parked.attempts} tried, next {next_try}  {parked.reason}")
        if not rows.exists():
            self.stdout.write("nothing is parked")

    def show(self, options: dict[str, Any]) -> None:
        [parked] = chosen(options, exactly_one=True)
        lines = {
            "event": f"{parked.type} {parked.event_id}",
            "about": f"{parked.aggregate_type} {parked.aggregate_id}",
            "from": f"{parked.source}:{parked.position} to {parked.consumer}",
            "parked at": parked.parked_at.isoformat(),
            "attempts": parked.attempts,
            "next try": parked.retry_at.isoformat() if parked.retry_at else "only when sent again",
            "reason": parked.reason,
            "recorded": json.dumps(parked.recorded, indent=2, ensure_ascii=False),
            "trace": parked.trace.rstrip(),
        }
        for name, value in lines.items():
            self.stdout.write(f"{name}: {value}")
        for decision in decisions.list_about(parked):
            self.stdout.write(f"{decision.action} by {decision.by} at {decision.at.isoformat()}: {decision.reason}")

    def retry(self, options: dict[str, Any]) -> None:
        rows = chosen(options)
        for parked in rows:
            with suppress(NoLongerParked):  # the relay may have applied it just now
                decisions.send_again(parked, **told(options))
        self._try_now(rows)

    def edit(self, options: dict[str, Any]) -> None:
        rows = chosen(options, exactly_one=True)
        version = options["schema_version"]
        decisions.edit_and_send_again(rows[0], payload=payload(options), schema_version=version, **told(options))
        self._try_now(rows)

    def drop(self, options: dict[str, Any]) -> None:
        rows = chosen(options)
        for parked in rows:
            decisions.drop(parked, **told(options))
        self.stdout.write(f"{len(rows)} dropped")

    def _try_now(self, rows: list[ParkedEvent]) -> None:
        now = timezone.now()
        while inbox.retry_parked(at=now):
            pass
        left = ParkedEvent.objects.filter(pk__in=[parked.pk for parked in rows])
        for parked in left:
            self.stdout.write(f"{parked.pk} is still parked: {parked.reason}")
        self.stdout.write(f"{len(rows) - len(left)} of {len(rows)} applied")
        if left:
            sys.exit(1)


def narrowed(options: dict[str, Any]) -> QuerySet[ParkedEvent]:
    given = {name: options[name] for name in ("consumer", "type", "error") if options[name]}
    return ParkedEvent.objects.filter(**given)


def chosen(options: dict[str, Any], *, exactly_one: bool = False) -> list[ParkedEvent]:
    """Return the events that were asked for by id or by filter, in the order of their log."""
    ids, rows = options["ids"], narrowed(options)
    if options["all"] and not ids and not exactly_one:
        return list(rows.order_by("source", "position"))
    if not ids or (exactly_one and len(ids) > 1):
        raise misused("say which: one ID" if exactly_one else "say which: IDs, or --all")
    for id in ids:
        if not (id.isdecimal() and len(id) < 19) or not rows.filter(pk=int(id)).exists():
            raise misused(f"no event is parked as {id}")
    return list(rows.filter(pk__in=ids).order_by("source", "position"))


def told(options: dict[str, Any]) -> dict[str, Any]:
    by = options["by"] or f"{getpass.getuser()} at the command line"
    return {"by": by, "reason": options["reason"], "at": timezone.now()}


def payload(options: dict[str, Any]) -> Any:
    path = options["payload"]
    if not path:
        raise misused("say where the payload is: --payload FILE")
    try:
        return orjson.loads(sys.stdin.read() if path == "-" else Path(path).read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise misused(f"{path} cannot be read as JSON: {error}") from None


def misused(message: str) -> CommandError:
    return CommandError(message, returncode=2)
