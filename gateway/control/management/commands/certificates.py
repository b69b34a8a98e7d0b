"""``./manage.py gateway certificates``: an authority for development and a certificate for each part."""

import sys
from argparse import ArgumentParser
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from ficus.tls.authority import Authority, Held, NotOurs
from gateway.control.management.commands.instances import aligned

REDIS_SECONDS = 2.0
COLUMNS = ("file", "", "ends", "for")


class Command(BaseCommand):
    help = "Make the development certificates that are missing or end within a month, and show all."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--renew", action="store_true", help="make every certificate anew; the authority stays")
        parser.add_argument("--directory", type=Path, default=settings.CERTIFICATES["DIRECTORY"])

    def handle(self, *args: Any, renew: bool, directory: Path, **options: Any) -> None:
        try:
            held = list(Authority(directory).hold(settings.CERTIFICATES["NAMES"], renew=renew))
        except (NotOurs, OSError) as error:
            self.stderr.write(f"certificates: {error}")
            sys.exit(2)
        for line in aligned([COLUMNS, *map(_row, held)]):
            self.stdout.write(line)
        told = _told_redis(settings.REDIS_URL, {str(each.path) for each in held if each.is_new})
        if told:
            self.stdout.write(told)


def _told_redis(url: str, renewed: Collection[str]) -> str:
    """Have the Redis that runs with one of these files read it anew, which it does not by itself; say what came."""
    if not renewed or not url.startswith("rediss://"):
        return ""
    try:
        with Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=REDIS_SECONDS) as client:
            files: dict[str, str] = client.config_get("tls-*-file")
            own = {name: files.get(name, "") for name in ("tls-cert-file", "tls-key-file")}
            if own["tls-cert-file"] not in renewed:
                return ""
            client.execute_command("CONFIG SET", *(part for pair in own.items() for part in pair))
    except RedisError as error:
        return f"Redis has not read its certificate anew: {error}"
    return "Redis has read its certificate anew; everything else does so by itself"


def _row(held: Held) -> tuple[str, ...]:
    days = (held.ends_at - datetime.now(UTC)).days
    return (
        str(held.path),
        "new" if held.is_new else "",
        f"{held.ends_at:%Y-%m-%d}, in {days} days",
        ", ".join(held.names),
    )
