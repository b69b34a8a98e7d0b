"""``./manage.py gateway routes``: the route table in force."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gateway.control import snapshot
from gateway.control.validation import InvalidTable
from gateway.data.routing.route import Route


class Command(BaseCommand):
    help = "List the route table: path, methods, service, who may, how long one try may take, and further terms."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            table = snapshot.load()
        except InvalidTable as error:
            raise CommandError("the table is not sound:\n  " + "\n  ".join(error.mistakes), returncode=1) from None
        self.stdout.write(f"version {table.version}, {len(table.routes)} routes")
        routes = sorted(table.routes, key=lambda route: (-route.priority, route.path, not route.methods, route.name))
        rows = [_row(route) for route in routes]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            self.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def shown_path(route: Route) -> str:
    """Return the path as a person reads it: ``/orders/*``, ``/orders/[0-9]+``, with hosts before it."""
    path = route.path.decode()
    shown = path + route.pattern if route.pattern else f"{path}/*" if route.is_prefix else path or "/"
    return f"{b','.join(route.hosts).decode()} {shown}".strip()


def _row(route: Route) -> tuple[str, ...]:
    more = [str(condition) for condition in route.conditions]
    more += [f"priority {route.priority}"] if route.priority else []
    return (
        shown_path(route),
        b" ".join(sorted(route.methods)).decode() or "any method",
        route.service,
        route.access.value,
        f"{route.timeout_seconds:g} s" + (" + Prefer: wait" if route.waits else ""),
        route.name,
        ", ".join((*more, *route.policies)),
    )
