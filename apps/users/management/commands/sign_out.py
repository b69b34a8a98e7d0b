"""Ends every session of a person."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.users import queries, services


class Command(BaseCommand):
    help = "End every session of a person, everywhere; he may sign in again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        user = queries.find_user_by_username(username=username)
        if user is None:
            raise CommandError(f"nobody is called {username}", returncode=2)
        self.stdout.write(f"{user.username}: {services.sign_out_everywhere(user_id=user.id)} sessions ended")
