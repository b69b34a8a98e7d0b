"""``./manage.py <deployable> config``: what is in force and where it comes from, and what is to be otherwise."""

import getpass
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ficus import service
from ficus.configuration import changing
from ficus.configuration.changing import ChangedMeanwhile, NoStore, Row
from ficus.configuration.document import Document
from ficus.configuration.groups import find
from ficus.configuration.kinds import read, written
from ficus.configuration.store import StoreAway
from ficus.configuration.validation import InvalidConfiguration

HELP = """\
What may change while the processes of this deployable run; all of them have it within two seconds.

  config show                       every value, and whether it is by default, central or of the environment
  config get NAME                   one value, as it is in force
  config set NAME=VALUE ...         set values, all of them or none
  config unset NAME ...             have them as by default again
  config history                    every version: when, who, why, and what it changed
  config rollback VERSION           make a new version with the values of an earlier one; 0 has none

A change wants --reason, and is kept with who (--as, or the user of this machine); with --expect N it is made only if
the version is N. Exits with 2 and names every mistake if there is one, with 1 if the store does not answer.
"""


class Command(BaseCommand):
    help = HELP
    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", help="show, get, set, unset, history or rollback")
        parser.add_argument("words", nargs="*", metavar="WORD")
        parser.add_argument(
            "--all", action="store_true", help="show: also how others are called where that is by default"
        )
        parser.add_argument("--reason", default="", help="why")
        parser.add_argument("--as", dest="by", default="", help="who; the user of this machine unless given")
        parser.add_argument("--expect", type=int, metavar="N", help="change it only if it is version N")

    def handle(self, *args: Any, action: str, words: list[str], **options: Any) -> None:
        actions: dict[str, Callable[[list[str], dict[str, Any]], None]] = {
            "show": self.show,
            "get": self.get,
            "set": self.set,
            "unset": self.unset,
            "history": self.history,
            "rollback": self.rollback,
        }
        if action not in actions:
            raise misused(f"{action} is no action; there are: {', '.join(actions)}")
        try:
            actions[action](words, options)
        except InvalidConfiguration as error:
            raise misused(f"nothing is changed: {error}") from None
        except (ChangedMeanwhile, NoStore) as error:
            raise misused(f"nothing is changed: {error}") from None
        except StoreAway as error:
            raise CommandError(f"{changing.where()} does not answer: {error}", returncode=1) from None

    def show(self, words: list[str], options: dict[str, Any]) -> None:
        document = self._known()
        self.stdout.write(f"{service.name()}, {headline(document)}")
        for title, rows in changing.rows(document, everything=options["all"]):
            if rows:
                self.stdout.write(f"\n{title}")
                width = max(len(row.name) for row in rows)
                for row in rows:
                    self.stdout.write(line(row, width))
        for name in changing.unknown(document):
            self.stderr.write(f"{name} is set centrally, and nothing here goes by it")

    def get(self, words: list[str], options: dict[str, Any]) -> None:
        if len(words) != 1:
            raise misused("say which: config get NAME")
        row = changing.find_row(words[0], self._known())
        if row is None:
            raise misused(f"{words[0]} is unknown; config show --all has all")
        self.stdout.write(written(row.value))

    def set(self, words: list[str], options: dict[str, Any]) -> None:
        if not words:
            raise misused("say what: config set NAME=VALUE ...")
        if mistaken := [word for word in words if "=" not in word]:
            raise misused(f"{', '.join(mistaken)}: say NAME=VALUE")
        pairs = [word.rpartition("=") for word in words]
        put = {name: meant(name, text) for name, _, text in pairs}
        self._changed(partial(changing.change, put, **told(options)))
        for row in (changing.find_row(name, changing.look().document) for name in put):
            if row is not None and row.source == changing.ENVIRONMENT:
                self.stderr.write(f"{row.name} stays {written(row.value)}: {row.setting.variable} wins")

    def unset(self, words: list[str], options: dict[str, Any]) -> None:
        if not words:
            raise misused("say what: config unset NAME ...")
        self._changed(partial(changing.change, {}, words, **told(options)))

    def history(self, words: list[str], options: dict[str, Any]) -> None:
        document = self._known()
        for version in document.versions:
            restores = f" (back to {version.restores})" if version.restores is not None else ""
            self.stdout.write(f"{version.number}  {instant(version.at)}  {version.by}: {version.reason}{restores}")
            for difference in changing.differences(document, version):
                self.stdout.write(f"    {difference}")
        if not document.versions:
            self.stdout.write("nobody has set anything")

    def rollback(self, words: list[str], options: dict[str, Any]) -> None:
        if len(words) != 1 or not words[0].isdecimal():
            raise misused("say to which version: config rollback VERSION")
        options["reason"] = options["reason"] or f"Back to version {words[0]}"
        self._changed(partial(changing.roll_back, int(words[0]), **told(options)))

    def _changed(self, make: Callable[[], Document]) -> None:
        before = changing.look().document.number
        document = make()
        for difference in changing.differences(document, document.versions[0]) if document.number != before else ():
            self.stdout.write(difference)
        self.stdout.write(f"version {document.number}" + ("" if document.number != before else ", as it was"))

    def _known(self) -> Document:
        present = changing.look()
        if present.trouble:
            self.stderr.write(present.trouble)
        return present.in_force


def told(options: dict[str, Any]) -> dict[str, Any]:
    """Return who, why, when and for which version."""
    by = options["by"] or f"{getpass.getuser()} at the command line"
    return {"by": by, "reason": options["reason"], "at": timezone.now(), "expected": options["expect"]}


def meant(name: str, text: str) -> Any:
    setting = find(name)
    return setting.kind.read(text) if setting else read(text)


def headline(document: Document) -> str:
    if not document.versions:
        return "nothing is set centrally"
    newest = document.versions[0]
    return f"version {newest.number} of {instant(newest.at)} by {newest.by}: {newest.reason}"


def line(row: Row, width: int) -> str:
    return f"  {row.name:<{width}}  {written(row.value):<8} {row.source:<11} {row.remark}".rstrip()


def instant(at: Any) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def misused(message: str) -> CommandError:
    return CommandError(message, returncode=2)
