"""Makes orders from their events again, compares them, or shows them as they were; while the system runs."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from apps.orders import queries
from apps.orders.folding import OrderState
from apps.orders.rebuilding import rows
from apps.orders.rebuilding.rows import Difference
from apps.orders.rebuilding.run import Run, count, list_states
from ficus import instants
from ficus.errors import Unavailable


class Command(BaseCommand):
    help = (
        "Make the rows of all orders, or of one, what their events tell. What was interrupted goes on when it is asked "
        "for again. Exits with 1 if orders differ that were only checked or cannot be made, with 2 for bad input."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.print_usage = lambda file=None: None  # type: ignore[method-assign] # bad input is told in one line
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; print the orders that differ")
        parser.add_argument("--order", metavar="ID", help="this order alone")
        parser.add_argument(
            "--as-of",
            metavar="TIME",
            help="print orders as they were then, as JSON, and change nothing; with --check, compare them with now; "
            "RFC 3339, UTC unless it says otherwise",
        )
        parser.add_argument("--anew", action="store_true", help="begin again instead of going on")

    def handle(self, *args: Any, check: bool, order: str | None, as_of: str | None, anew: bool, **options: Any) -> None:
        try:
            self._rebuild(None if as_of is None else instant(as_of), check=check, order=order, anew=anew)
        except Unavailable as error:
            raise CommandError(f"orders: {error.detail}", returncode=2) from None

    def _rebuild(self, at: datetime | None, *, check: bool, order: str | None, anew: bool) -> None:
        if order is not None:
            self._one(known_order(order), check=check, at=at)
        elif at is not None and not check:
            self._show_all(at)
        else:
            self._all(Run(checks=check, as_of=at, anew=anew))

    def _one(self, order_id: UUID, *, check: bool, at: datetime | None) -> None:
        if check:
            self._report(rows.compare([order_id], as_of=at), checks=True, looked_at=1)
        elif at is None:
            written = rows.write_anew(order_id)
            self._report([written] if written else [], checks=False, looked_at=1)
        else:
            state = queries.find_order_as_of(order_id, at)
            if state is None:
                raise CommandError(f"orders: order {order_id} had not been placed at {at.isoformat()}", returncode=2)
            self.stdout.write(as_json(state))

    def _show_all(self, at: datetime) -> None:
        with self._bar() as bar:
            for state in list_states(at, bar.update):
                self.stdout.write(as_json(state))

    def _all(self, run: Run) -> None:
        if run.resumed:
            self.stderr.write(f"goes on behind {run.done} orders, begun {run.started_at.isoformat(timespec='seconds')}")
        try:
            with self._bar(run.done) as bar:
                found = list(run.go_on(bar.update))
        except KeyboardInterrupt:
            raise CommandError(f"orders: stopped behind {run.done}; ask again to go on", returncode=130) from None
        self._report(found, checks=run.checks, looked_at=run.done)

    def _report(self, differences: Iterable[Difference], *, checks: bool, looked_at: int) -> None:
        differing = list(differences)
        unmade = [each for each in differing if checks or not each.can_be_made]
        for difference in differing:
            self.stdout.write(f"{difference}{'' if difference in unmade else ' (made again)'}")
        if unmade:
            what = "differ from their events" if checks else "cannot be made from their events"
            raise CommandError(f"orders: {len(unmade)} of {looked_at} {what}")
        made = "agree with their events" if checks else f"are as their events tell, {len(differing)} of them made again"
        self.stdout.write(f"{looked_at} orders {made}")

    def _bar(self, done: int = 0) -> Any:
        return tqdm(total=max(count(), done), initial=done, unit=" orders", disable=None, file=sys.stderr)


def instant(text: str) -> datetime:
    """:raises CommandError: if the text names no instant."""
    try:
        return instants.read(text)
    except ValueError as error:
        raise CommandError(f"orders: {error}", returncode=2) from None


def known_order(text: str) -> UUID:
    """
    Return the id of an order that has a row or events.

    :raises CommandError: if the text is no id, or nothing is known of it.
    """
    try:
        order_id = UUID(text)
    except ValueError:
        raise CommandError(f"orders: {text!r} is no id of an order", returncode=2) from None
    if not queries.is_known(order_id):
        raise CommandError(f"orders: there is no order {order_id}", returncode=2)
    return order_id


def as_json(state: OrderState) -> str:
    return msgspec.json.encode(state).decode()
