"""Runs the gRPC server of a service: ``manage.py users serve_rpc --bind 127.0.0.1:8011``."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ficus import service
from ficus.configuration import following
from ficus.rpc import options
from ficus.telemetry import tracing


class Command(BaseCommand):
    help = "Serves this deployable's gRPC services, health and reflection until it is told to stop."

    def add_arguments(self, parser: CommandParser) -> None:
        own = options.upstreams().get(service.name())
        parser.add_argument("--bind", default=own, required=own is None, help="host:port")

    def handle(self, *args: Any, bind: str, **arguments: Any) -> None:
        tracing.start()
        following.start()
        from ficus.rpc.server import CannotListen, serve

        try:
            serve(bind)
        except CannotListen as error:
            self.stderr.write(f"serve_rpc: {error}")
            sys.exit(2)
