"""Fills the monolith with customers, products and orders, as each service does for itself."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from apps.orders.management.commands.seed import Command as SeedOrders
from apps.users.management.commands.seed import Command as SeedUsers


class Command(BaseCommand):
    help = "Make sure that the first N customers and orders of the plan for a seed are there, and the catalogue."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--customers", type=int, default=0, help="how many; 0 by default")
        parser.add_argument("--orders", type=int, default=0, help="how many; 0 by default")
        parser.add_argument("--seed", type=int, default=1, help="which plan; 1 by default")

    def handle(self, *args: Any, customers: int, orders: int, seed: int, **options: Any) -> None:
        call_command(SeedUsers(), customers=customers, seed=seed)
        call_command(SeedOrders(), orders=orders, seed=seed)
