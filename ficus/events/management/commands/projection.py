"""Shows the projections of a deployable, drops them and replays them; exits with 2 if it is asked for another."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from ficus.errors import Unavailable
from ficus.events import projection
from ficus.events.projection import Place, Projection

ACTIONS = ("list", "drop", "replay")


class Command(BaseCommand):
    help = "List projections and how far they are; drop one, or replay it from the beginning. The system may run."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.print_usage = lambda file=None: None  # type: ignore[method-assign] # bad input is told in one line
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", nargs="?", default="list", help="list, drop or replay; list by default")
        parser.add_argument("name", nargs="?", help="of the projection to drop or replay")

    def handle(self, *args: Any, action: str, name: str | None, **options: Any) -> None:
        if action not in ACTIONS:
            raise CommandError(f"projection: there is {', '.join(ACTIONS)}; not {action}", returncode=2)
        if action == "list":
            self._list()
            return
        chosen = self._find(action, name)
        if action == "drop":
            projection.drop(chosen)
            self.stdout.write(f"{chosen.name} is dropped; the running system makes it again")
        else:
            self._replay(chosen)

    def _list(self) -> None:
        known = projection.projections()
        if not known:
            self.stdout.write("there is no projection here")
        for name, declared in sorted(known.items()):
            rows = sum(model._default_manager.count() for model in declared.rows)
            where = ", ".join(_said(place) for place in projection.places(declared))
            self.stdout.write(f"{name}  {rows} rows  {where}")

    def _find(self, action: str, name: str | None) -> Projection:
        known = projection.projections()
        if name not in known:
            asked = f"there is no {name}" if name else f"say which to {action}"
            raise CommandError(f"projection: {asked}; there is {', '.join(sorted(known)) or 'none'}", returncode=2)
        return known[name]

    def _replay(self, chosen: Projection) -> None:
        before = sum(place.position for place in projection.places(chosen))
        passed = 0
        with tqdm(total=before or None, unit=" events", disable=None) as bar:

            def progress(read: int) -> None:
                nonlocal passed
                passed += read
                bar.update(read)

            try:
                projection.replay(chosen, progress)
            except Unavailable as error:
                raise CommandError(f"projection: a log cannot be read: {error.detail}", returncode=2) from None
        self.stdout.write(f"{chosen.name} is replayed: {passed} events passed")


def _said(place: Place) -> str:
    behind = "" if place.behind is None else f" ({place.behind} behind)"
    return f"{place.source}:{place.position}{behind}"
