"""``./manage.py gateway table ...``: the route table as YAML, so that it can live in a repository of one's own."""

import getpass
import sys
from argparse import SUPPRESS, ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from gateway.control import document, services, snapshot
from gateway.control.compiling import Compiled, compile_document
from gateway.control.difference import Change, changes
from gateway.control.services import ChangedMeanwhile
from gateway.control.validation import InvalidTable
from gateway.rendering.engines import RENDERERS
from gateway.rendering.plan import Plan

HELP = """\
The route table as YAML.

  export [FILE]    write it, to standard output unless FILE is named
  validate [FILE]  say what is wrong with FILE, or with the table in force
  diff FILE        say what apply would change
  apply FILE       make the table what FILE says, as one change: all of it or nothing
  render ENGINE [FILE]
                   write it, or FILE, for nginx, envoy or gateway-api to standard output; what the engine cannot keep is
                   named in the output and on standard error, and with --strict the exit code is 1 if there is anything

FILE may be - for standard input. apply keeps who (--as, or the user of this machine) and why (--reason), and with
--expect N changes nothing unless the table is version N. Exits with 2 and names every mistake if there is one.
"""


class Command(BaseCommand):
    help = HELP
    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", help="export, validate, diff, apply or render")
        parser.add_argument("file", nargs="?", default="", metavar="FILE")
        parser.add_argument("rendered_file", nargs="?", default="", help=SUPPRESS)
        parser.add_argument("--reason", default="", help="apply: why")
        parser.add_argument("--as", dest="by", default="", help="apply: who; the user of this machine unless given")
        parser.add_argument("--expect", type=int, metavar="N", help="apply: only if the table is version N")
        parser.add_argument("--port", type=int, default=8080, help="render: where the engine listens; default: 8080")
        parser.add_argument("--strict", action="store_true", help="render: exit with 1 if anything is not kept")

    def handle(self, *args: Any, action: str, file: str, **options: Any) -> None:
        actions = {
            "export": self.export,
            "validate": self.validate,
            "diff": self.diff,
            "apply": self.apply,
            "render": self.render,
        }
        if action not in actions:
            raise misused(f"{action} is no action; there are: {', '.join(actions)}")
        if action in ("diff", "apply") and not file:
            raise misused(f"say what to {action}: a FILE, or - for standard input")
        actions[action](file, options)

    def export(self, file: str, options: dict[str, Any]) -> None:
        text = exported()
        if file in ("", "-"):
            self.stdout.write(text, ending="")
        else:
            Path(file).write_text(text)

    def validate(self, file: str, options: dict[str, Any]) -> None:
        compiled = sound(read(file) if file else document.current())
        self.stdout.write(f"sound: {len(compiled.services)} services, {len(compiled.routes)} routes")

    def diff(self, file: str, options: dict[str, Any]) -> None:
        compiled = sound(read(file))
        self._show(changes(document.current(), document.normal(compiled.services, compiled.routes)))

    def apply(self, file: str, options: dict[str, Any]) -> None:
        by = options["by"] or f"{getpass.getuser()} at the command line"
        reason = options["reason"] or f"Applied from {'standard input' if file == '-' else file}"
        wished = read(file)
        try:
            done = services.apply(wished, by=by, reason=reason, at=timezone.now(), expected=options["expect"])
        except InvalidTable as error:
            raise refused(error.mistakes) from None
        except ChangedMeanwhile as error:
            raise misused(str(error)) from None
        self._show(done.changes)
        self.stdout.write(f"version {done.version}" + ("" if done.changes else ", as it was"))

    def render(self, engine: str, options: dict[str, Any]) -> None:
        if engine not in RENDERERS:
            raise misused(f"say for which engine: {', '.join(RENDERERS)}")
        file = options["rendered_file"]
        compiled = sound(read(file) if file else document.current())
        plan = plan_of(compiled, snapshot.version(), options["port"])
        if nowhere := [name for name in plan.named() if not plan.services.get(name)]:
            raise misused(f"only the registry knows where {', '.join(nowhere)} is, and {engine} does not ask it")
        rendered = RENDERERS[engine](plan)
        self.stdout.write(rendered.text, ending="")
        for loss in rendered.losses:
            self.stderr.write(f"not kept by {engine}: {loss}")
        if rendered.losses and options["strict"]:
            raise CommandError(f"{engine} does not keep all of the table", returncode=1)

    def _show(self, made: list[Change]) -> None:
        for change in made:
            self.stdout.write(str(change))
        if not made:
            self.stdout.write("no change")


def plan_of(compiled: Compiled, version: int, port: int) -> Plan:
    """Return what an engine is told: the table, and what this gateway's settings say besides."""
    table = compiled.table(version)
    return Plan(
        routes=table.routes,
        services=table.services,
        terms=table.terms,
        version=version,
        port=port,
        trusted_hops=tuple(settings.TRUSTED_HOPS),
        issuer=settings.TOKENS["ISSUER"],
        audience=settings.TOKENS["AUDIENCE"],
        keys_url=settings.TOKENS["JWKS"],
    )


def exported() -> str:
    """Return the table in force as YAML."""
    text = yaml.safe_dump(document.current(), sort_keys=False, allow_unicode=True, width=120)
    return f"# The gateway's route table, version {snapshot.version()}.\n{text}"


def read(file: str) -> Any:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text()
        return yaml.safe_load(text)
    except OSError as error:
        raise misused(f"{file} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise misused(f"{file} is no YAML: {' '.join(str(error).split())}") from None


def sound(wished: Any) -> Compiled:
    compiled = compile_document(wished)
    if compiled.mistakes:
        raise refused(compiled.mistakes)
    return compiled


def refused(mistakes: list[str]) -> CommandError:
    return misused(f"the table is not sound, {len(mistakes)} mistakes: " + "; ".join(mistakes))


def misused(message: str) -> CommandError:
    return CommandError(message, returncode=2)
