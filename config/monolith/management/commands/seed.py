"""Fills the monolith as each service fills itself."""

from argparse import ArgumentParser
from importlib import import_module
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from config.services import SERVICES


class Command(BaseCommand):
    help = "Make sure that the first N of what each service seeds are there, by the plan for a seed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        for service in SERVICES:
            parser.add_argument(f"--{service.seeds[0]}", type=int, default=0, help="how many; 0 by default")
        parser.add_argument("--seed", type=int, default=1, help="which plan; 1 by default")

    def handle(self, *args: Any, seed: int, **options: Any) -> None:
        for service in SERVICES:
            what = service.seeds[0]
            own = import_module(f"apps.{service.name}.management.commands.seed")
            call_command(own.Command(), **{what: options[what], "seed": seed})
