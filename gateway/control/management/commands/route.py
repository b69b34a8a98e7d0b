"""``./manage.py gateway route GET /orders/x -H 'Name: value'``: who would serve a request, on what terms, and why."""

from argparse import ArgumentParser
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError

from gateway.control import snapshot
from gateway.control.management.commands.routes import shown_path
from gateway.control.validation import InvalidTable
from gateway.data.message.fields import sift
from gateway.data.message.path import canonical
from gateway.data.message.refusal import Refusal
from gateway.data.message.request import Request
from gateway.data.policies import KINDS, policies_of
from gateway.data.policies.terms import default_of
from gateway.data.routing.explanation import explain
from gateway.data.routing.route import Route
from gateway.data.routing.table import Table


class Command(BaseCommand):
    help = "Say which route and which policies would apply to a request, and why each other route would not."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("method")
        parser.add_argument("target", help="path, with a query if there is one")
        parser.add_argument("-H", "--header", action="append", default=[], metavar="'NAME: VALUE'")
        parser.add_argument("--host", default="localhost", help="the Host field; default: localhost")

    def handle(self, *args: Any, method: str, target: str, header: list[str], host: str, **options: Any) -> None:
        try:
            table = snapshot.load()
            request = asked(method.upper(), target, header, host)
        except InvalidTable as error:
            raise CommandError("the table is not sound: " + "; ".join(error.mistakes), returncode=2) from None
        except Refusal as refusal:
            raise CommandError(f"refused with {refusal.status}: {refusal.detail}", returncode=2) from None
        for line in answer(table, request):
            self.stdout.write(line)


def asked(method: str, target: str, fields: list[str], host: str) -> Request:
    """
    Return the request as the data path would see it.

    :raises Refusal: if it would be refused before a route is looked for.
    """
    pairs = [field.partition(":") for field in fields]
    if malformed := [field for field, (name, colon, _) in zip(fields, pairs, strict=True) if not name or not colon]:
        raise CommandError(f"{malformed[0]!r} is no header field; it is Name: value", returncode=2)
    headers = [(name.strip().lower().encode(), value.strip().encode()) for name, _, value in pairs]
    if all(name != b"host" for name, _ in headers):
        headers.append((b"host", host.encode()))
    request = Request(method.encode(), target.encode(), 1, headers, 0, True)
    sift(request)
    request.path, request.query = canonical(target.encode(), request.fields[b"host"])
    return request


def answer(table: Table, request: Request) -> list[str]:
    """Return the lines that answer the question."""
    lines = [f"{request.method.decode()} {request.path.decode()} at {request.fields[b'host'].decode()}", ""]
    candidates = explain(table, request)
    if candidates:
        lines.append("routes for this path, in the order in which they are looked at:")
        width = max(len(each.route.name) for each in candidates)
        lines += [
            f"  {'no ' if each.reason else 'YES'} {each.route.name.ljust(width)}  {shown_path(each.route)}"
            + (f"  {each.reason}" if each.reason else "")
            for each in candidates
        ]
        lines.append("")
    try:
        return lines + _terms(table, table.find(request))
    except Refusal as refusal:
        return [*lines, f"refused with {refusal.status}: {refusal.detail}"]


def _terms(table: Table, route: Route) -> list[str]:
    if not route.service:
        return ["no route of the table: this process answers itself, with 404 if it knows no such path"]
    addresses = [address.url for address in table.services.get(route.service, ())]
    lines = [f"goes by {route.name} to {route.service} at {', '.join(addresses)}", "policies, in their order:"]
    for policy in policies_of(route):
        said = _said(route, policy.__name__)
        lines.append(f"  {policy.__name__}" + (f": {said}" if said else ""))
    return lines


def _said(route: Route, name: str) -> str:
    """Return what the route says to a policy."""
    if name in KINDS:
        return ", ".join(
            f"{field.name} {getattr(route.policies[name], field.name)}"
            for field in msgspec.structs.fields(KINDS[name])
            if getattr(route.policies[name], field.name) != default_of(field)
        )
    always = {
        "match": f"{shown_path(route)}, {route.timeout_seconds:g} s for one try",
        "authenticate": route.access.value,
        "limit": f"a body has at most {route.body_limit} bytes",
    }
    return always.get(name, "")
