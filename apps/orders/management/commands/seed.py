"""Fills the orders service with products and orders; exits with 2 if there is nobody to order for."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from apps.orders.seeding import CannotSeed
from apps.orders.seeding.run import seed_catalogue, seed_orders


class Command(BaseCommand):
    help = "Make sure that the catalogue and the first N orders of the plan for a seed are there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--orders", type=int, default=0, help="how many; 0 by default")
        parser.add_argument("--seed", type=int, default=1, help="which plan; 1 by default")

    def handle(self, *args: Any, orders: int, seed: int, **options: Any) -> None:
        products = seed_catalogue()
        self.stdout.write(f"{products} products added")
        try:
            with tqdm(total=orders, unit=" orders", disable=None) as bar:
                added = seed_orders(orders=orders, seed=seed, progress=bar.update)
        except CannotSeed as error:
            raise CommandError(str(error), returncode=2) from None
        self.stdout.write(f"{added} of {orders} orders added")
