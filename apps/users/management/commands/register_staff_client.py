"""Lets a service sign staff in for itself, where it is reached past the front door."""

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.users import tokens
from ficus.auth.direct import CALLBACK


class Command(BaseCommand):
    help = "Have a service sign staff in for itself, at the address at which they reach it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("service", help="such as orders")
        parser.add_argument("url", help="where staff reach it, as its own settings say")
        parser.add_argument("admins", nargs="*", help="paths of its admins; by default /<service>/admin/")

    def handle(self, *args: Any, service: str, url: str, admins: list[str], **options: Any) -> None:
        parts = urlsplit(url)
        if not parts.hostname or parts.scheme not in ("http", "https") or parts.path not in ("", "/"):
            raise CommandError(f"not the address of a service: {url}", returncode=2)
        if parts.scheme == "http" and not _is_loopback(parts.hostname):
            raise CommandError("a code goes by https alone, but on this machine", returncode=2)
        redirects = [f"{url.rstrip('/')}{path}{CALLBACK}" for path in admins or [f"/{service}/admin/"]]
        client = tokens.register_staff_client(service=service, redirects=redirects)
        self.stdout.write(f"{client.client_id} comes back to {' or '.join(redirects)}")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
