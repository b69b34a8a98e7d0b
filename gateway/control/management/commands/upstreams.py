"""``./manage.py gateway upstreams``: how the services are doing in each worker, and what is to be done about it."""

import getpass
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from gateway.control import upstreams
from gateway.control.upstreams import Reported, UnknownService
from gateway.data.operations import Action

ACTIONS = {action.value.replace(" ", "-"): action for action in Action}
HELP = """\
Breakers, instances, retry budgets and bulkheads, as each worker has them.

  upstreams                                list them
  upstreams force-open SERVICE             refuse every request for the service
  upstreams force-close SERVICE            refuse none, whatever fails
  upstreams reset SERVICE                  let the breaker work by itself again, and forget ejections

Orders reach all workers within two seconds, and are kept with who (--as, or the user of this machine) and why.
"""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", nargs="?", choices=ACTIONS)
        parser.add_argument("service", nargs="?", default="")
        parser.add_argument("--reason", default="", help="why")
        parser.add_argument("--as", dest="by", default="", help="who; the user of this machine unless given")

    def handle(self, *args: Any, action: str | None, service: str, **options: Any) -> None:
        if action is None:
            self._list()
            return
        if not service or not options["reason"]:
            raise CommandError(f"say what service to {action}, and --reason why", returncode=2)
        by = options["by"] or f"{getpass.getuser()} at the command line"
        try:
            made = upstreams.order(service, ACTIONS[action], by=by, reason=options["reason"], at=timezone.now())
        except UnknownService as error:
            raise CommandError(str(error), returncode=2) from None
        self.stdout.write(f"order {made.pk}: {action} {service}")

    def _list(self) -> None:
        found = upstreams.reported(timezone.now())
        if not found:
            self.stdout.write("no worker has reported of late")
        for each in found:
            self.stdout.write("\n".join(lines(each)))


def lines(each: Reported) -> list[str]:
    """Return one upstream of one worker as a person reads it."""
    breaker, bulkhead, budget = (each.state[part] for part in ("breaker", "bulkhead", "budget"))
    ends = f", {breaker['ends_in_seconds']:g} s to go" if breaker["ends_in_seconds"] else ""
    why = f" ({breaker['reason']})" if breaker["reason"] else ""
    return [
        f"{each.service} in {each.worker}",
        f"  breaker    {breaker['state']} for {breaker['for_seconds']:g} s{ends}{why}; "
        f"{breaker['failures']} failed and {breaker['slow']} slow of {breaker['calls']} in 10 s",
        f"  places     {bulkhead['in_flight']} of {bulkhead['limit']} taken, {bulkhead['waiting']} wait, "
        f"{bulkhead['refused']} refused",
        f"  retries    {budget['retries']} of {budget['requests']} requests, {budget['refused']} refused",
        *(["  too few instances are healthy: health is ignored"] if each.state["panics"] else []),
        *([f"  tls        {each.state['tls']}"] if each.state.get("tls") else []),
        *(
            f"  instance   {instance['url']} {instance['state']}"
            + (f" for another {instance['back_in_seconds']:g} s" if instance["back_in_seconds"] else "")
            + (f": {instance['fault']}" if instance["fault"] else "")
            + f", {instance['outstanding']} outstanding"
            for instance in each.state["instances"]
        ),
    ]
