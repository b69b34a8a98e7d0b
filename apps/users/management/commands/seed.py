"""Fills the users service with customers; in development also with the demo people."""

from argparse import ArgumentParser
from itertools import islice
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand
from django.utils import timezone
from tqdm import tqdm

from apps.users import queries, services
from apps.users.models import Role
from apps.users.seeding.batches import register_missing
from apps.users.seeding.plan import plan_customers

BATCH = 1000
DEMO_PEOPLE = {
    "ada": ("Ada", "Lovelace", Role.CUSTOMER),
    "sam": ("Sam", "Support", Role.SUPPORT),
    "olga": ("Olga", "Operator", Role.OPERATOR),
    "root": ("Root", "Admin", Role.ADMIN),
}


class Command(BaseCommand):
    help = "Make sure that the first N customers of the plan for a seed are there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--customers", type=int, default=0, help="how many; 0 by default")
        parser.add_argument("--seed", type=int, default=1, help="which plan; 1 by default")

    def handle(self, *args: Any, customers: int, seed: int, **options: Any) -> None:
        # Outside development nobody can sign in as a seeded customer.
        password: str | None = getattr(settings, "DEMO_PASSWORD", None)
        password_hash = make_password(password)
        if password is not None:
            self._add_demo_people(password_hash)
        added = self._add_customers(customers, seed, password_hash)
        self.stdout.write(f"{added} of {customers} customers added")
        if password is not None:
            self.stdout.write(f"demo password: {password}")

    def _add_demo_people(self, password_hash: str) -> None:
        for username, (first_name, last_name, role) in DEMO_PEOPLE.items():
            if not queries.username_is_taken(username=username):
                services.register_user(
                    username=username,
                    email=f"{username}@example.com",
                    password_hash=password_hash,
                    first_name=first_name,
                    last_name=last_name,
                    roles=[role],
                    at=timezone.now(),
                )

    def _add_customers(self, customers: int, seed: int, password_hash: str) -> int:
        added = 0
        with tqdm(total=customers, unit=" customers", disable=None) as bar:
            plans = plan_customers(customers=customers, seed=seed)
            while batch := list(islice(plans, BATCH)):
                added += register_missing(batch, password_hash=password_hash)
                bar.update(len(batch))
        return added
